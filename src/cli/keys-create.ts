/** `dragoman keys create`: creates a key and shows its secret once. */
import { toKeyView } from '../http/admin/key-view.ts';
import { systemClock } from '../transport/clock.ts';
import { type Command, printJson, requiredArgument } from './command.ts';
import { KEY_OPTIONS, keyChangeOf } from './key-options.ts';
import { openGateway } from './open-gateway.ts';
import { recordKey } from './record-change.ts';
import { settingOptions } from './settings-of.ts';

export const keysCreate: Command = {
  name: 'create',
  summary: 'Create an API key for a client and show it once',
  argument: { name: 'name', meaning: 'owner or purpose of the key' },
  options: [
    ...KEY_OPTIONS,
    { flag: '--disabled', meaning: 'refuse the key until `dragoman keys set KEY --enable`' },
    ...settingOptions('database'),
  ],
  examples: [
    'dragoman keys create laptop',
    'dragoman keys create ci --expires 90d --json | jq -r .secret',
    "dragoman keys create alice --owner alice@example.com --models 'claude-*' --requests-per-minute 30 --credits-per-month 200",
  ],
  async run(input) {
    const { terminal, json } = input;
    const name = requiredArgument(input, 'a name for the key');
    const fields = { ...keyChangeOf(input), enabled: input.options.disabled !== true };
    await using opened = await openGateway(input);
    const endsLocalMode = opened.apiKeys.isEmpty;
    const { key, secret } = await opened.apiKeys.create({ ...fields, name });
    await recordKey(opened, 'key.create', undefined, key);
    const view = toKeyView(key, systemClock.now());
    if (json) {
      printJson(terminal, { key: view, secret, endsLocalMode });
      return 0;
    }
    const until = view.expiresAt === null ? '' : `, until ${view.expiresAt}`;
    terminal.out(`${terminal.style('bold', secret)}\n`);
    terminal.err(`Key ${view.name} (${view.id})${until}. It is not shown again: only its hash is stored.\n`);
    if (endsLocalMode)
      terminal.err(
        'This is the first key, so local mode is now off: every client needs a key, including clients on this machine.\n',
      );
    return 0;
  },
};
