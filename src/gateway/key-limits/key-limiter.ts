/**
 * Applies the limits of client keys: before a request is read, and when it has ended. A key without limits never gets here.
 */
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import type { RateLimits, RateWindow } from '../../core/rate-limits.ts';
import { isoTime } from '../../core/times.ts';
import { dayOf, monthOf, type Period } from '../../core/utc-periods.ts';
import type { Spent } from '../ledger/spending.ts';
import type { RequestObserver, RequestRecord } from '../request-record.ts';
import type { StoredKey } from '../stored-keys.ts';
import type { Begun, CountedLimit, KeyCounters, KeyUse, WindowUse } from './counters.ts';

export interface KeyLimiterOptions {
  readonly counters: KeyCounters;
  /** Credits that the key has used in the current day and month. Never rejects. */
  readonly spent: (key: string) => Promise<Spent>;
  /** The key of a client, if it has limits. */
  readonly keyOf: (client: string) => StoredKey | undefined;
  readonly clock: Clock;
}

export interface LimitCheck {
  /** Why the request may not begin; undefined: it may. */
  readonly refusal: GatewayError | undefined;
  readonly rates: RateLimits;
  /** Budgets of which most is used. */
  readonly warnings: readonly BudgetWarning[];
}

interface PeriodUse extends Period {
  readonly credits: number;
}

export interface CreditUse {
  readonly day: PeriodUse;
  readonly month: PeriodUse;
}

export interface LimitsUse {
  readonly counted: KeyUse | undefined;
  readonly credits: CreditUse | undefined;
}

export interface BudgetWarning {
  readonly period: 'day' | 'month';
  readonly used: number;
  readonly limit: number;
  readonly resetsAtMs: number;
}

/** The share of a budget from which on a header warns. */
const WARN_FROM = 0.8;
/** How long the end of a request may take to reach counters in another process. */
const ENDING_MS = 100;
/** A slot becomes free at any moment. */
const BUSY_RETRY_MS = 1_000;
/** Clients that cannot wait for so long give up, which is right: a budget may last for weeks. */
const MAX_RETRY_MS = 32 * 86_400_000;

export class KeyLimiter {
  readonly #options: KeyLimiterOptions;
  /** Slots of requests in progress, by request id. */
  readonly #slots = new Map<string, string>();

  constructor(options: KeyLimiterOptions) {
    this.#options = options;
  }

  /** `gone` aborts when the client leaves. */
  async admit(key: StoredKey, requestId: string, gone: AbortSignal): Promise<LimitCheck> {
    const { clock } = this.#options;
    const states = hasBudget(key) ? budgetStates(key, await this.#credits(key)) : [];
    const warnings = states.filter(({ used, limit }) => used >= limit * WARN_FROM);
    const spent = states.findLast(({ used, limit }) => used >= limit);
    if (spent) return { refusal: budgetError(spent, clock.now()), rates: {}, warnings };
    if (!hasCountedLimit(key)) return { refusal: undefined, rates: {}, warnings };
    const begun = await this.#begin(key, gone);
    if (begun.slot !== undefined) this.#hold(requestId, begun.slot, gone);
    const refusal = begun.reached && limitError(key, begun.reached, begun);
    return { refusal, rates: ratesOf(key, begun, clock.now()), warnings };
  }

  /** For the owner of the key. Undefined: the key has no such limit. */
  async use(key: StoredKey): Promise<LimitsUse> {
    const [counted, credits] = await Promise.all([
      hasCountedLimit(key) ? this.#options.counters.read(key.id) : undefined,
      hasBudget(key) ? this.#credits(key) : undefined,
    ]);
    return { counted, credits };
  }

  /** Ends the slot of a request that has ended, and counts its tokens. */
  readonly observe: RequestObserver = (record) => {
    this.#free(record);
    const { client, attempts } = record;
    const key = client === undefined ? undefined : this.#options.keyOf(client);
    if (key?.tokensPerMinute === undefined) return;
    // A reply that did not end has used something too.
    const usage = record.usage ?? attempts.findLast((attempt) => attempt.usage)?.usage;
    const tokens = usage ? Math.round(usage.inputTokens.value + usage.outputTokens.value) : 0;
    if (tokens > 0) this.#options.counters.charge(key.id, tokens);
  };

  /** What is used of the budgets of a key, the shortest period first. */
  async budgetsOf(key: StoredKey): Promise<readonly BudgetWarning[]> {
    return hasBudget(key) ? budgetStates(key, await this.#credits(key)) : [];
  }

  async #begin(key: StoredKey, gone: AbortSignal): Promise<Begun> {
    const { counters, clock } = this.#options;
    const begun = await counters.begin(key.id, key);
    if (begun.reached !== 'concurrency') return begun;
    // The end of the client's last request may still be on its way to the counters of another process.
    await clock.sleep(ENDING_MS, gone);
    return counters.begin(key.id, key);
  }

  async #credits({ id }: StoredKey): Promise<CreditUse> {
    const { spent, clock } = this.#options;
    const credits = await spent(id);
    const nowMs = clock.now();
    return {
      day: { ...dayOf(nowMs), credits: credits.day },
      month: { ...monthOf(nowMs), credits: credits.month },
    };
  }

  #hold(requestId: string, slot: string, gone: AbortSignal): void {
    // The end of a request that was abandoned meanwhile may have been observed already.
    if (gone.aborted) this.#options.counters.end(slot);
    else this.#slots.set(requestId, slot);
  }

  #free({ requestId, responseId, kind, error }: RequestRecord): void {
    // Most keys have no limit of this kind, and looking a new text up takes longer than the rest of the observer.
    const slot = this.#slots.size === 0 ? undefined : this.#slots.get(requestId);
    if (slot === undefined) return;
    // The request is answered, and its response is made in the background: it has a record of its own.
    if (kind === 'responses' && responseId === undefined && error === undefined) return;
    this.#slots.delete(requestId);
    this.#options.counters.end(slot);
  }
}

function hasCountedLimit({ requestsPerMinute, tokensPerMinute, concurrency }: StoredKey): boolean {
  return requestsPerMinute !== undefined || tokensPerMinute !== undefined || concurrency !== undefined;
}

function hasBudget({ creditsPerDay, creditsPerMonth }: StoredKey): boolean {
  return creditsPerDay !== undefined || creditsPerMonth !== undefined;
}

/** The shortest period first. */
function budgetStates({ creditsPerDay, creditsPerMonth }: StoredKey, { day, month }: CreditUse): BudgetWarning[] {
  return [...budgetState('day', creditsPerDay, day), ...budgetState('month', creditsPerMonth, month)];
}

function budgetState(period: BudgetWarning['period'], limit: number | undefined, use: PeriodUse): BudgetWarning[] {
  return limit === undefined ? [] : [{ period, used: use.credits, limit, resetsAtMs: use.endMs }];
}

function budgetError({ period, used, limit, resetsAtMs }: BudgetWarning, nowMs: number): GatewayError {
  const amount = `${rounded(used)} of ${rounded(limit)} credits a ${period}`;
  const message = `The budget of this API key is used up: ${amount}. It resets at ${isoTime(resetsAtMs)}. Until then, the owner of the gateway can raise it.`;
  return new GatewayError('budget_exhausted', message, { retryAfterMs: Math.min(resetsAtMs - nowMs, MAX_RETRY_MS) });
}

function rounded(credits: number): number {
  return Math.round(credits * 100) / 100;
}

const LIMIT_TEXTS: Readonly<Record<CountedLimit, string>> = {
  requestsPerMinute: 'requests a minute',
  tokensPerMinute: 'tokens a minute',
  concurrency: 'requests at once',
};

function limitError(key: StoredKey, reached: CountedLimit, { requests, tokens }: Begun): GatewayError {
  const window = reached === 'requestsPerMinute' ? requests : reached === 'tokensPerMinute' ? tokens : undefined;
  const retryAfterMs = window?.resetsInMs ?? BUSY_RETRY_MS;
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000));
  // Codex reads the time from a text of this form.
  const message = `This API key is limited to ${key[reached]} ${LIMIT_TEXTS[reached]}. Please try again in ${seconds}s.`;
  return new GatewayError('rate_limited', message, { retryAfterMs });
}

function ratesOf(key: StoredKey, { requests, tokens }: Begun, nowMs: number): RateLimits {
  return {
    requests: rateWindow(key.requestsPerMinute, requests, nowMs),
    tokens: rateWindow(key.tokensPerMinute, tokens, nowMs),
  };
}

function rateWindow(limit: number | undefined, use: WindowUse | undefined, nowMs: number): RateWindow | undefined {
  if (limit === undefined || use === undefined) return undefined;
  return { limit, remaining: Math.max(0, limit - use.used), resetsAtMs: nowMs + use.resetsInMs };
}
