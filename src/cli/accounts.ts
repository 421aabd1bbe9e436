/** `dragoman accounts …`: what the admin API does with accounts, on the terminal. */
import { accountsDisable, accountsEnable } from './accounts-enable.ts';
import { accountsExport } from './accounts-export.ts';
import { accountsImport } from './accounts-import.ts';
import { accountsList } from './accounts-list.ts';
import { accountsRefresh } from './accounts-refresh.ts';
import { accountsRemove } from './accounts-remove.ts';
import { accountsSet } from './accounts-set.ts';
import { accountsShow } from './accounts-show.ts';
import type { CommandGroup } from './command.ts';
import { usage } from './usage.ts';

export const accounts: CommandGroup = {
  name: 'accounts',
  summary: 'the accounts: how they are, and what is to be done with them',
  commands: [
    accountsList,
    accountsShow,
    accountsSet,
    accountsRefresh,
    accountsEnable,
    accountsDisable,
    accountsRemove,
    accountsImport,
    accountsExport,
    usage,
  ],
};
