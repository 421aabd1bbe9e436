/** `dragoman accounts set`: changes the editable settings of an account. */
import type { AccountPatch } from '../accounts/pool-options.ts';
import { ACCOUNT_ARGUMENT, printAccount, withAccount } from './account-argument.ts';
import { type Command, type CommandInput, textOption, UsageError, usageError } from './command.ts';
import { recordAccount } from './record-change.ts';
import { settingOptions } from './settings-of.ts';

export const accountsSet: Command = {
  name: 'set',
  summary: 'Change the label, priority, limits, proxy or profile of an account',
  argument: ACCOUNT_ARGUMENT,
  options: [
    { flag: '--label <text>', meaning: 'display name' },
    { flag: '--priority <n>', meaning: 'accounts with a higher priority are chosen first (0)' },
    { flag: '--weight <n>', meaning: 'share of requests among accounts of equal priority (1)' },
    { flag: '--groups <names>', meaning: 'comma-separated groups; `none` to clear' },
    { flag: '--max-concurrency <n>', meaning: 'concurrent requests; `none` for no limit' },
    { flag: '--min-interval <ms>', meaning: 'minimum time between the starts of two requests' },
    {
      flag: '--proxy <url>',
      meaning: 'http, https or socks5 proxy; `direct` for no proxy; `none` to use the setting',
    },
    { flag: '--profile-arn <arn>', meaning: 'profile of an organisation; `none` to clear' },
    ...settingOptions('database'),
  ],
  examples: [
    'dragoman accounts set aws-4f1c --label "work" --priority 10',
    'dragoman accounts set aws-4f1c --groups team-a,team-b --max-concurrency 4',
  ],
  run(input) {
    const patch = patchOf(input);
    return withAccount(input, async (opened, before) => {
      const changed = await opened.accounts.patch(before.id, patch).catch((cause: unknown) => {
        throw usageError(cause);
      });
      await recordAccount(opened, 'account.change', before, changed);
      printAccount(input, changed, 'Changed');
    });
  },
};

function patchOf(input: CommandInput): AccountPatch {
  const groups = textOption(input, 'groups');
  const patch: AccountPatch = {
    label: textOption(input, 'label'),
    priority: numberOption(input, 'priority'),
    weight: numberOption(input, 'weight'),
    groups: groups === undefined ? undefined : namesOf(groups),
    maxConcurrency: isNone(input, 'maxConcurrency') ? null : numberOption(input, 'maxConcurrency'),
    minIntervalMs: numberOption(input, 'minInterval'),
    proxy: isNone(input, 'proxy') ? null : textOption(input, 'proxy'),
    profileArn: isNone(input, 'profileArn') ? null : textOption(input, 'profileArn'),
  };
  if (Object.values(patch).every((value) => value === undefined)) {
    throw new UsageError('Nothing to change. `dragoman accounts set --help` lists the options.');
  }
  return patch;
}

const NONE = 'none';

function isNone(input: CommandInput, name: string): boolean {
  return textOption(input, name)?.trim().toLowerCase() === NONE;
}

function namesOf(written: string): readonly string[] {
  const names = written.split(',').map((name) => name.trim());
  return names.length === 1 && names[0]?.toLowerCase() === NONE ? [] : names.filter((name) => name !== '');
}

function numberOption(input: CommandInput, name: string): number | undefined {
  const written = textOption(input, name)?.trim();
  if (written === undefined) return undefined;
  if (/^-?\d{1,15}$/.test(written)) return Number(written);
  const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UsageError(`--${flag} takes a whole number, not ${JSON.stringify(written.slice(0, 40))}.`);
}
