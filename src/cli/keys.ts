/** `dragoman keys …`: the API keys which clients of this gateway show. */
import type { CommandGroup } from './command.ts';
import { keysCreate } from './keys-create.ts';
import { keysList } from './keys-list.ts';
import { keysRevoke } from './keys-revoke.ts';

export const keys: CommandGroup = {
  name: 'keys',
  summary: 'API keys for clients of this gateway',
  commands: [keysCreate, keysList, keysRevoke],
};
