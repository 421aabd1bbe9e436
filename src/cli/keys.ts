/** The commands of `dragoman keys`, each in a file of its own that is named after it. */
import type { CommandGroup } from './command.ts';
import { keysCreate } from './keys-create.ts';
import { keysList } from './keys-list.ts';
import { keysRevoke } from './keys-revoke.ts';
import { keysRotate } from './keys-rotate.ts';
import { keysSet } from './keys-set.ts';

export const keys: CommandGroup = {
  name: 'keys',
  summary: 'Manage API keys for clients of this gateway',
  commands: [keysCreate, keysList, keysSet, keysRotate, keysRevoke],
};
