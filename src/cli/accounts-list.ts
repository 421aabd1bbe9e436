/** `dragoman accounts list`. */
import { toAccountView } from '../http/admin/account-view.ts';
import type { AccountView } from '../http/admin/contract/account.ts';
import { systemClock } from '../transport/clock.ts';
import { type Command, printJson } from './command.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';
import { fittedTable } from './terminal.ts';

export const accountsList: Command = {
  name: 'list',
  summary: 'List accounts and their state',
  options: settingOptions('database'),
  examples: ['dragoman accounts list', 'dragoman accounts list --json | jq -r .accounts[].id'],
  async run(input) {
    const { terminal, json } = input;
    await using opened = await openGateway(input);
    const nowMs = systemClock.now();
    const accounts = opened.accounts.list().map((account) => toAccountView(account, nowMs));
    if (json) {
      printJson(terminal, { accounts });
      return 0;
    }
    if (accounts.length === 0) {
      terminal.say(
        'No account is stored. Sign in with `dragoman login`, or run `dragoman accounts import` to find sign-ins on this machine.\n',
      );
      return 0;
    }
    const rows = accounts.map((account) => [
      account.id,
      account.label,
      account.kind,
      stateText(account.state, nowMs),
      `${account.successes}`,
      `${account.failures}`,
      account.groups.join(' ') || '–',
    ]);
    terminal.out(
      fittedTable([['account', 'label', 'kind', 'state', 'served', 'failed', 'groups'], ...rows], terminal.columns),
    );
    return 0;
  },
};

/** `cooling for 25 s (account_throttled)` */
export function stateText({ status, until, reason, by }: AccountView['state'], nowMs: number): string {
  const remaining = until === null ? '' : ` for ${duration(Date.parse(until) - nowMs)}`;
  const why = reason ?? (by === 'errors' ? 'too many errors' : undefined);
  return `${status}${remaining}${why === undefined ? '' : ` (${why})`}`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** Uses the largest unit that gives at least 2. */
function duration(ms: number): string {
  const [name, size] = UNITS.find(([, unit]) => ms >= 2 * unit) ?? UNITS[3];
  return `${Math.max(0, Math.ceil(ms / size))} ${name}`;
}
