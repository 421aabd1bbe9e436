/**
 * How an account is, as a pure reducer: what happened and when in, the new state out. Every rule about resting and
 * switching off is here and nowhere else. Only an account's own faults count against it: if a broken network did,
 * one bad minute would switch every account off.
 */
import { ERROR_RULES, type ErrorCode } from '../core/errors.ts';
import { cappedDate, cappedMs, MAX_QUOTA_WAIT_MS, MAX_THROTTLE_WAIT_MS } from '../core/times.ts';
import { unreachable } from '../core/unreachable.ts';

export type AccountState =
  | { readonly status: 'ready' }
  /** Too fast, or something passing: ready again by itself. */
  | {
      readonly status: 'cooling';
      readonly untilMs: number;
      readonly reason: ErrorCode;
      /** With `credential_unavailable`: how many times in a row, and what went wrong, for a person. */
      readonly attempts?: number;
      readonly message?: string;
    }
  /** A quota is used up. `refusedAtMs`: when the service refused a request, if it named the date itself. */
  | {
      readonly status: 'exhausted';
      readonly untilMs: number;
      readonly reason: ErrorCode;
      readonly refusedAtMs?: number;
    }
  /**
   * Locked by the service. Some locks open by themselves within hours: from `lookAgainAtMs` on, usage limits that can be
   * read bring the account back. Absent in states stored by older versions: at once.
   */
  | { readonly status: 'suspended'; readonly lookAgainAtMs?: number }
  /** The credential is dead; only signing in again helps. */
  | { readonly status: 'signed-out' }
  | { readonly status: 'disabled'; readonly by: 'operator' | 'errors' };

export interface Health {
  readonly state: AccountState;
  readonly successes: number;
  readonly failures: number;
  /** Own faults since the last success. */
  readonly consecutiveFailures: number;
}

export type HealthEvent =
  | { readonly type: 'success' }
  | Failure
  /** What the service says is left of the plan, in credits, and when it is filled again. */
  | { readonly type: 'limits'; readonly left: number | undefined; readonly resetAtMs: number | undefined }
  /** Signed in again, or the file it is linked to has a new credential. */
  | { readonly type: 'credential-replaced' }
  | { readonly type: 'enable' }
  | { readonly type: 'disable' };

interface Failure {
  readonly type: 'failure';
  readonly code: ErrorCode;
  readonly retryAfterMs?: number | undefined;
  /** For a person; kept with `credential_unavailable` only. Without secrets. */
  readonly message?: string | undefined;
}

export const NEW_ACCOUNT: Health = { state: { status: 'ready' }, successes: 0, failures: 0, consecutiveFailures: 0 };

export const DISABLED_ACCOUNT: Health = { ...NEW_ACCOUNT, state: { status: 'disabled', by: 'operator' } };

const HOUR_MS = 3_600_000;
/** Between looks at a suspended account. */
const SUSPENSION_LOOK_MS = 4 * HOUR_MS;
/** So long rests an account whose plan is used up before it is known when it is filled again. */
const QUOTA_GUESS_MS = HOUR_MS;
/** One refusal may be about one model or one request; so many in a row are about the account. */
const REFUSALS_BEFORE_REST = 3;
const FIRST_COOLDOWN_MS = 30_000;
const LONGEST_COOLDOWN_MS = 600_000;
const MAX_MESSAGE_CHARS = 300;

export function nextHealth(health: Health, event: HealthEvent, nowMs: number, maxErrorCount: number): Health {
  switch (event.type) {
    case 'success':
      return afterSuccess({ ...health, successes: health.successes + 1 }, nowMs);
    case 'failure':
      return afterFailure(health, event, nowMs, maxErrorCount);
    case 'limits':
      return afterLimits(health, event.left, event.resetAtMs, nowMs);
    case 'credential-replaced':
      // What the service holds against the account, a new credential does not change.
      return lacksCredential(health.state) ? { ...health, ...FORGIVEN } : health;
    case 'enable':
      return { ...health, ...FORGIVEN };
    case 'disable':
      return { ...health, state: { status: 'disabled', by: 'operator' } };
    default:
      return unreachable(event);
  }
}

function lacksCredential(state: AccountState): boolean {
  return state.status === 'signed-out' || (state.status === 'cooling' && state.reason === 'credential_unavailable');
}

const FORGIVEN = { state: { status: 'ready' }, consecutiveFailures: 0 } as const;

/** A state which has run out counts as ready without anybody writing that down. */
export function isReady({ state }: Health, nowMs: number): boolean {
  return state.status === 'ready' || ('untilMs' in state && state.untilMs <= nowMs);
}

/** A suspended account at which it is time to look again. */
export function isLookDue(state: AccountState, nowMs: number): boolean {
  return state.status === 'suspended' && (state.lookAgainAtMs ?? 0) <= nowMs;
}

function isResting(state: AccountState, nowMs: number): state is Extract<AccountState, { untilMs: number }> {
  return 'untilMs' in state && state.untilMs > nowMs;
}

/** An answer which began before the account was put aside does not bring it back. */
function afterSuccess(health: Health, nowMs: number): Health {
  if (!isReady(health, nowMs)) return health;
  return { ...health, state: { status: 'ready' }, consecutiveFailures: 0 };
}

function afterFailure(health: Health, failure: Failure, nowMs: number, maxErrorCount: number): Health {
  const { code } = failure;
  // A refused access token is no fault yet: it is made anew, and what comes of that is reported in its turn.
  if (ERROR_RULES[code].blame !== 'account' || code === 'token_rejected') return health;
  const isStillSuspended = health.state.status === 'suspended' && code === 'account_suspended';
  const isFinal = health.state.status === 'disabled' || (health.state.status === 'suspended' && !isStillSuspended);
  const resting = isResting(health.state, nowMs) ? health.state : undefined;
  // Whatever fails during a rest was under way when it began: one bad moment, not many.
  const consecutiveFailures = health.consecutiveFailures + (resting || neverDisables(code) ? 0 : 1);
  const counted = { ...health, failures: health.failures + 1, consecutiveFailures };
  if (isFinal) return counted;
  const state = longer(resting, stateAfter(health.state, capped(failure), consecutiveFailures, nowMs)) ?? health.state;
  if (consecutiveFailures >= maxErrorCount && !isLasting(state) && !neverDisables(code))
    return { ...counted, state: { status: 'disabled', by: 'errors' } };
  return { ...counted, state };
}

/**
 * A used-up quota is not an error however often it is refused: a week's quota is found out hour by hour. A sign-in
 * service that is down must not disable every account.
 */
function neverDisables(code: ErrorCode): boolean {
  return code === 'quota_exhausted' || code === 'daily_limit' || code === 'credential_unavailable';
}

/** A rest is not cut short by another failure which would have a shorter one. */
function longer(resting: AccountState | undefined, after: AccountState | undefined): AccountState | undefined {
  const isShorter = resting && after && 'untilMs' in resting && 'untilMs' in after && after.untilMs < resting.untilMs;
  return isShorter ? resting : after;
}

function afterLimits(health: Health, left: number | undefined, resetAtMs: number | undefined, nowMs: number): Health {
  if (isLookDue(health.state, nowMs)) return afterLimits({ ...health, ...FORGIVEN }, left, resetAtMs, nowMs);
  const { state } = health;
  const isAhead = resetAtMs !== undefined && resetAtMs > nowMs;
  const known = isAhead ? cappedDate(resetAtMs, nowMs, MAX_QUOTA_WAIT_MS) : undefined;
  const rest: AccountState = {
    status: 'exhausted',
    untilMs: known ?? nowMs + QUOTA_GUESS_MS,
    reason: 'quota_exhausted',
  };
  const isOutOfQuota = isResting(state, nowMs) && state.reason === 'quota_exhausted';
  if (left === undefined) return isOutOfQuota && known !== undefined ? { ...health, state: rest } : health;
  if (left <= 0) return isReady(health, nowMs) || isResting(state, nowMs) ? { ...health, state: rest } : health;
  // A refusal just now weighs more than the figures, which lag behind; a rest until the reset date was theirs.
  const isFresh = isOutOfQuota && 'refusedAtMs' in state && nowMs - (state.refusedAtMs ?? 0) < QUOTA_GUESS_MS;
  const isTheirs = isOutOfQuota && !isFresh && state.untilMs > nowMs + QUOTA_GUESS_MS;
  return isTheirs ? { ...health, state: { status: 'ready' } } : health;
}

/**
 * Health as stored, with dates that lie too far ahead brought within what this version would write: older versions took
 * the service's waits as they came, up to the year 5195. The same object where nothing is wrong.
 */
export function healedHealth(health: Health, nowMs: number): Health {
  const { state } = health;
  const later = (dateMs: number, maxMs: number) => !(dateMs <= nowMs + maxMs);
  switch (state.status) {
    case 'cooling':
      if (!later(state.untilMs, MAX_THROTTLE_WAIT_MS)) return health;
      return { ...health, state: { ...state, untilMs: nowMs + MAX_THROTTLE_WAIT_MS } };
    case 'exhausted':
      if (!later(state.untilMs, MAX_QUOTA_WAIT_MS)) return health;
      return { ...health, state: { ...state, untilMs: nowMs + MAX_QUOTA_WAIT_MS } };
    case 'suspended':
      if (!later(state.lookAgainAtMs ?? 0, SUSPENSION_LOOK_MS)) return health;
      return { ...health, state: { ...state, lookAgainAtMs: nowMs + SUSPENSION_LOOK_MS } };
    case 'ready':
    case 'signed-out':
    case 'disabled':
      return health;
    default:
      return unreachable(state);
  }
}

/** Says more than `disabled` would. */
function isLasting({ status }: AccountState): boolean {
  return status === 'suspended' || status === 'signed-out';
}

/** Readers of waits cap them as well; a wait that slipped through must not reach a date. */
function capped(failure: Failure): Failure {
  const { code, retryAfterMs } = failure;
  if (retryAfterMs === undefined) return failure;
  const maxMs = code === 'quota_exhausted' || code === 'daily_limit' ? MAX_QUOTA_WAIT_MS : MAX_THROTTLE_WAIT_MS;
  return { ...failure, retryAfterMs: cappedMs(retryAfterMs, maxMs) };
}

/** undefined: counted, but the account stays as it is. */
function stateAfter(
  before: AccountState,
  { code, retryAfterMs, message }: Failure,
  consecutiveFailures: number,
  nowMs: number,
): AccountState | undefined {
  switch (code) {
    case 'credential_rejected':
      return { status: 'signed-out' };
    case 'credential_unavailable': {
      const isRepeated = before.status === 'cooling' && before.reason === code;
      // Requests waiting for the same token fail together.
      if (isRepeated && isResting(before, nowMs)) return undefined;
      const attempts = isRepeated ? (before.attempts ?? 0) + 1 : 1;
      const untilMs = nowMs + credentialCooldownMs(retryAfterMs, attempts);
      const shown = message === undefined ? {} : { message: message.slice(0, MAX_MESSAGE_CHARS) };
      return { status: 'cooling', untilMs, reason: code, attempts, ...shown };
    }
    case 'account_suspended':
      return { status: 'suspended', lookAgainAtMs: nowMs + SUSPENSION_LOOK_MS };
    case 'quota_exhausted':
      // The reset date is not in the refusal; the usage limits will tell it.
      return {
        status: 'exhausted',
        untilMs: nowMs + (retryAfterMs ?? QUOTA_GUESS_MS),
        reason: code,
        ...(retryAfterMs === undefined ? {} : { refusedAtMs: nowMs }),
      };
    case 'daily_limit':
      return { status: 'exhausted', untilMs: retryAfterMs ? nowMs + retryAfterMs : nextUtcDay(nowMs), reason: code };
    case 'account_throttled':
      return { status: 'cooling', untilMs: nowMs + (retryAfterMs ?? growing(consecutiveFailures)), reason: code };
    case 'permission_denied':
    case 'profile_required':
      if (consecutiveFailures < REFUSALS_BEFORE_REST) return undefined;
      return {
        status: 'cooling',
        untilMs: nowMs + growing(consecutiveFailures - REFUSALS_BEFORE_REST + 1),
        reason: code,
      };
    // Often about one model or one feature: the account is good for the rest.
    default:
      return undefined;
  }
}

/** `firstMs` doubles with each attempt, up to 32 times and not beyond ten minutes; undefined: 30 s. */
function credentialCooldownMs(firstMs = FIRST_COOLDOWN_MS, attempts: number): number {
  return Math.max(firstMs, Math.min(LONGEST_COOLDOWN_MS, firstMs * 2 ** Math.min(attempts - 1, 5)));
}

function growing(times: number): number {
  return Math.min(LONGEST_COOLDOWN_MS, FIRST_COOLDOWN_MS * 2 ** Math.min(times - 1, 10));
}

/**
 * What to store when another process has stored something since: its counts and ours added up, its state unless ours
 * has changed. `known` is what the store held when ours began. A lasting state that another process has stored is not
 * lifted by the way.
 */
export function mergeHealth(ours: Health, known: Health, stored: Health): Health {
  const isOursChanged = JSON.stringify(ours.state) !== JSON.stringify(known.state);
  const isLifting = ours.state.status === 'ready' || 'untilMs' in ours.state;
  const isTheirsChanged = JSON.stringify(stored.state) !== JSON.stringify(known.state);
  const isTheirsLasting = isTheirsChanged && (isLasting(stored.state) || stored.state.status === 'disabled');
  const isOurs = isOursChanged && !(isLifting && isTheirsLasting);
  return {
    state: isOurs ? ours.state : stored.state,
    successes: stored.successes + ours.successes - known.successes,
    failures: stored.failures + ours.failures - known.failures,
    consecutiveFailures:
      ours.successes > known.successes
        ? ours.consecutiveFailures
        : stored.consecutiveFailures + Math.max(0, ours.consecutiveFailures - known.consecutiveFailures),
  };
}

function nextUtcDay(nowMs: number): number {
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1);
}
