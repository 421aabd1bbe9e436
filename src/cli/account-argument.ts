/** Which account a command means, and what it says about it: shared by the commands of `dragoman accounts`. */
import type { Account } from '../accounts/ports.ts';
import { GatewayError } from '../core/errors.ts';
import { toAccountView } from '../http/admin/account-view.ts';
import { type CommandInput, printJson, requiredArgument } from './command.ts';
import { openGateway } from './open-gateway.ts';

export const ACCOUNT_ARGUMENT = { name: 'account', meaning: 'its id, the beginning of its id, or its label' };

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

/** By the id, by the only label of that name, by the only id that begins so. Throws `not_found`. */
export function meantAccount(named: string, accounts: readonly Account[]): Account {
  const isMeant = ({ id, label }: Account) => label.toLowerCase() === named.toLowerCase() || id.startsWith(named);
  const exact = accounts.find(({ id }) => id === named);
  const meant = exact ? [exact] : accounts.filter(isMeant);
  const [only, second] = meant;
  if (only && !second) return only;
  const what = second ? 'More than one account is meant by' : 'There is no account';
  const known = (second ? meant : accounts).map(({ id, label }) => `${id} (${label})`).join(', ') || 'none';
  throw new GatewayError(
    'not_found',
    `${what} ${JSON.stringify(named.slice(0, 60))}. ${second ? 'They are' : 'There are'}: ${known}.`,
  );
}

/** The account as it is now: for machines whole, for people what was done. */
export function tellAccount({ terminal, json }: CommandInput, account: Account, done: string): void {
  if (json) printJson(terminal, { account: toAccountView(account, Date.now()) });
  else terminal.out(`${done}: ${terminal.style('bold', account.label)} (${account.id}).\n`);
}
