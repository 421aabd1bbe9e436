/** `dragoman keys revoke`. */
import { toKeyView } from '../http/admin/key-view.ts';
import { systemClock } from '../transport/clock.ts';
import { type Command, printJson } from './command.ts';
import { KEY_ARGUMENT, keyOf } from './key-argument.ts';
import { openGateway } from './open-gateway.ts';
import { recordKey } from './record-change.ts';
import { settingOptions } from './settings-of.ts';

export const keysRevoke: Command = {
  name: 'revoke',
  summary: 'Revoke an API key',
  argument: KEY_ARGUMENT,
  options: [
    { flag: '--forget', meaning: 'delete the key entirely; local mode returns once no key is left' },
    ...settingOptions('database'),
  ],
  examples: ['dragoman keys revoke laptop', 'dragoman keys revoke key-4f1c2d3e4a5b --forget'],
  async run(input) {
    const { terminal, json, options } = input;
    await using opened = await openGateway(input);
    const before = keyOf(input, opened.apiKeys);
    const { id, name } = before;
    if (options.forget === true) {
      await opened.apiKeys.forget(id);
      await recordKey(opened, 'key.forget', before, undefined);
      if (json) printJson(terminal, { removed: id });
      else terminal.out(`Deleted ${terminal.style('bold', name)} (${id}).\n`);
      return 0;
    }
    const revoked = await opened.apiKeys.revoke(id);
    await recordKey(opened, 'key.revoke', before, revoked);
    if (json) printJson(terminal, { key: toKeyView(revoked, systemClock.now()) });
    else terminal.out(`Revoked ${terminal.style('bold', name)} (${id}).\n`);
    return 0;
  },
};
