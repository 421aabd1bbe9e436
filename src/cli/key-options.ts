/** The options that set the fields of an API key, for `dragoman keys create` and `set`. */
import { LIMIT_NAMES } from '../gateway/key-fields.ts';
import type { KeyChange, KeyLimits } from '../gateway/stored-keys.ts';
import { systemClock } from '../transport/clock.ts';
import { type CommandInput, type CommandOption, textOption, UsageError } from './command.ts';

export const KEY_OPTIONS: readonly CommandOption[] = [
  { flag: '--owner <who>', meaning: 'person or team that uses the key; `none` to clear' },
  { flag: '--note <text>', meaning: 'anything worth remembering; `none` to clear' },
  { flag: '--expires <when>', meaning: 'expiry: a date (2027-01-31), a time, or days from now (90d); `none`: never' },
  { flag: '--models <patterns>', meaning: 'comma-separated models that the key may use (claude-*); `none`: all' },
  { flag: '--group <name>', meaning: 'only accounts of this group serve the key; `none`: all accounts' },
  { flag: '--requests-per-minute <n>', meaning: 'requests started in a minute; `none` for no limit' },
  { flag: '--concurrency <n>', meaning: 'requests in progress at once; `none` for no limit' },
  { flag: '--tokens-per-minute <n>', meaning: 'input and output tokens in a minute; `none` for no limit' },
  { flag: '--credits-per-day <n>', meaning: 'credits from midnight to midnight UTC; `none` for no limit' },
  { flag: '--credits-per-month <n>', meaning: 'credits in a calendar month, UTC; `none` for no limit' },
];

/** Throws UsageError for a value of the wrong form. The gateway checks the ranges. */
export function keyChangeOf(input: CommandInput): KeyChange {
  const limits: { -readonly [Name in keyof KeyLimits]?: number | null | undefined } = {};
  for (const name of LIMIT_NAMES) limits[name] = isNone(input, name) ? null : numberOption(input, name);
  return {
    owner: clearable(input, 'owner'),
    note: clearable(input, 'note'),
    expiresAtMs: isNone(input, 'expires') ? null : expiryOf(input),
    models: clearable(input, 'models')
      ?.split(',')
      .map((pattern) => pattern.trim())
      .filter((pattern) => pattern !== ''),
    group: clearable(input, 'group'),
    ...limits,
  };
}

const NONE = 'none';
const DAY_MS = 86_400_000;

function isNone(input: CommandInput, name: string): boolean {
  return textOption(input, name)?.trim().toLowerCase() === NONE;
}

/** An empty text clears a field. */
function clearable(input: CommandInput, name: string): string | undefined {
  return isNone(input, name) ? '' : textOption(input, name);
}

function expiryOf(input: CommandInput): number | undefined {
  const written = textOption(input, 'expires')?.trim();
  if (written === undefined) return undefined;
  const days = /^(\d{1,5})d$/.exec(written)?.[1];
  const ms = days === undefined ? Date.parse(written) : systemClock.now() + Number(days) * DAY_MS;
  if (Number.isNaN(ms) || (days === undefined && !/^\d{4}-\d\d-\d\d/.test(written)))
    throw new UsageError(
      `--expires takes a date such as 2027-01-31 or a number of days such as 90d, not ${JSON.stringify(written.slice(0, 40))}.`,
    );
  if (ms > systemClock.now()) return ms;
  throw new UsageError('--expires must be in the future.');
}

function numberOption(input: CommandInput, name: string): number | undefined {
  const written = textOption(input, name)?.trim();
  if (written === undefined) return undefined;
  if (/^-?\d{1,15}(?:\.\d{1,6})?$/.test(written)) return Number(written);
  const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UsageError(`--${flag} takes a number, not ${JSON.stringify(written.slice(0, 40))}.`);
}
