/** Which account a command means, and what it says about it: shared by the commands of `dragoman accounts`. */
import type { Account } from '../accounts/ports.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { GatewayError } from '../core/errors.ts';
import { toAccountView } from '../http/admin/account-view.ts';
import { type CommandInput, printJson, requiredArgument, UsageError } from './command.ts';
import { openGateway } from './open-gateway.ts';

export const ACCOUNT_ARGUMENT = { name: 'account', meaning: 'its id, the beginning of its id, or its label' };
export const OPTIONAL_ACCOUNT_ARGUMENT = {
  name: 'account',
  meaning: `${ACCOUNT_ARGUMENT.meaning}; may be left out if there is only one account`,
};

type Opened = Awaited<ReturnType<typeof openGateway>>;

/** Opens the gateway for one account; the exit code of a success. Throws UsageError, before anything is opened. */
export async function withAccount(
  input: CommandInput,
  work: (opened: Opened, account: Account) => Promise<void>,
): Promise<number> {
  const named = requiredArgument(input, 'an account: `dragoman accounts list` shows them');
  await using opened = await openGateway(input);
  await work(opened, meantAccount(named, opened.accounts.list()));
  return 0;
}

/** As `withAccount`, but the only account need not be named. Throws UsageError if there are several. */
export async function withAccountOrOnly(
  input: CommandInput,
  work: (opened: Opened, account: Account) => Promise<void>,
): Promise<number> {
  await using opened = await openGateway(input);
  const all = opened.accounts.list();
  await work(opened, input.argument === undefined ? onlyAccount(all) : meantAccount(input.argument, all));
  return 0;
}

function onlyAccount(accounts: readonly Account[]): Account {
  const [only, second] = accounts;
  if (!only) throw new GatewayError('no_account', 'No account is stored. Run `dragoman login` first.');
  if (!second) return only;
  throw new UsageError(`There are several accounts: ${listed(accounts)}. Name one of them.`);
}

/** By the id, by the only label of that name, by the only id that begins so. Throws `not_found`. */
export function meantAccount(named: string, accounts: readonly Account[]): Account {
  const isMeant = ({ id, label }: Account) => label.toLowerCase() === named.toLowerCase() || id.startsWith(named);
  const exact = accounts.find(({ id }) => id === named);
  const meant = exact ? [exact] : accounts.filter(isMeant);
  const [only, second] = meant;
  if (only && !second) return only;
  const shown = JSON.stringify(named.slice(0, 60));
  if (second) throw new GatewayError('not_found', `Several accounts match ${shown}: ${listed(meant)}. Use an id.`);
  const suggestion = didYouMean(
    named,
    accounts.flatMap(({ id, label }) => [id, label]),
  );
  const known = accounts.length === 0 ? 'No account is stored.' : `The accounts are: ${listed(accounts)}.`;
  throw new GatewayError('not_found', `There is no account ${shown}.${suggestion} ${known}`);
}

function listed(accounts: readonly Account[]): string {
  return accounts.map(({ id, label }) => `${id} (${label})`).join(', ');
}

/** The account as it is now: for machines whole, for people what was done. */
export function tellAccount({ terminal, json }: CommandInput, account: Account, done: string): void {
  if (json) printJson(terminal, { account: toAccountView(account, Date.now()) });
  else terminal.out(`${done}: ${terminal.style('bold', account.label)} (${account.id}).\n`);
}
