/** `dragoman keys create`: creates a key and shows its secret once. */
import { toKeyView } from '../http/admin/key-view.ts';
import { systemClock } from '../transport/clock.ts';
import { type Command, type CommandInput, printJson, requiredArgument, textOption, UsageError } from './command.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';

export const keysCreate: Command = {
  name: 'create',
  summary: 'Create an API key for a client and show it once',
  argument: { name: 'name', meaning: 'owner or purpose of the key' },
  options: [
    {
      flag: '--expires <when>',
      meaning: 'expiry: a date (2027-01-31), a time, or days from now (90d)',
    },
    ...settingOptions('database'),
  ],
  examples: ['dragoman keys create laptop', 'dragoman keys create ci --expires 90d --json | jq -r .secret'],
  async run(input) {
    const { terminal, json } = input;
    const name = requiredArgument(input, 'a name for the key');
    const expiresAtMs = expiryOf(input);
    await using opened = await openGateway(input);
    const endsLocalMode = opened.apiKeys.isEmpty;
    const { key, secret } = await opened.apiKeys.create({ name, expiresAtMs });
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

const DAY_MS = 86_400_000;

function expiryOf(input: CommandInput): number | undefined {
  const written = textOption(input, 'expires')?.trim();
  if (written === undefined) return undefined;
  const days = /^(\d{1,5})d$/.exec(written)?.[1];
  const ms = days === undefined ? Date.parse(written) : systemClock.now() + Number(days) * DAY_MS;
  if (Number.isNaN(ms) || (days === undefined && !/^\d{4}-\d\d-\d\d/.test(written)))
    throw new UsageError(
      `--expires takes a date such as 2027-01-31 or a number of days such as 90d, not ${JSON.stringify(written.slice(0, 40))}.`,
    );
  if (ms > systemClock.now()) return ms;
  throw new UsageError('--expires must be in the future.');
}
