/**
 * The health of an account as a pure reducer: takes an event and its time, returns the new state. All rules about cooldowns
 * and disabling are here. Only an account's own failures count against it: if network failures did, a short outage would
 * disable every account.
 */
import { ERROR_RULES, type ErrorCode } from '../core/errors.ts';
import { cappedDate, cappedMs, MAX_QUOTA_WAIT_MS, MAX_THROTTLE_WAIT_MS } from '../core/times.ts';
import { unreachable } from '../core/unreachable.ts';

export type AccountState =
  | { readonly status: 'ready' }
  /** Throttled, or a temporary failure: ready again by itself. */
  | {
      readonly status: 'cooling';
      readonly untilMs: number;
      readonly reason: ErrorCode;
      /** With `credential_unavailable`: number of attempts in a row, and the failure in words. */
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
   * Locked by the service. Some locks end by themselves within hours: if the usage limits can be read after
   * `lookAgainAtMs`, the account is ready again. Absent in states stored by older versions: may be checked at once.
   */
  | { readonly status: 'suspended'; readonly lookAgainAtMs?: number }
  /** The credential was rejected; only signing in again helps. */
  | { readonly status: 'signed-out' }
  | { readonly status: 'disabled'; readonly by: 'operator' | 'errors' };

export interface Health {
  readonly state: AccountState;
  readonly successes: number;
  readonly failures: number;
  /** The account's own failures since the last success. */
  readonly consecutiveFailures: number;
}

export type HealthEvent =
  | { readonly type: 'success' }
  | Failure
  /** The rest of the plan in credits, as the service reports it, and when the plan resets. */
  | { readonly type: 'limits'; readonly left: number | undefined; readonly resetAtMs: number | undefined }
  /** Signed in again, or the file it is linked to has a new credential. */
  | { readonly type: 'credential-replaced' }
  | { readonly type: 'enable' }
  | { readonly type: 'disable' };

interface Failure {
  readonly type: 'failure';
  readonly code: ErrorCode;
  readonly retryAfterMs?: number | undefined;
  /** Shown to people; stored with `credential_unavailable` only. Without secrets. */
  readonly message?: string | undefined;
}

export const NEW_ACCOUNT: Health = { state: { status: 'ready' }, successes: 0, failures: 0, consecutiveFailures: 0 };

export const DISABLED_ACCOUNT: Health = { ...NEW_ACCOUNT, state: { status: 'disabled', by: 'operator' } };

const HOUR_MS = 3_600_000;
/** Interval between checks of a suspended account. */
const SUSPENSION_LOOK_MS = 4 * HOUR_MS;
/** Cooldown of an account whose plan is used up, until the reset date is known. */
const QUOTA_GUESS_MS = HOUR_MS;
/** One refusal may concern one model or one request; this many in a row concern the account. */
const REFUSALS_BEFORE_COOLDOWN = 3;
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
      // A new credential does not change states that the service has set.
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

/** A state whose time is over counts as ready, without a change of the stored state. */
export function isReady({ state }: Health, nowMs: number): boolean {
  return state.status === 'ready' || ('untilMs' in state && state.untilMs <= nowMs);
}

/** True if a suspended account is due for another check. */
export function isLookDue(state: AccountState, nowMs: number): boolean {
  return state.status === 'suspended' && (state.lookAgainAtMs ?? 0) <= nowMs;
}

function isCoolingDown(state: AccountState, nowMs: number): state is Extract<AccountState, { untilMs: number }> {
  return 'untilMs' in state && state.untilMs > nowMs;
}

/** A reply that began before the account became unavailable does not make it ready again. */
function afterSuccess(health: Health, nowMs: number): Health {
  if (!isReady(health, nowMs)) return health;
  return { ...health, state: { status: 'ready' }, consecutiveFailures: 0 };
}

function afterFailure(health: Health, failure: Failure, nowMs: number, maxErrorCount: number): Health {
  const { code } = failure;
  // A rejected access token is not a failure yet: it is refreshed, and the outcome of that is reported separately.
  if (ERROR_RULES[code].blame !== 'account' || code === 'token_rejected') return health;
  const isStillSuspended = health.state.status === 'suspended' && code === 'account_suspended';
  const isFinal = health.state.status === 'disabled' || (health.state.status === 'suspended' && !isStillSuspended);
  const cooldown = isCoolingDown(health.state, nowMs) ? health.state : undefined;
  // Failures during a cooldown are of requests that started before it, so they count as one.
  const consecutiveFailures = health.consecutiveFailures + (cooldown || neverDisables(code) ? 0 : 1);
  const counted = { ...health, failures: health.failures + 1, consecutiveFailures };
  if (isFinal) return counted;
  const state = longer(cooldown, stateAfter(health.state, capped(failure), consecutiveFailures, nowMs)) ?? health.state;
  if (consecutiveFailures >= maxErrorCount && !isLasting(state) && !neverDisables(code))
    return { ...counted, state: { status: 'disabled', by: 'errors' } };
  return { ...counted, state };
}

/**
 * A used-up quota never disables an account, however often requests are refused: the reset of a weekly quota is unknown, so
 * it is tried every hour. Nor must an outage of the sign-in service disable every account.
 */
function neverDisables(code: ErrorCode): boolean {
  return code === 'quota_exhausted' || code === 'daily_limit' || code === 'credential_unavailable';
}

/** A cooldown is not replaced by a shorter one. */
function longer(before: AccountState | undefined, after: AccountState | undefined): AccountState | undefined {
  const isShorter = before && after && 'untilMs' in before && 'untilMs' in after && after.untilMs < before.untilMs;
  return isShorter ? before : after;
}

function afterLimits(health: Health, left: number | undefined, resetAtMs: number | undefined, nowMs: number): Health {
  if (isLookDue(health.state, nowMs)) return afterLimits({ ...health, ...FORGIVEN }, left, resetAtMs, nowMs);
  const { state } = health;
  const isAhead = resetAtMs !== undefined && resetAtMs > nowMs;
  const known = isAhead ? cappedDate(resetAtMs, nowMs, MAX_QUOTA_WAIT_MS) : undefined;
  const outOfQuota: AccountState = {
    status: 'exhausted',
    untilMs: known ?? nowMs + QUOTA_GUESS_MS,
    reason: 'quota_exhausted',
  };
  const isOutOfQuota = isCoolingDown(state, nowMs) && state.reason === 'quota_exhausted';
  if (left === undefined) return isOutOfQuota && known !== undefined ? { ...health, state: outOfQuota } : health;
  if (left <= 0)
    return isReady(health, nowMs) || isCoolingDown(state, nowMs) ? { ...health, state: outOfQuota } : health;
  // The figures lag behind, so a recent refusal takes precedence. A cooldown until the reset date came from the figures.
  const isFresh = isOutOfQuota && 'refusedAtMs' in state && nowMs - (state.refusedAtMs ?? 0) < QUOTA_GUESS_MS;
  const isTheirs = isOutOfQuota && !isFresh && state.untilMs > nowMs + QUOTA_GUESS_MS;
  return isTheirs ? { ...health, state: { status: 'ready' } } : health;
}

/**
 * Stored health with dates capped to what this version would write: older versions stored any wait that the service named,
 * up to the year 5195. Returns the same object if nothing is wrong.
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

/** States that carry more information than `disabled`. */
function isLasting({ status }: AccountState): boolean {
  return status === 'suspended' || status === 'signed-out';
}

/** Waits are also capped where they are read; this ensures that no other wait becomes a date. */
function capped(failure: Failure): Failure {
  const { code, retryAfterMs } = failure;
  if (retryAfterMs === undefined) return failure;
  const maxMs = code === 'quota_exhausted' || code === 'daily_limit' ? MAX_QUOTA_WAIT_MS : MAX_THROTTLE_WAIT_MS;
  return { ...failure, retryAfterMs: cappedMs(retryAfterMs, maxMs) };
}

/** undefined: the failure is counted, but the state does not change. */
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
      if (isRepeated && isCoolingDown(before, nowMs)) return undefined;
      const attempts = isRepeated ? (before.attempts ?? 0) + 1 : 1;
      const untilMs = nowMs + credentialCooldownMs(retryAfterMs, attempts);
      const shown = message === undefined ? {} : { message: message.slice(0, MAX_MESSAGE_CHARS) };
      return { status: 'cooling', untilMs, reason: code, attempts, ...shown };
    }
    case 'account_suspended':
      return { status: 'suspended', lookAgainAtMs: nowMs + SUSPENSION_LOOK_MS };
    case 'quota_exhausted':
      // The refusal has no reset date; the usage limits will provide it.
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
      if (consecutiveFailures < REFUSALS_BEFORE_COOLDOWN) return undefined;
      return {
        status: 'cooling',
        untilMs: nowMs + growing(consecutiveFailures - REFUSALS_BEFORE_COOLDOWN + 1),
        reason: code,
      };
    // Often concerns one model or one feature only.
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
 * Merges our health with what another process has stored since: counts are added up; the state is theirs, unless ours has
 * changed. `known` is the stored health on which ours is based. A lasting state that another process has stored is not
 * overwritten by a ready or cooling one. `isDecided`: our state is an order of the operator, which overrides every other.
 */
export function mergeHealth(ours: Health, known: Health, stored: Health, isDecided = false): Health {
  const isOursChanged = JSON.stringify(ours.state) !== JSON.stringify(known.state);
  const isLifting = ours.state.status === 'ready' || 'untilMs' in ours.state;
  const isTheirsChanged = JSON.stringify(stored.state) !== JSON.stringify(known.state);
  const isTheirsLasting = isTheirsChanged && (isLasting(stored.state) || stored.state.status === 'disabled');
  const isOurs = isDecided || (isOursChanged && !(isLifting && isTheirsLasting));
  return {
    state: isOurs ? ours.state : stored.state,
    successes: stored.successes + ours.successes - known.successes,
    failures: stored.failures + ours.failures - known.failures,
    consecutiveFailures:
      isDecided || ours.successes > known.successes
        ? ours.consecutiveFailures
        : stored.consecutiveFailures + Math.max(0, ours.consecutiveFailures - known.consecutiveFailures),
  };
}

function nextUtcDay(nowMs: number): number {
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1);
}
