/** `dragoman accounts …`: account management on the terminal, as in the admin API. */
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
  summary: 'List and manage accounts',
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
