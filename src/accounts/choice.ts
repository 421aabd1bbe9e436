/**
 * Which account serves a request, and why: who could, who was passed over for what reason, whom the strategy chose.
 * Pure: it looks at the accounts as they stand and changes nothing.
 */
import { type Health, isReady } from './health.ts';
import type { AccountOptions } from './options.ts';
import { type Candidate, type SelectionRequest, STRATEGIES, type StrategyName } from './strategies.ts';

/** An account as the choice sees it. */
export interface Contender extends Candidate {
  readonly health: Health;
  readonly options: AccountOptions;
  /** It may have one request more. */
  hasRoom(): boolean;
  /** 0: at once. */
  startsInMs(nowMs: number): number;
}

export interface Wanted extends SelectionRequest {
  /** Accounts which already failed this request. */
  readonly tried: ReadonlySet<string>;
  readonly group?: string | undefined;
  /** Whether the account's own list has the model; undefined: unknown, and worth a try. */
  readonly offers?: ((accountId: string) => boolean | undefined) | undefined;
  /** Longest pause before its start which the request can bear. */
  readonly maxWaitMs: number;
  /** A question about the account, which takes nobody's place. */
  readonly isUnpaced?: boolean;
}

/** Why an account does not serve a request; the words complete "because …". */
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
  /** When that is over, as far as it is known. */
  readonly untilMs?: number;
}

/** Why this account. */
export interface Choice {
  readonly strategy: StrategyName;
  /** When it was made. */
  readonly atMs: number;
  /** Among how many the strategy chose. */
  readonly candidates: number;
  /** The first of them: a pool may be large, and this goes into headers and logs. */
  readonly skipped: readonly SkippedAccount[];
  readonly skippedCount: number;
  /** The account this conversation belongs to, when another one serves it for now. */
  readonly homeId?: string;
  /** In the queue, and until the account's next start. */
  readonly waitedMs: number;
}

export interface Chosen<C> {
  /** undefined: nobody can serve now. */
  readonly contender: C | undefined;
  readonly candidates: number;
  readonly skipped: readonly SkippedAccount[];
  readonly homeId: string | undefined;
}

/** A conversation rather waits so long than leave its account, whose prompt cache is worth more. */
const HOME_PATIENCE_MS = 1_000;

export function choose<C extends Contender>(
  contenders: Iterable<C>,
  strategy: StrategyName,
  wanted: Wanted,
  nowMs: number,
): Chosen<C> {
  const skipped: SkippedAccount[] = [];
  const able: C[] = [];
  const usable: C[] = [];
  const all = [...contenders];
  const isOffered = wanted.offers !== undefined && all.some((contender) => mayOffer(contender, wanted, nowMs));
  for (const contender of all) {
    const why = unfitness(contender, wanted, isOffered);
    if (why !== undefined) {
      skipped.push({ accountId: contender.id, why });
      continue;
    }
    usable.push(contender);
    const rest = restOf(contender, nowMs);
    if (rest) skipped.push(rest);
    else if (wanted.tried.has(contender.id)) skipped.push({ accountId: contender.id, why: 'tried' });
    else able.push(contender);
  }
  const home = strategy === 'sticky' ? pick(highestPriority(usable), strategy, wanted) : undefined;
  const candidates = wanted.isUnpaced ? highestPriority(able) : readiest(able, home, wanted.maxWaitMs, nowMs, skipped);
  const contender = pick(candidates, strategy, wanted);
  const homeId = home && contender && home !== contender ? home.id : undefined;
  return { contender, candidates: candidates.length, skipped, homeId };
}

function pick<C extends Contender>(
  candidates: readonly C[],
  strategy: StrategyName,
  asked: SelectionRequest,
): C | undefined {
  const [first, ...others] = candidates;
  return first && STRATEGIES[strategy]([first, ...others], asked);
}

/** Its list has the model, or is unknown and can be asked for now. */
function mayOffer(contender: Contender, wanted: Wanted, nowMs: number): boolean {
  if (unfitness(contender, wanted, false) !== undefined) return false;
  const offered = wanted.offers?.(contender.id);
  return offered ?? (isReady(contender.health, nowMs) && !wanted.tried.has(contender.id));
}

/** Reasons which waiting does not change. */
function unfitness({ id, health, options }: Contender, wanted: Wanted, isOffered: boolean): Reason | undefined {
  const { status } = health.state;
  if (status === 'suspended' || status === 'signed-out' || status === 'disabled') return status;
  if (wanted.group !== undefined && !options.groups.includes(wanted.group)) return 'group';
  // A model which nobody lists may exist all the same: the service decides.
  if (isOffered && wanted.offers?.(id) === false) return 'model';
  return undefined;
}

function restOf({ id, health }: Contender, nowMs: number): SkippedAccount | undefined {
  const { state } = health;
  if (isReady(health, nowMs) || !('untilMs' in state)) return undefined;
  return { accountId: id, why: state.status, untilMs: state.untilMs };
}

/**
 * Of the highest priority at which anybody can start now; else whoever can start first, within the request's patience.
 * A conversation's own account counts as able to start now when it can do so soon.
 */
function readiest<C extends Contender>(
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
    const bearableMs = contender === home ? Math.min(HOME_PATIENCE_MS, maxWaitMs) : 0;
    if (!contender.hasRoom()) skipped.push({ accountId: contender.id, why: 'busy' });
    else if (startsInMs <= bearableMs) now.push(contender);
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
