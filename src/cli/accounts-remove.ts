/** `dragoman accounts remove`. */
import { isInEveryRun } from '../accounts/sources.ts';
import { GatewayError } from '../core/errors.ts';
import { ACCOUNT_ARGUMENT, withAccount } from './account-argument.ts';
import { type Command, type CommandInput, printJson, UsageError } from './command.ts';
import { recordAccount } from './record-change.ts';
import { settingOptions } from './settings-of.ts';

export const accountsRemove: Command = {
  name: 'remove',
  summary: 'Delete an account and its credential',
  argument: ACCOUNT_ARGUMENT,
  options: [{ flag: '--yes', meaning: 'do not prompt' }, ...settingOptions('database')],
  examples: ['dragoman accounts remove aws-4f1c', 'dragoman accounts remove aws-4f1c --yes'],
  run: (input) =>
    withAccount(input, async (opened, account) => {
      const { id, label, source } = account;
      const { terminal, json } = input;
      if (!(await isConfirmed(input, `Delete ${label} (${id}) and its credential?`))) {
        throw new GatewayError('client_closed', 'Nothing was removed.');
      }
      await opened.accounts.remove(id);
      await recordAccount(opened, 'account.remove', account, undefined);
      if (json) printJson(terminal, { removed: id });
      else terminal.out(`Removed ${terminal.style('bold', label)} (${id}).\n`);
      if (!isInEveryRun(source))
        terminal.err('It returns at the next start unless you also remove it from the settings.\n');
    }),
};

/** Prompts for confirmation. Throws UsageError without a terminal. */
async function isConfirmed({ terminal, json, options }: CommandInput, question: string): Promise<boolean> {
  if (options.yes === true) return true;
  if (json || !terminal.isInteractive || process.stdin.isTTY !== true) {
    throw new UsageError('This cannot be undone, and there is no terminal to confirm on. Pass --yes.');
  }
  const { confirm } = await import('@clack/prompts');
  return (await confirm({ message: question, initialValue: false })) === true;
}
