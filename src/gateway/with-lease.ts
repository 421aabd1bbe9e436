/** The loop of every operation: lease an account, work with it, and try again where the error table allows it. */
import { pause } from '../core/async.ts';
import { clientClosed, type ErrorCode, GatewayError } from '../core/errors.ts';
import type { GatewayContext } from './context.ts';
import type { Lease } from './ports.ts';
import { RetryPlan } from './retry.ts';
import { refusedForm, WireProfileWalk } from './wire-profile-walk.ts';

/** What differs between the operations. */
export interface LeasePlan<L extends Lease = Lease> {
  readonly signal: AbortSignal;
  /** Leases the account of the next attempt; `retry` knows which have failed and whether a new token is needed. */
  lease(retry: RetryPlan): Promise<L>;
  /** The pool paces the leases: see `RetryPlan`. */
  readonly isPaced?: boolean;
  /** The result goes on using the lease, and releases it itself. */
  readonly keepsLease?: boolean;
  /**
   * Which refusals may be the wire profile's. `if-absent`: only a missing host or operation, since other refusals may
   * concern just this operation while chats work.
   */
  readonly movesOn: 'always' | 'if-absent';
  /** Failures that say nothing about the account: it lacks the operation and is as good as any for everything else. */
  readonly aboutOperation?: ReadonlySet<ErrorCode>;
  /** Longest pause before another attempt; a failure that needs a longer one is final. Default: any. */
  readonly maxPauseMs?: number;
  /** Called for each failed attempt before anything is done about it. */
  onFailure?(error: GatewayError): void;
  /** Called for each failed attempt that nothing mended. `waitMs`: before the next one; undefined: there is none. */
  onStep?(error: GatewayError, lease: Lease | undefined, attempt: number, waitMs: number | undefined): void;
}

export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** The account has a new token, because the service refused the one before. */
  readonly isRenewed: boolean;
  readonly withoutReasoningHistory: boolean;
}

/** Rejects with the GatewayError that ends the operation: `client_closed` once the signal has aborted. */
export async function withLease<T, L extends Lease = Lease>(
  context: GatewayContext,
  plan: LeasePlan<L>,
  work: (lease: L, attempt: Attempt) => Promise<T>,
): Promise<T> {
  const { signal, maxPauseMs = Number.POSITIVE_INFINITY } = plan;
  const retry = new RetryPlan(context.clock.random, plan.isPaced);
  const walk = new WireProfileWalk(context);
  for (let number = 1; ; number++) {
    let lease: L | undefined;
    let outcome: GatewayError;
    try {
      if (signal.aborted) throw clientClosed();
      const { refresh: isRenewed, withoutReasoningHistory } = retry;
      lease = await plan.lease(retry);
      const result = await work(lease, { number, isRenewed, withoutReasoningHistory });
      if (!plan.keepsLease) lease.release(undefined);
      return result;
    } catch (cause) {
      const error = retry.judge(signal.aborted ? clientClosed() : GatewayError.from(cause), lease);
      plan.onFailure?.(error);
      // A refusal that another ARN or wire profile avoids does not count against the account.
      const isMended = (await foundProfile(context, error, lease)) || moveOn(plan, retry, walk, error, lease);
      outcome = isMended ? refusedForm(error) : walk.usualRefusal(error, lease);
      lease?.release(plan.aboutOperation?.has(outcome.code) ? undefined : outcome);
      if (isMended) continue;
    }
    const step = retry.after(outcome, lease?.accountId);
    const isLast = step.type === 'give-up' || step.waitMs > maxPauseMs;
    plan.onStep?.(outcome, lease, number, isLast ? undefined : step.waitMs);
    if (isLast) throw step.type === 'give-up' ? step.error : outcome;
    await pause(context.clock, step.waitMs, signal);
  }
}

/** The service wanted the account's profile, and it could be found out: the same account once more. */
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

/** For operations beside chat, which neither wait for a slot nor take one. */
export function operationPlan(
  { pool }: GatewayContext,
  whose: { readonly conversationId: string; readonly group?: string | undefined },
  more: Omit<LeasePlan, 'lease' | 'movesOn'>,
): LeasePlan {
  const { signal } = more;
  return {
    ...more,
    movesOn: 'if-absent',
    lease: ({ tried, refresh }) => pool.lease({ ...whose, modelId: undefined, tried, refresh, signal, control: true }),
  };
}
