/**
 * What its owner may set about an account: how it stands among the others, and how hard it may be worked. Stored with
 * the account, changed through `patchOptions` alone, which checks every value.
 */
import { GatewayError } from '../core/errors.ts';

export interface AccountOptions {
  /** Accounts of a higher one are chosen first; those below serve while none above is free. */
  readonly priority: number;
  /** Share of the work among accounts of the same priority. */
  readonly weight: number;
  /** A request which asks for a group gets an account of it; one which doesn't may get any. */
  readonly groups: readonly string[];
  /** Requests at the same time; undefined: as many as come, until the service objects. */
  readonly maxConcurrency: number | undefined;
  /** Least time between the starts of two requests, in milliseconds. */
  readonly minIntervalMs: number;
}

/** null takes a limit away. */
export interface OptionsPatch {
  readonly priority?: number | undefined;
  readonly weight?: number | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly maxConcurrency?: number | null | undefined;
  readonly minIntervalMs?: number | undefined;
}

export const DEFAULT_OPTIONS: AccountOptions = {
  priority: 0,
  weight: 1,
  groups: [],
  maxConcurrency: undefined,
  minIntervalMs: 0,
};

/** Least and most, both allowed. */
const OPTION_RANGES = {
  priority: [-1_000, 1_000],
  weight: [1, 100],
  maxConcurrency: [1, 10_000],
  minIntervalMs: [0, 600_000],
} as const;

/** It goes into headers and logs. */
export const GROUP_PATTERN = /^[a-z0-9][a-z0-9._-]{0,31}$/;
const MAX_GROUPS = 32;

/** Throws `invalid_request` naming the option (`param`), what is wrong with it and what is accepted. */
export function patchOptions(options: AccountOptions, patch: OptionsPatch): AccountOptions {
  const { priority, weight, groups, maxConcurrency, minIntervalMs } = patch;
  return {
    priority: numberWithin('priority', priority) ?? options.priority,
    weight: numberWithin('weight', weight) ?? options.weight,
    groups: groups === undefined ? options.groups : checkedGroups(groups),
    maxConcurrency:
      maxConcurrency === null ? undefined : (numberWithin('maxConcurrency', maxConcurrency) ?? options.maxConcurrency),
    minIntervalMs: numberWithin('minIntervalMs', minIntervalMs) ?? options.minIntervalMs,
  };
}

function numberWithin(name: keyof typeof OPTION_RANGES, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  const [least, most] = OPTION_RANGES[name];
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw wrong(name, `${name} is ${value}; it must be a whole number from ${least} to ${most}.`);
}

function checkedGroups(groups: readonly string[]): readonly string[] {
  const odd = groups.find((group) => !GROUP_PATTERN.test(group));
  if (odd !== undefined) {
    const name = JSON.stringify(odd.slice(0, 64));
    throw wrong('groups', `${name} is no group name: lower-case letters, digits, dots, dashes; at most 32 of them.`);
  }
  const different = [...new Set(groups)];
  if (different.length > MAX_GROUPS) throw wrong('groups', `An account can be in at most ${MAX_GROUPS} groups.`);
  return different;
}

function wrong(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param });
}
