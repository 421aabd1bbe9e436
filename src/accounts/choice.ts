/**
 * Chooses the account for a request, and records which accounts were skipped and why. Pure: reads the state of the
 * accounts and changes nothing.
 */
import { type Health, isReady } from './health.ts';
import type { AccountOptions } from './options.ts';
import { type Candidate, type SelectionRequest, STRATEGIES, type StrategyName } from './strategies.ts';

/** An account that may be chosen. */
export interface Contender extends Candidate {
  readonly health: Health;
  readonly options: AccountOptions;
  /** True if the account may have one more request. */
  hasRoom(): boolean;
  /** Time until the next request may start; 0: at once. */
  startsInMs(nowMs: number): number;
}

export interface AccountRequest extends SelectionRequest {
  /** Accounts that have already failed this request. */
  readonly tried: ReadonlySet<string>;
  readonly group?: string | undefined;
  /** True if the account's model list has the model; undefined: unknown, so the account may be tried. */
  readonly offers?: ((accountId: string) => boolean | undefined) | undefined;
  /** How long the request may wait before it starts. */
  readonly maxWaitMs: number;
  /** A request about the account rather than a reply, which takes no slot. */
  readonly isUnpaced?: boolean;
}

/** Why an account is skipped; each text completes "because …". */
export const REASONS = {
  tried: 'it has already failed this request',
  cooling: 'it is cooling down: the service asked it to slow down, or refused it several times in a row',
  exhausted: 'its plan or its daily allowance is used up',
  suspended: 'the service has locked it',
  'signed-out': 'its credential was rejected',
  disabled: 'it was disabled by hand or after too many errors',
  busy: 'it has reached its limit of concurrent requests',
  paced: 'its next request may only start later',
  model: 'its model list does not have the model',
  group: 'it is not in the requested group',
  priority: 'an account with a higher priority is available',
} as const;
export type Reason = keyof typeof REASONS;

export interface SkippedAccount {
  readonly accountId: string;
  readonly why: Reason;
  /** When the reason no longer applies, if that is known. */
  readonly untilMs?: number;
}

/** Why an account was chosen. */
export interface Choice {
  readonly strategy: StrategyName;
  /** When it was chosen. */
  readonly atMs: number;
  /** The number of accounts from which the strategy chose. */
  readonly candidates: number;
  /** The first few: a pool may be large, and this goes into headers and logs. */
  readonly skipped: readonly SkippedAccount[];
  readonly skippedCount: number;
  /** The account to which this conversation belongs, if another one serves it for now. */
  readonly homeId?: string | undefined;
  /** Time in the queue and until the account's next start. */
  readonly waitedMs: number;
}

export interface Chosen<C> {
  /** undefined: no account can serve the request now. */
  readonly contender: C | undefined;
  readonly candidates: number;
  readonly skipped: readonly SkippedAccount[];
  readonly homeId: string | undefined;
}

/** How long a conversation waits for its own account, because that account's prompt cache is worth the wait. */
const HOME_MAX_WAIT_MS = 1_000;

export function choose<C extends Contender>(
  contenders: Iterable<C>,
  strategy: StrategyName,
  request: AccountRequest,
  nowMs: number,
): Chosen<C> {
  const skipped: SkippedAccount[] = [];
  const able: C[] = [];
  const usable: C[] = [];
  const all = [...contenders];
  const isOffered = request.offers !== undefined && all.some((contender) => mayOffer(contender, request, nowMs));
  for (const contender of all) {
    const why = permanentReason(contender, request, isOffered);
    if (why !== undefined) {
      skipped.push({ accountId: contender.id, why });
      continue;
    }
    usable.push(contender);
    const cooldown = cooldownOf(contender, nowMs);
    if (cooldown) skipped.push(cooldown);
    else if (request.tried.has(contender.id)) skipped.push({ accountId: contender.id, why: 'tried' });
    else able.push(contender);
  }
  const home = strategy === 'sticky' ? pick(highestPriority(usable), strategy, request) : undefined;
  const candidates = request.isUnpaced
    ? highestPriority(able)
    : firstReady(able, home, request.maxWaitMs, nowMs, skipped);
  const contender = pick(candidates, strategy, request);
  const homeId = home && contender && home !== contender ? home.id : undefined;
  return { contender, candidates: candidates.length, skipped, homeId };
}

function pick<C extends Contender>(
  candidates: readonly C[],
  strategy: StrategyName,
  request: SelectionRequest,
): C | undefined {
  return isNotEmpty(candidates) ? STRATEGIES[strategy](candidates, request) : undefined;
}

function isNotEmpty<C>(candidates: readonly C[]): candidates is readonly [C, ...C[]] {
  return candidates.length > 0;
}

/** True if the account's list has the model, or is unknown and can be fetched now. */
function mayOffer(contender: Contender, request: AccountRequest, nowMs: number): boolean {
  if (permanentReason(contender, request, false) !== undefined) return false;
  const offered = request.offers?.(contender.id);
  return offered ?? (isReady(contender.health, nowMs) && !request.tried.has(contender.id));
}

/** The reason why the account cannot serve the request even after a wait. */
function permanentReason(
  { id, health, options }: Contender,
  request: AccountRequest,
  isOffered: boolean,
): Reason | undefined {
  const { status } = health.state;
  if (status === 'suspended' || status === 'signed-out' || status === 'disabled') return status;
  if (request.group !== undefined && !options.groups.includes(request.group)) return 'group';
  // A model that no account lists may still exist: the service decides.
  if (isOffered && request.offers?.(id) === false) return 'model';
  return undefined;
}

function cooldownOf({ id, health }: Contender, nowMs: number): SkippedAccount | undefined {
  const { state } = health;
  if (isReady(health, nowMs) || !('untilMs' in state)) return undefined;
  return { accountId: id, why: state.status, untilMs: state.untilMs };
}

/**
 * The accounts of the highest priority that can start now; otherwise those that can start first, if the request may wait
 * that long. A conversation's own account counts as able to start now if it can do so soon.
 */
function firstReady<C extends Contender>(
  able: readonly C[],
  home: C | undefined,
  maxWaitMs: number,
  nowMs: number,
  skipped: SkippedAccount[],
): readonly C[] {
  const now: C[] = [];
  const later: C[] = [];
  let soonestMs = Number.POSITIVE_INFINITY;
  for (const contender of able) {
    const startsInMs = contender.startsInMs(nowMs);
    const acceptableMs = contender === home ? Math.min(HOME_MAX_WAIT_MS, maxWaitMs) : 0;
    if (!contender.hasRoom()) skipped.push({ accountId: contender.id, why: 'busy' });
    else if (startsInMs <= acceptableMs) now.push(contender);
    else {
      later.push(contender);
      soonestMs = Math.min(soonestMs, startsInMs);
    }
  }
  const isLate = now.length === 0 && soonestMs <= maxWaitMs;
  const starting = isLate ? later.filter((contender) => contender.startsInMs(nowMs) === soonestMs) : now;
  const candidates = highestPriority(starting);
  for (const contender of later) {
    const startsInMs = contender.startsInMs(nowMs);
    if (isLate && startsInMs === soonestMs) continue;
    skipped.push({ accountId: contender.id, why: 'paced', untilMs: nowMs + startsInMs });
  }
  if (candidates.length < starting.length) {
    const highest = candidates[0]?.options.priority;
    for (const { id, options } of starting)
      if (options.priority !== highest) skipped.push({ accountId: id, why: 'priority' });
  }
  return candidates;
}

function highestPriority<C extends Contender>(contenders: readonly C[]): readonly C[] {
  if (contenders.length < 2) return contenders;
  const highest = Math.max(...contenders.map(({ options }) => options.priority));
  return contenders.filter(({ options }) => options.priority === highest);
}
