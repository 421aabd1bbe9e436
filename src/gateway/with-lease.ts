/** Runs an operation: leases an account, works with it, and tries again if the error table allows it. */
import { type MaybePromise, pause } from '../core/async.ts';
import { clientClosed, type ErrorCode, GatewayError } from '../core/errors.ts';
import { type AttemptRecord, addFailedLease, beginAttempt, endAttempt } from './attempts.ts';
import type { GatewayContext } from './context.ts';
import type { Lease } from './ports.ts';
import { RetryPlan } from './retry.ts';
import { refusedForm, WireProfileWalk } from './wire-profile-walk.ts';

/** How operations differ. */
export interface LeasePlan<L extends Lease = Lease> {
  readonly signal: AbortSignal;
  /** Leases the account for the next attempt; `retry` knows which have failed and whether a new token is needed. */
  lease(retry: RetryPlan): MaybePromise<L>;
  /** Where the attempts are recorded. */
  readonly attempts?: AttemptRecord[] | undefined;
  /** The pool paces the leases: see `RetryPlan`. */
  readonly isPaced?: boolean;
  /** The result keeps using the lease and releases it itself. */
  readonly keepsLease?: boolean;
  /**
   * Which refusals move the account on to another wire profile. `if-absent`: only a missing host or operation, since other
   * refusals may concern just this operation while chats work.
   */
  readonly movesOn: 'always' | 'if-absent';
  /** Failures that only this operation can attribute to the wire profile, in addition to those of the upstream. */
  isAboutProfile?(error: GatewayError): boolean;
  /** Failures that do not count against the account: it lacks only this operation. */
  readonly aboutOperation?: ReadonlySet<ErrorCode>;
  /** Longest pause before another attempt; a failure that needs a longer one is final. Default: any. */
  readonly maxPauseMs?: number;
  /** Called for each failed attempt, before any recovery. */
  onFailure?(error: GatewayError): void;
  /** True: the next attempt avoids this failure, which does not count against the account. */
  recovers?(error: GatewayError, lease: L | undefined): boolean;
  /** Called for each failed attempt without a recovery. `waitMs`: pause before the next one; undefined: the last one. */
  onStep?(error: GatewayError, lease: Lease | undefined, attempt: number, waitMs: number | undefined): void;
}

export interface Attempt {
  /** Starting at 1. */
  readonly number: number;
  /** The account has a new token, because the service refused the one before. */
  readonly isRenewed: boolean;
  readonly withoutReasoningHistory: boolean;
  /** Undefined if attempts are not recorded. With `keepsLease`, the holder of the lease ends it. */
  readonly record: AttemptRecord | undefined;
}

/** Rejects with the GatewayError that ends the operation: `client_closed` once the signal has aborted. */
export async function withLease<T, L extends Lease = Lease>(
  context: GatewayContext,
  plan: LeasePlan<L>,
  work: (lease: L, attempt: Attempt) => Promise<T>,
): Promise<T> {
  const { signal, maxPauseMs = Number.POSITIVE_INFINITY } = plan;
  const retry = new RetryPlan(context.clock.random, plan.isPaced);
  const walk = new WireProfileWalk(context, plan.isAboutProfile);
  for (let number = 1; ; number++) {
    let lease: L | undefined;
    let record: AttemptRecord | undefined;
    let outcome: GatewayError;
    try {
      if (signal.aborted) throw clientClosed();
      const { refresh: isRenewed, withoutReasoningHistory } = retry;
      const leased = plan.lease(retry);
      lease = leased instanceof Promise ? await leased : leased;
      record = beginAttempt(plan.attempts, lease, context.clock.now());
      const result = await work(lease, { number, isRenewed, withoutReasoningHistory, record });
      if (!plan.keepsLease) {
        lease.release(undefined);
        endAttempt(record, undefined, context.clock.now());
      }
      return result;
    } catch (cause) {
      const error = retry.classify(signal.aborted ? clientClosed() : GatewayError.from(cause), lease);
      plan.onFailure?.(error);
      // A refusal that another profile ARN or wire profile avoids does not count against the account.
      const isRecovered =
        (await foundProfile(context, error, lease)) ||
        moveOn(plan, retry, walk, error, lease) ||
        plan.recovers?.(error, lease) === true;
      outcome = isRecovered ? refusedForm(error) : walk.firstRefusal(error, lease);
      lease?.release(plan.aboutOperation?.has(outcome.code) ? undefined : outcome);
      if (lease) endAttempt(record, error, context.clock.now());
      else addFailedLease(plan.attempts, error, context.clock.now());
      if (isRecovered) continue;
    }
    const step = retry.after(outcome, lease?.accountId);
    const isLast = step.type === 'give-up' || step.waitMs > maxPauseMs;
    plan.onStep?.(outcome, lease, number, isLast ? undefined : step.waitMs);
    if (isLast) throw step.type === 'give-up' ? step.error : outcome;
    await pause(context.clock, step.waitMs, signal);
  }
}

/** True if the service requires the account's profile and it has been found: the same account is tried again. */
async function foundProfile(context: GatewayContext, error: GatewayError, lease: Lease | undefined): Promise<boolean> {
  if (error.code !== 'profile_required' || !lease) return false;
  return (await context.findProfile?.(lease.accountId)) === true;
}

function moveOn(
  { movesOn }: Pick<LeasePlan, 'movesOn'>,
  retry: RetryPlan,
  walk: WireProfileWalk,
  error: GatewayError,
  lease: Lease | undefined,
): boolean {
  const hasMoved = movesOn === 'always' ? walk.moveOn(error, lease) : walk.moveOnIfAbsent(error, lease);
  if (hasMoved) retry.refresh = false;
  return hasMoved;
}

/** The plan of operations other than chat, which neither wait for a slot nor take one. */
export function operationPlan(
  { pool }: GatewayContext,
  origin: { readonly conversationId: string; readonly group?: string | undefined },
  more: Omit<LeasePlan, 'lease' | 'movesOn'>,
): LeasePlan {
  const { signal } = more;
  return {
    ...more,
    movesOn: 'if-absent',
    lease: ({ tried, refresh }) => pool.lease({ ...origin, modelId: undefined, tried, refresh, signal, control: true }),
  };
}
