/** `dragoman accounts enable` and `disable`. */
import { OPTIONAL_ACCOUNT_ARGUMENT, printAccount, withAccountOrOnly } from './account-argument.ts';
import type { Command, CommandInput } from './command.ts';
import { recordAccount } from './record-change.ts';
import { settingOptions } from './settings-of.ts';

export const accountsEnable: Command = {
  name: 'enable',
  summary: 'Put an account back into service and clear its cooldown, errors or suspension',
  argument: OPTIONAL_ACCOUNT_ARGUMENT,
  options: settingOptions('database'),
  examples: ['dragoman accounts enable aws-4f1c'],
  run: (input) => setEnabled(input, true),
};

export const accountsDisable: Command = {
  name: 'disable',
  summary: 'Take an account out of service until `enable`',
  argument: OPTIONAL_ACCOUNT_ARGUMENT,
  options: settingOptions('database'),
  examples: ['dragoman accounts disable aws-4f1c'],
  run: (input) => setEnabled(input, false),
};

function setEnabled(input: CommandInput, enabled: boolean): Promise<number> {
  return withAccountOrOnly(input, async (opened, before) => {
    const { accounts } = opened;
    await accounts.setEnabled(before.id, enabled);
    const changed = accounts.list().find(({ id }) => id === before.id);
    await recordAccount(opened, 'account.change', before, changed);
    if (changed) printAccount(input, changed, enabled ? 'Enabled' : 'Disabled');
  });
}
