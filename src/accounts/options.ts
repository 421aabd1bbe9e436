/**
 * The options of an account: its priority among the others, and its limits. Stored with the account and changed only
 * through `patchOptions`, which validates every value.
 */
import { GatewayError } from '../core/errors.ts';

export interface AccountOptions {
  /** Accounts of a higher priority are chosen first; others serve while none of those is free. */
  readonly priority: number;
  /** Share of the requests among accounts of the same priority. */
  readonly weight: number;
  /** A request for a group is served by an account of that group; other requests by any account. */
  readonly groups: readonly string[];
  /** Limit of concurrent requests; undefined: no limit until the service throttles. */
  readonly maxConcurrency: number | undefined;
  /** Minimum time between the starts of two requests, in milliseconds. */
  readonly minIntervalMs: number;
}

/** The part of an account's limits that this process may use, if several serve together. */
export interface LimitShare {
  /** From 1 to `of`. */
  readonly number: number;
  readonly of: number;
}

/** null removes a limit. */
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

/** Minimum and maximum, inclusive. */
const OPTION_RANGES = {
  priority: [-1_000, 1_000],
  weight: [1, 100],
  maxConcurrency: [1, 10_000],
  minIntervalMs: [0, 600_000],
} as const;

/** Strict because group names go into headers and logs. */
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

/**
 * The limits with this process's share of them. The shares add up to the account's limits, save that a process always has
 * at least one request: otherwise what it is sent could never be served.
 */
export function shareOf(options: AccountOptions, { number, of }: LimitShare): AccountOptions {
  const { maxConcurrency, minIntervalMs } = options;
  if (maxConcurrency === undefined) return { ...options, minIntervalMs: minIntervalMs * of };
  const share = Math.floor(maxConcurrency / of) + (number <= maxConcurrency % of ? 1 : 0);
  return { ...options, maxConcurrency: Math.max(1, share), minIntervalMs: minIntervalMs * of };
}

function numberWithin(name: keyof typeof OPTION_RANGES, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  const [min, max] = OPTION_RANGES[name];
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(name, `${name} is ${value}; it must be a whole number from ${min} to ${max}.`);
}

function checkedGroups(groups: readonly string[]): readonly string[] {
  const wrong = groups.find((group) => !GROUP_PATTERN.test(group));
  if (wrong !== undefined) {
    const name = JSON.stringify(wrong.slice(0, 64));
    throw invalid('groups', `${name} is not a group name. Use at most 32 lower-case letters, digits, dots and dashes.`);
  }
  const unique = [...new Set(groups)];
  if (unique.length > MAX_GROUPS) throw invalid('groups', `An account can be in at most ${MAX_GROUPS} groups.`);
  return unique;
}

function invalid(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param });
}
