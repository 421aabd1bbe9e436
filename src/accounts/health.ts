/**
 * How an account is, as a pure reducer: what happened and when in, the new state out. Every rule about resting and
 * switching off is here and nowhere else. Only an account's own faults count against it: if a broken network did,
 * one bad minute would switch every account off.
 */
import { ERROR_RULES, type ErrorCode } from '../core/errors.ts';
import { unreachable } from '../core/unreachable.ts';

export type AccountState =
  | { readonly status: 'ready' }
  /** Too fast, or something passing: ready again by itself. */
  | { readonly status: 'cooling'; readonly untilMs: number; readonly reason: ErrorCode }
  /** A quota is used up. */
  | { readonly status: 'exhausted'; readonly untilMs: number; readonly reason: ErrorCode }
  /** Locked by the service; its owner must write to the vendor's support. */
  | { readonly status: 'suspended' }
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
  | { readonly type: 'failure'; readonly code: ErrorCode; readonly retryAfterMs?: number | undefined }
  /** Signed in again, or the file it is linked to has a new credential. */
  | { readonly type: 'credential-replaced' }
  | { readonly type: 'enable' }
  | { readonly type: 'disable' };

export const NEW_ACCOUNT: Health = { state: { status: 'ready' }, successes: 0, failures: 0, consecutiveFailures: 0 };

const HOUR_MS = 3_600_000;
const FIRST_COOLDOWN_MS = 30_000;
const LONGEST_COOLDOWN_MS = 600_000;

export function nextHealth(health: Health, event: HealthEvent, nowMs: number, maxErrorCount: number): Health {
  switch (event.type) {
    case 'success':
      return { ...health, state: afterSuccess(health.state), successes: health.successes + 1, consecutiveFailures: 0 };
    case 'failure':
      return afterFailure(health, event.code, event.retryAfterMs, nowMs, maxErrorCount);
    case 'credential-replaced':
      return health.state.status === 'disabled' ? health : { ...health, ...FORGIVEN };
    case 'enable':
      return { ...health, ...FORGIVEN };
    case 'disable':
      return { ...health, state: { status: 'disabled', by: 'operator' } };
    default:
      return unreachable(event);
  }
}

const FORGIVEN = { state: { status: 'ready' }, consecutiveFailures: 0 } as const;

/** A state which has run out counts as ready without anybody writing that down. */
export function isReady({ state }: Health, nowMs: number): boolean {
  return state.status === 'ready' || ('untilMs' in state && state.untilMs <= nowMs);
}

/** An answer which began before the account was locked or switched off does not bring it back. */
function afterSuccess(state: AccountState): AccountState {
  return 'untilMs' in state ? { status: 'ready' } : state;
}

function afterFailure(
  health: Health,
  code: ErrorCode,
  retryAfterMs: number | undefined,
  nowMs: number,
  maxErrorCount: number,
): Health {
  // A refused access token is no fault yet: it is made anew, and what comes of that is reported in its turn.
  if (ERROR_RULES[code].blame !== 'account' || code === 'token_rejected') return health;
  const consecutiveFailures = health.consecutiveFailures + 1;
  const counted = { ...health, failures: health.failures + 1, consecutiveFailures };
  const isFinal = health.state.status === 'disabled' || health.state.status === 'suspended';
  if (isFinal) return counted;
  const state = stateAfter(code, retryAfterMs, consecutiveFailures, nowMs) ?? health.state;
  if (consecutiveFailures >= maxErrorCount && !isLasting(state))
    return { ...counted, state: { status: 'disabled', by: 'errors' } };
  return { ...counted, state };
}

/** Says more than `disabled` would. */
function isLasting({ status }: AccountState): boolean {
  return status === 'suspended' || status === 'signed-out';
}

/** undefined: counted, but the account stays as it is. */
function stateAfter(
  code: ErrorCode,
  retryAfterMs: number | undefined,
  consecutiveFailures: number,
  nowMs: number,
): AccountState | undefined {
  switch (code) {
    case 'credential_rejected':
      return { status: 'signed-out' };
    case 'account_suspended':
      return { status: 'suspended' };
    case 'quota_exhausted':
      // The reset date is not in the refusal, and owners buy more: one try an hour finds out, and costs nothing.
      return { status: 'exhausted', untilMs: nowMs + (retryAfterMs ?? HOUR_MS), reason: code };
    case 'daily_limit':
      return { status: 'exhausted', untilMs: retryAfterMs ? nowMs + retryAfterMs : nextUtcDay(nowMs), reason: code };
    case 'account_throttled': {
      const growing = Math.min(LONGEST_COOLDOWN_MS, FIRST_COOLDOWN_MS * 2 ** Math.min(consecutiveFailures - 1, 10));
      return { status: 'cooling', untilMs: nowMs + (retryAfterMs ?? growing), reason: code };
    }
    // Often about one model or one feature: the account is good for the rest.
    default:
      return undefined;
  }
}

function nextUtcDay(nowMs: number): number {
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1);
}
