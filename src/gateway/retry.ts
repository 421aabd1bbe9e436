/**
 * What to try after a failed attempt, before the reply's first visible byte. Follows the retry column of the error
 * table and bounds it; knows neither sockets nor accounts, so that every row can be tested as a table.
 */
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import { unreachable } from '../core/unreachable.ts';
import type { Lease } from './ports.ts';

/** Over all reasons but one: an account which fails for reasons of its own is left for another. */
const MAX_ATTEMPTS = 8;
const MAX_ACCOUNTS = 100;

/** A client waits in silence meanwhile: longer pauses are its own to make, with our `retry-after` in hand. */
const MAX_RETRY_AFTER_MS = 20_000;

interface BackOff {
  /** How often the same account is asked again. */
  readonly times: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

/** A crowded service needs seconds (the official clients: 1 s doubling to 10 s); a broken connection none to speak of. */
const CROWDED: BackOff = { times: 2, baseMs: 1_000, maxMs: 10_000 };
const BROKEN: BackOff = { times: 2, baseMs: 200, maxMs: 2_000 };
const BACK_OFF: Partial<Record<ErrorCode, BackOff>> = {
  upstream_throttled: CROWDED,
  upstream_overloaded: CROWDED,
  credential_unavailable: BROKEN,
  empty_reply: { ...BROKEN, times: 1 },
};

export type NextStep =
  | { readonly type: 'again'; readonly waitMs: number }
  | { readonly type: 'give-up'; readonly error: GatewayError };

const AGAIN_AT_ONCE: NextStep = { type: 'again', waitMs: 0 };

export class RetryPlan {
  /** Accounts which already failed this request. */
  readonly tried = new Set<string>();
  /** Of these, the ones that could not even be leased. */
  readonly #notLeased = new Set<string>();
  /** The next lease needs a new access token. */
  refresh = false;
  withoutReasoningHistory = false;
  #triedWithoutDocuments = false;
  #triedAtLowestEffort = false;
  readonly #refreshed = new Set<string>();
  readonly #repeats = new Map<ErrorCode, number>();
  readonly #random: () => number;
  readonly #isPaced: boolean;
  #attempts = 0;
  #accounts = 0;
  #last: GatewayError | undefined;

  /**
   * `isPaced`: the leases are, so that an account which was told to slow down is not lent again too soon: others step in,
   * or the pool waits as long as it must.
   */
  constructor(random: () => number, isPaced = false) {
    this.#random = random;
    this.#isPaced = isPaced;
  }

  /** A token refused again although it is new: then the credential itself is bad, or it is not about the token. */
  judge(error: GatewayError, lease: Pick<Lease, 'accountId' | 'refusal'> | undefined): GatewayError {
    if (error.policy.retry !== 'after-refresh' || lease === undefined || !this.#refreshed.has(lease.accountId))
      return error;
    const { message, upstream } = error;
    if (!isAboutToken(upstream)) return new GatewayError('permission_denied', message, { cause: error, upstream });
    return new GatewayError(
      'credential_rejected',
      `The upstream refused a freshly made access token. ${lease.refusal ?? 'Sign in again with `dragoman login`.'}`,
      { cause: error, upstream: error.upstream },
    );
  }

  /** `accountId`: undefined when there was no lease. */
  after(error: GatewayError, accountId: string | undefined): NextStep {
    if (error.policy.retry === 'other-account') this.#accounts++;
    else this.#attempts++;
    this.refresh = false;
    const last = this.#last;
    this.#last = error;
    if (accountId === undefined && error.accountId !== undefined) return this.#leaseAnother(error, error.accountId);
    if (accountId === undefined && error.code === 'credential_unavailable') return this.#leaseAgain(error, last);
    if (accountId === undefined && saysThatNoneIsLeft(error))
      return { type: 'give-up', error: last ? withWords(error, last) : error };
    if (this.#attempts >= MAX_ATTEMPTS || this.#accounts >= MAX_ACCOUNTS) return { type: 'give-up', error };
    if (error.code === 'signature_invalid' && !this.withoutReasoningHistory) {
      this.withoutReasoningHistory = true;
      return AGAIN_AT_ONCE;
    }
    // The refusal is remembered by then: the next request asks for the lowest effort instead.
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
        this.#refreshed.add(accountId);
        this.refresh = true;
        return AGAIN_AT_ONCE;
      case 'same-account':
        return this.#backOff(error, accountId !== undefined);
      default:
        return unreachable(retry);
    }
  }

  /** Nothing was sent: another account may have what this one could not obtain. */
  #leaseAnother(error: GatewayError, accountId: string): NextStep {
    this.#notLeased.add(accountId);
    this.tried.add(accountId);
    return this.#accounts >= MAX_ACCOUNTS ? { type: 'give-up', error } : AGAIN_AT_ONCE;
  }

  /** Every account that is left lacks a token or keys: worth a short wait, since connections break for a moment. */
  #leaseAgain(error: GatewayError, last: GatewayError | undefined): NextStep {
    const step = this.#backOff(error, false);
    if (step.type === 'give-up') return { type: 'give-up', error: last ? withWords(error, last) : error };
    for (const id of this.#notLeased) this.tried.delete(id);
    this.#notLeased.clear();
    return step;
  }

  #backOff(error: GatewayError, isAccountsOwn: boolean): NextStep {
    const { times, baseMs, maxMs } = BACK_OFF[error.code] ?? BROKEN;
    const repeats = this.#repeats.get(error.code) ?? 0;
    const isForThePool = this.#isPaced && isAccountsOwn && error.code === 'upstream_throttled';
    const waitMs = isForThePool ? 0 : this.#waitMs(error, Math.min(maxMs, baseMs * 2 ** repeats));
    if (repeats >= times || waitMs > MAX_RETRY_AFTER_MS) return { type: 'give-up', error };
    this.#repeats.set(error.code, repeats + 1);
    return { type: 'again', waitMs };
  }

  #waitMs({ retryAfterMs }: GatewayError, usualMs: number): number {
    return retryAfterMs ?? jitter(usualMs, this.#random());
  }
}

/** A 403 may have many reasons; without any hint at a token the credential is not given up for it. */
function isAboutToken(failure: GatewayError['upstream']): boolean {
  return !failure || failure.status === 401 || /token|credential/i.test(`${failure.name} ${failure.message}`);
}

/** The pool's own refusals: there is none left to try. A dead credential is one account's, and others may follow. */
function saysThatNoneIsLeft({ code, policy }: GatewayError): boolean {
  return (
    code === 'no_account' || code === 'accounts_busy' || (policy.blame === 'account' && code !== 'credential_rejected')
  );
}

/** "None is left" hides what the last account said, which is what the user can act on; but not when it is over. */
function withWords(none: GatewayError, last: GatewayError): GatewayError {
  if (none.retryAfterMs === undefined) return last;
  const isSame = last.code === none.code || (none.code === 'accounts_busy' && last.code === 'upstream_throttled');
  if (!isSame) return none;
  const { code, message, upstream, retryAfterMs = none.retryAfterMs } = last;
  return new GatewayError(code, message, { retryAfterMs, upstream, cause: last });
}

/** Up to a quarter more or less, so that clients which failed together don't come back together. */
function jitter(ms: number, random: number): number {
  return Math.round(ms * (0.75 + random / 2));
}
