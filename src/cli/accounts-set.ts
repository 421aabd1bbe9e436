/** `dragoman accounts set`: what its owner may change about an account. */
import type { AccountPatch } from '../accounts/pool.ts';
import { ACCOUNT_ARGUMENT, tellAccount, withAccount } from './account-argument.ts';
import { type Command, type CommandInput, textOption, UsageError } from './command.ts';
import { settingOptions } from './settings-of.ts';

export const accountsSet: Command = {
  name: 'set',
  summary: 'changes its label, its place among the others, its limits, its proxy or its profile',
  argument: ACCOUNT_ARGUMENT,
  options: [
    { flag: '--label <text>', meaning: 'how to call it' },
    { flag: '--priority <n>', meaning: 'accounts of a higher one are chosen first (0)' },
    { flag: '--weight <n>', meaning: 'share of the work among accounts of the same priority (1)' },
    { flag: '--groups <names>', meaning: 'separated by commas; `none` for none' },
    { flag: '--max-concurrency <n>', meaning: 'requests at the same time; `none` for no limit' },
    { flag: '--min-interval <ms>', meaning: 'least time between the starts of two requests' },
    {
      flag: '--proxy <url>',
      meaning: 'http, https or socks5; `direct` for none at all; `none` for that of the settings',
    },
    { flag: '--profile-arn <arn>', meaning: 'the profile of an organisation; `none` for none' },
    ...settingOptions('database'),
  ],
  examples: [
    'dragoman accounts set aws-4f1c --label "work" --priority 10',
    'dragoman accounts set aws-4f1c --groups team-a,team-b --max-concurrency 4',
  ],
  run(input) {
    const patch = patchOf(input);
    return withAccount(input, async ({ accounts }, { id }) => {
      tellAccount(input, await accounts.patch(id, patch), 'Changed');
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
    throw new UsageError('Nothing is to be changed. `dragoman accounts set --help` names what can be.');
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
