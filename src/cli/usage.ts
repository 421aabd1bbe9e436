/** `dragoman usage`: shows how much of each account's plan is left, as the service reports it now. */
import type { Account } from '../accounts/ports.ts';
import { GatewayError } from '../core/errors.ts';
import type { Allowance, Overage } from '../core/usage-limits.ts';
import { toAccountView } from '../http/admin/account-view.ts';
import type { AccountUsage } from '../http/admin/contract/overview.ts';
import { toUsage } from '../http/admin/usage-view.ts';
import { systemClock } from '../transport/clock.ts';
import { findAccount } from './account-argument.ts';
import { stateText } from './accounts-list.ts';
import { type Command, printJson } from './command.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';
import { type Terminal, table } from './terminal.ts';

export const usage: Command = {
  name: 'usage',
  summary: 'How much of each plan is left and when it resets',
  argument: { name: 'account', meaning: 'only this account: id, id prefix or label' },
  options: settingOptions('database', 'upstream'),
  examples: ['dragoman usage', 'dragoman usage --json | jq .accounts[].left'],
  async run(input) {
    const { terminal, json, argument } = input;
    await using opened = await openGateway(input);
    const all = opened.accounts.list();
    if (all.length === 0) throw new GatewayError('no_account', 'No account is signed in. Run `dragoman login` first.');
    const selected = argument === undefined ? all : [findAccount(argument, all)];
    const usages = await Promise.all(selected.map((account) => usageOf(account, opened.accounts)));
    if (json) printJson(terminal, { accounts: usages });
    // Read the accounts again: the request may have changed an account's state, such as to signed out or out of quota.
    else terminal.out(usages.map((one) => render(one, accountOf(one, opened.accounts.list()), terminal)).join('\n'));
    return usages.some(({ error }) => error === null) ? 0 : 1;
  },
};

type Accounts = Awaited<ReturnType<typeof openGateway>>['accounts'];

async function usageOf(account: Account, accounts: Accounts): Promise<AccountUsage> {
  try {
    return toUsage(account, await accounts.readLimits(account.id));
  } catch (cause) {
    return toUsage(account, GatewayError.from(cause));
  }
}

function accountOf({ id }: AccountUsage, accounts: readonly Account[]): Account | undefined {
  return accounts.find((account) => account.id === id);
}

function render(used: AccountUsage, account: Account | undefined, terminal: Terminal): string {
  const nowMs = systemClock.now();
  const state = account ? stateText(toAccountView(account, nowMs).state, nowMs) : '';
  const head = [terminal.style('bold', used.label), used.id, used.plan ?? '', state].filter((text) => text !== '');
  const lines = used.error
    ? [`  ${terminal.style('red', used.error.message)}`]
    : [indented(table(used.allowances.map((allowance) => allowanceRow(allowance, used, nowMs, terminal))))];
  if (!used.error && used.allowances.length === 0) lines.push('  The service reports no usage for this account.');
  if (used.overage) lines.push(`  ${overageText(used.overage)}`);
  return `${head.join(' · ')}\n${lines.filter((line) => line !== '').join('\n')}\n`;
}

function indented(text: string): string {
  return text.trimEnd().replaceAll(/^(?=.)/gm, '  ');
}

function allowanceRow(
  allowance: AccountUsage['allowances'][number],
  { resetsAt }: AccountUsage,
  nowMs: number,
  terminal: Terminal,
) {
  const { kind, name, used, limit, expiresAt } = allowance;
  const ends = kind === 'plan' ? dateText('resets', resetsAt, nowMs) : dateText('until', expiresAt, nowMs);
  return [
    name,
    bar(allowance, terminal),
    `${figure(used)} of ${figure(limit)}, ${figure(Math.max(0, limit - used))} left`,
    ends,
  ];
}

const BAR_WIDTH = 24;

/** The filled part is the used share. */
function bar({ used, limit }: Pick<Allowance, 'used' | 'limit'>, { style }: Terminal): string {
  const share = limit > 0 ? Math.min(1, Math.max(0, used / limit)) : 1;
  const full = Math.round(share * BAR_WIDTH);
  const colour = share < 0.75 ? 'green' : share < 0.95 ? 'yellow' : 'red';
  return style(colour, '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full));
}

function dateText(what: string, date: string | null, nowMs: number): string {
  if (date === null) return '';
  const days = Math.max(0, Math.ceil((Date.parse(date) - nowMs) / 86_400_000));
  return `${what} ${date.slice(0, 10)} (${days === 1 ? '1 day' : `${days} days`})`;
}

function overageText({ isOn, used, cap, charges, currency }: Omit<Overage, 'cap'> & { cap: number | null }): string {
  const most = cap === null ? '' : ` of ${figure(cap)}`;
  const state = isOn ? '' : ', overage is off';
  return `Beyond the plan: ${figure(used)}${most} used, ${charges.toFixed(2)} ${currency}${state}`;
}

/** At most two decimal places: `1,234.5`. */
function figure(number: number): string {
  return number.toLocaleString('en', { maximumFractionDigits: 2 });
}
