/** The attempts of a request, as its record has them. */
import type { Choice } from '../accounts/choice.ts';
import type { GatewayError } from '../core/errors.ts';
import type { Usage } from '../core/usage.ts';

/** One use of one account for a request. */
export interface AttemptRecord {
  /** Undefined if no account could be leased. */
  readonly accountId: string | undefined;
  readonly accountLabel: string | undefined;
  readonly wireProfile: string | undefined;
  /** Why this account was chosen. */
  readonly choice: Choice | undefined;
  /** When the account was leased, in milliseconds since the epoch. */
  readonly startedMs: number;
  /** Undefined while the attempt runs. */
  endedMs: number | undefined;
  /** Undefined after a success. */
  error: GatewayError | undefined;
  /** The service's id of the model; undefined until it is known. */
  modelId: string | undefined;
  upstreamRequestId: string | undefined;
  /** Of the model, as the catalogue has it; undefined: unknown. */
  rateMultiplier: number | undefined;
  /** It repeats a refused request under the safest readings of the rules. */
  firstAid?: boolean;
  /** What a reply that broke off or was abandoned had used until then. */
  usage: Usage | undefined;
}

interface AttemptLease {
  readonly accountId: string;
  readonly accountLabel?: string;
  readonly access: { readonly wireProfile: string };
  readonly choice?: Choice;
}

/** More than the retries of one request; those of many choices and search rounds are cut. */
const MAX_ATTEMPTS = 128;

/** Adds an attempt that begins now. `attempts`: of the request's record; undefined: not recorded. */
export function beginAttempt(
  attempts: AttemptRecord[] | undefined,
  lease: AttemptLease,
  nowMs: number,
): AttemptRecord | undefined {
  if (attempts === undefined || attempts.length >= MAX_ATTEMPTS) return undefined;
  const attempt: AttemptRecord = {
    accountId: lease.accountId,
    accountLabel: lease.accountLabel,
    wireProfile: lease.access.wireProfile,
    choice: lease.choice,
    startedMs: nowMs,
    endedMs: undefined,
    error: undefined,
    modelId: undefined,
    upstreamRequestId: undefined,
    rateMultiplier: undefined,
    usage: undefined,
  };
  attempts.push(attempt);
  return attempt;
}

/** Only the first end counts. */
export function endAttempt(attempt: AttemptRecord | undefined, error: GatewayError | undefined, nowMs: number): void {
  if (attempt === undefined || attempt.endedMs !== undefined) return;
  attempt.endedMs = nowMs;
  attempt.error = error;
  attempt.upstreamRequestId ??= error?.upstream?.requestId;
}

/** Adds an attempt that failed before an account was leased, if the error names the account. */
export function addFailedLease(attempts: AttemptRecord[] | undefined, error: GatewayError, nowMs: number): void {
  if (attempts === undefined || error.accountId === undefined || attempts.length >= MAX_ATTEMPTS) return;
  attempts.push({
    accountId: error.accountId,
    accountLabel: undefined,
    wireProfile: undefined,
    choice: undefined,
    startedMs: nowMs,
    endedMs: nowMs,
    error,
    modelId: undefined,
    upstreamRequestId: undefined,
    rateMultiplier: undefined,
    usage: undefined,
  });
}
