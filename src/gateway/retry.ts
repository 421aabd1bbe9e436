/**
 * Decides what to try after an attempt that failed before the reply's first visible byte. Follows the retry column of the
 * error table, with limits. Knows neither sockets nor accounts, so that it can be tested row by row.
 */
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import { unreachable } from '../core/unreachable.ts';
import type { Lease } from './ports.ts';

/** Attempts for all reasons except failures of an account itself, which lead to another account. */
const MAX_ATTEMPTS = 8;
const MAX_ACCOUNTS = 100;

/** The client waits without any output meanwhile. For longer pauses it receives the error with `retry-after`. */
const MAX_RETRY_AFTER_MS = 20_000;

interface BackOff {
  /** How often the request is repeated. */
  readonly times: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

/** An overloaded service needs seconds (official clients double 1 s up to 10 s), a broken connection far less. */
const OVERLOADED: BackOff = { times: 2, baseMs: 1_000, maxMs: 10_000 };
const DISCONNECTED: BackOff = { times: 2, baseMs: 200, maxMs: 2_000 };
const BACK_OFF: Partial<Record<ErrorCode, BackOff>> = {
  upstream_throttled: OVERLOADED,
  upstream_overloaded: OVERLOADED,
  credential_unavailable: DISCONNECTED,
  empty_reply: { ...DISCONNECTED, times: 1 },
};

export type NextStep =
  | { readonly type: 'again'; readonly waitMs: number }
  | { readonly type: 'give-up'; readonly error: GatewayError };

const AGAIN_AT_ONCE: NextStep = { type: 'again', waitMs: 0 };

export class RetryPlan {
  /** Accounts that have already failed this request. */
  readonly tried = new Set<string>();
  /** Those of `tried` that could not even be leased. */
  #notLeased: Set<string> | undefined = undefined;
  /** True if the next lease needs a new access token. */
  refresh = false;
  withoutReasoningHistory = false;
  #triedWithoutDocuments = false;
  #triedAtLowestEffort = false;
  #refreshed: Set<string> | undefined = undefined;
  #repeats: Map<ErrorCode, number> | undefined = undefined;
  readonly #random: () => number;
  readonly #isPaced: boolean;
  #attempts = 0;
  #accounts = 0;
  #last: GatewayError | undefined = undefined;

  /**
   * `isPaced`: the pool paces the leases, so that a throttled account is not leased again too soon: the pool leases another
   * one, or waits.
   */
  constructor(random: () => number, isPaced = false) {
    this.#random = random;
    this.#isPaced = isPaced;
  }

  /** Reports a new token that is rejected again as a bad credential or missing permission; returns other errors as they are. */
  classify(error: GatewayError, lease: Pick<Lease, 'accountId' | 'refusal'> | undefined): GatewayError {
    if (error.policy.retry !== 'after-refresh' || lease === undefined || !this.#refreshed?.has(lease.accountId))
      return error;
    const { message, upstream } = error;
    if (!isAboutToken(upstream)) return new GatewayError('permission_denied', message, { cause: error, upstream });
    return new GatewayError(
      'credential_rejected',
      `The upstream rejected a new access token. ${lease.refusal ?? 'Sign in again with `dragoman login`.'}`,
      { cause: error, upstream: error.upstream },
    );
  }

  /** `accountId`: undefined if there was no lease. */
  after(error: GatewayError, accountId: string | undefined): NextStep {
    if (error.policy.retry === 'other-account') this.#accounts++;
    else this.#attempts++;
    this.refresh = false;
    const last = this.#last;
    this.#last = error;
    if (accountId === undefined && error.accountId !== undefined) return this.#leaseAnother(error, error.accountId);
    if (accountId === undefined && error.code === 'credential_unavailable') return this.#leaseAgain(error, last);
    if (accountId === undefined && isNoneLeft(error))
      return { type: 'give-up', error: last ? withLastFailure(error, last) : error };
    if (this.#attempts >= MAX_ATTEMPTS || this.#accounts >= MAX_ACCOUNTS) return { type: 'give-up', error };
    if (error.code === 'signature_invalid' && !this.withoutReasoningHistory) {
      this.withoutReasoningHistory = true;
      return AGAIN_AT_ONCE;
    }
    // The refusal is recorded by now, so the next attempt requests the lowest effort instead.
    if (error.code === 'thinking_required' && !this.#triedAtLowestEffort) {
      this.#triedAtLowestEffort = true;
      return AGAIN_AT_ONCE;
    }
    if (error.code === 'documents_refused' && !this.#triedWithoutDocuments) {
      this.#triedWithoutDocuments = true;
      return AGAIN_AT_ONCE;
    }
    const { retry } = error.policy;
    switch (retry) {
      case 'never':
        return { type: 'give-up', error };
      case 'other-account':
        if (accountId !== undefined) this.tried.add(accountId);
        return AGAIN_AT_ONCE;
      case 'after-refresh':
        if (accountId === undefined) return { type: 'give-up', error };
        this.#refreshed ??= new Set();
        this.#refreshed.add(accountId);
        this.refresh = true;
        return AGAIN_AT_ONCE;
      case 'same-account':
        return this.#backOff(error, accountId !== undefined);
      default:
        return unreachable(retry);
    }
  }

  /** Nothing was sent: another account may have a token or keys. */
  #leaseAnother(error: GatewayError, accountId: string): NextStep {
    this.#notLeased ??= new Set();
    this.#notLeased.add(accountId);
    this.tried.add(accountId);
    return this.#accounts >= MAX_ACCOUNTS ? { type: 'give-up', error } : AGAIN_AT_ONCE;
  }

  /** All remaining accounts lack a token or keys. Waits briefly, since the reason may be a short network failure. */
  #leaseAgain(error: GatewayError, last: GatewayError | undefined): NextStep {
    const step = this.#backOff(error, false);
    if (step.type === 'give-up') return { type: 'give-up', error: last ? withLastFailure(error, last) : error };
    for (const id of this.#notLeased ?? []) this.tried.delete(id);
    this.#notLeased?.clear();
    return step;
  }

  #backOff(error: GatewayError, hasAccount: boolean): NextStep {
    const { times, baseMs, maxMs } = BACK_OFF[error.code] ?? DISCONNECTED;
    const repeats = this.#repeats?.get(error.code) ?? 0;
    const isPacedByPool = this.#isPaced && hasAccount && error.code === 'upstream_throttled';
    const waitMs = isPacedByPool ? 0 : this.#waitMs(error, Math.min(maxMs, baseMs * 2 ** repeats));
    if (repeats >= times || waitMs > MAX_RETRY_AFTER_MS) return { type: 'give-up', error };
    this.#repeats ??= new Map();
    this.#repeats.set(error.code, repeats + 1);
    return { type: 'again', waitMs };
  }

  #waitMs({ retryAfterMs }: GatewayError, usualMs: number): number {
    return retryAfterMs ?? jitter(usualMs, this.#random());
  }
}

/** A 403 may have many reasons: it counts as a rejected token only if it mentions a token or credential. */
function isAboutToken(failure: GatewayError['upstream']): boolean {
  return !failure || failure.status === 401 || /token|credential/i.test(`${failure.name} ${failure.message}`);
}

/** True for the pool's errors that no account is left to try. A rejected credential is that of one account only. */
function isNoneLeft({ code, policy }: GatewayError): boolean {
  return (
    code === 'no_account' || code === 'accounts_busy' || (policy.blame === 'account' && code !== 'credential_rejected')
  );
}

/** Prefers the last account's failure, which the user can act on, with the time at which an account is available again. */
function withLastFailure(none: GatewayError, last: GatewayError): GatewayError {
  if (none.retryAfterMs === undefined) return last;
  const isSame = last.code === none.code || (none.code === 'accounts_busy' && last.code === 'upstream_throttled');
  if (!isSame) return none;
  const { code, message, upstream, retryAfterMs = none.retryAfterMs } = last;
  return new GatewayError(code, message, { retryAfterMs, upstream, cause: last });
}

/** Up to a quarter more or less, so that clients that failed together do not retry together. */
function jitter(ms: number, random: number): number {
  return Math.round(ms * (0.75 + random / 2));
}
