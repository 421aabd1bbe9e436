/** `dragoman accounts enable` and `disable`. */
import { OPTIONAL_ACCOUNT_ARGUMENT, tellAccount, withAccountOrOnly } from './account-argument.ts';
import type { Command, CommandInput } from './command.ts';
import { settingOptions } from './settings-of.ts';

export const accountsEnable: Command = {
  name: 'enable',
  summary: 'lets an account serve again: after `disable`, too many errors, a suspension or a rest',
  argument: OPTIONAL_ACCOUNT_ARGUMENT,
  options: settingOptions('database'),
  examples: ['dragoman accounts enable aws-4f1c'],
  run: (input) => setEnabled(input, true),
};

export const accountsDisable: Command = {
  name: 'disable',
  summary: 'takes an account out of service until `enable`',
  argument: OPTIONAL_ACCOUNT_ARGUMENT,
  options: settingOptions('database'),
  examples: ['dragoman accounts disable aws-4f1c'],
  run: (input) => setEnabled(input, false),
};

function setEnabled(input: CommandInput, enabled: boolean): Promise<number> {
  return withAccountOrOnly(input, async ({ accounts }, { id }) => {
    await accounts.setEnabled(id, enabled);
    const changed = accounts.list().find((account) => account.id === id);
    if (changed) tellAccount(input, changed, enabled ? 'Enabled' : 'Disabled');
  });
}
