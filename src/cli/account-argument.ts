/** Finds and prints the account that a `dragoman accounts` command acts on. */
import type { Account } from '../accounts/ports.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { GatewayError } from '../core/errors.ts';
import { toAccountView } from '../http/admin/account-view.ts';
import { systemClock } from '../transport/clock.ts';
import { type CommandInput, printJson, requiredArgument, UsageError } from './command.ts';
import { openGateway } from './open-gateway.ts';

export const ACCOUNT_ARGUMENT = { name: 'account', meaning: 'account id, id prefix or label' };
export const OPTIONAL_ACCOUNT_ARGUMENT = {
  name: 'account',
  meaning: `${ACCOUNT_ARGUMENT.meaning}; optional if only one account is stored`,
};

type Opened = Awaited<ReturnType<typeof openGateway>>;

/** Runs `work` on the named account and returns exit code 0. Throws UsageError if none is named, before opening anything. */
export async function withAccount(
  input: CommandInput,
  work: (opened: Opened, account: Account) => Promise<void>,
): Promise<number> {
  const reference = requiredArgument(input, 'an account; `dragoman accounts list` shows them');
  await using opened = await openGateway(input);
  await work(opened, findAccount(reference, opened.accounts.list()));
  return 0;
}

/** As `withAccount`, but a sole account need not be named. Throws UsageError if there are several. */
export async function withAccountOrOnly(
  input: CommandInput,
  work: (opened: Opened, account: Account) => Promise<void>,
): Promise<number> {
  await using opened = await openGateway(input);
  const all = opened.accounts.list();
  await work(opened, input.argument === undefined ? onlyAccount(all) : findAccount(input.argument, all));
  return 0;
}

function onlyAccount(accounts: readonly Account[]): Account {
  const [only, second] = accounts;
  if (!only) throw new GatewayError('no_account', 'No account is stored. Run `dragoman login` first.');
  if (!second) return only;
  throw new UsageError(`Several accounts are stored: ${listed(accounts)}. Name one of them.`);
}

/** Finds an account by exact id, unique label or unique id prefix. Throws `not_found`. */
export function findAccount(reference: string, accounts: readonly Account[]): Account {
  const isMatch = ({ id, label }: Account) =>
    label.toLowerCase() === reference.toLowerCase() || id.startsWith(reference);
  const exact = accounts.find(({ id }) => id === reference);
  const matches = exact ? [exact] : accounts.filter(isMatch);
  const [only, second] = matches;
  if (only && !second) return only;
  const shown = JSON.stringify(reference.slice(0, 60));
  if (second) throw new GatewayError('not_found', `Several accounts match ${shown}: ${listed(matches)}. Use an id.`);
  const suggestion = didYouMean(
    reference,
    accounts.flatMap(({ id, label }) => [id, label]),
  );
  const known = accounts.length === 0 ? 'No account is stored.' : `Accounts: ${listed(accounts)}.`;
  throw new GatewayError('not_found', `No account matches ${shown}.${suggestion} ${known}`);
}

function listed(accounts: readonly Account[]): string {
  return accounts.map(({ id, label }) => `${id} (${label})`).join(', ');
}

/** Prints the updated account as JSON, or one line that names the change. */
export function printAccount({ terminal, json }: CommandInput, account: Account, done: string): void {
  if (json) printJson(terminal, { account: toAccountView(account, systemClock.now()) });
  else terminal.out(`${done}: ${terminal.style('bold', account.label)} (${account.id}).\n`);
}
