/** `dragoman accounts show`. */
import { toAccountView } from '../http/admin/account-view.ts';
import type { AccountView } from '../http/admin/contract/account.ts';
import { systemClock } from '../transport/clock.ts';
import { OPTIONAL_ACCOUNT_ARGUMENT, withAccountOrOnly } from './account-argument.ts';
import { stateText } from './accounts-list.ts';
import { type Command, printJson } from './command.ts';
import { settingOptions } from './settings-of.ts';
import { fittedTable } from './terminal.ts';

export const accountsShow: Command = {
  name: 'show',
  summary: 'Show everything about an account except its secrets',
  argument: OPTIONAL_ACCOUNT_ARGUMENT,
  options: settingOptions('database'),
  examples: ['dragoman accounts show aws-4f1c', 'dragoman accounts show "Builder ID" --json'],
  run: (input) =>
    withAccountOrOnly(input, async (_opened, account) => {
      const { terminal, json } = input;
      const nowMs = systemClock.now();
      const view = toAccountView(account, nowMs);
      if (json) printJson(terminal, { account: view });
      else terminal.out(fittedTable(rowsOf(view, nowMs), terminal.columns));
    }),
};

function rowsOf({ state, source, groups, ...plain }: AccountView, nowMs: number): readonly (readonly string[])[] {
  const rows = [
    ...Object.entries(plain),
    ['state', stateText(state, nowMs)] as const,
    ...(state.message === null ? [] : [['why', state.message] as const]),
    ['source', source.path ?? source.type] as const,
    ['groups', groups.join(' ') || null] as const,
  ];
  return rows.map(([name, value]) => [words(name), value === null ? '–' : String(value)]);
}

/** `tokenExpiresAt` → `token expires at` */
function words(name: string): string {
  return name.replaceAll(/[A-Z][a-z]/g, (start) => ` ${start.toLowerCase()}`);
}
