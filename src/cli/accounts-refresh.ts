/** `dragoman accounts refresh`. Each command has a file of its own. */
import { OPTIONAL_ACCOUNT_ARGUMENT, printAccount, withAccountOrOnly } from './account-argument.ts';
import type { Command } from './command.ts';
import { settingOptions } from './settings-of.ts';

export const accountsRefresh: Command = {
  name: 'refresh',
  summary: 'Refresh the access token of an account now',
  argument: OPTIONAL_ACCOUNT_ARGUMENT,
  options: settingOptions('database', 'upstream'),
  examples: ['dragoman accounts refresh aws-4f1c'],
  run: (input) =>
    withAccountOrOnly(input, async (opened, { id }) => {
      const refreshed = await opened.accounts.refresh(id);
      await opened.record({ action: 'account.refresh', target: id, changes: [] });
      printAccount(input, refreshed, 'Refreshed');
    }),
};
