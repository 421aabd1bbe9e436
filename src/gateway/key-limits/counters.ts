/**
 * Counts the requests, tokens and open requests of keys. The windows of a minute are those of rate-limiter-flexible: each
 * begins with the first request after the last one has ended. Processes that serve together share one set of counters.
 */
import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import type { KeyLimits } from '../stored-keys.ts';

export type CountedLimit = 'requestsPerMinute' | 'tokensPerMinute' | 'concurrency';
export type CountedLimits = Pick<KeyLimits, CountedLimit>;

/** The use of a limit in its current window. */
export interface WindowUse {
  readonly used: number;
  /** Milliseconds until the window ends; 0 if none has begun. */
  readonly resetsInMs: number;
}

export interface Begun {
  /** The limit that refuses the request; undefined: it may begin. */
  readonly reached: CountedLimit | undefined;
  /** With this request. Undefined without such a limit, and if an earlier one refuses the request. */
  readonly requests: WindowUse | undefined;
  readonly tokens: WindowUse | undefined;
  /** For `end`; undefined without a limit of concurrent requests. */
  readonly slot: string | undefined;
}

export interface KeyUse {
  readonly requests: WindowUse;
  readonly tokens: WindowUse;
  /** Requests in progress. */
  readonly open: number;
}

export interface KeyCounters {
  /** Counts a request of the key unless a limit refuses it. Never rejects because the database fails. */
  begin(key: string, limits: CountedLimits): Promise<Begun>;
  /** Ends a request. */
  end(slot: string): void;
  /** Counts the tokens of a reply. */
  charge(key: string, tokens: number): void;
  read(key: string): Promise<KeyUse>;
}

export interface Slots {
  /** An opaque name for `release`; undefined: `limit` slots of the key are in use. */
  take(key: string, limit: number): Promise<string | undefined>;
  release(slot: string): void;
  count(key: string): Promise<number>;
}

interface CounterParts {
  readonly requests: Windows;
  readonly tokens: Windows;
  readonly slots: Slots;
}

/** The part of a rate limiter that is used: its own limit is not, since every key has another one. */
type Windows = Pick<RateLimiterAbstract, 'penalty' | 'get'>;

export const WINDOW_S = 60;

export function createKeyCounters({ requests, tokens, slots }: CounterParts): KeyCounters {
  return {
    async begin(key, { requestsPerMinute, tokensPerMinute, concurrency }) {
      const usedTokens = tokensPerMinute === undefined ? undefined : useOf(await tokens.get(key));
      const refused = { requests: undefined, tokens: usedTokens, slot: undefined };
      if (usedTokens && tokensPerMinute !== undefined && usedTokens.used >= tokensPerMinute)
        return { ...refused, reached: 'tokensPerMinute' };
      const slot = concurrency === undefined ? undefined : await slots.take(key, concurrency);
      if (concurrency !== undefined && slot === undefined) return { ...refused, reached: 'concurrency' };
      if (requestsPerMinute === undefined) return { ...refused, slot, reached: undefined };
      const usedRequests = useOf(await requests.penalty(key));
      const begun = { requests: usedRequests, tokens: usedTokens };
      if (usedRequests.used <= requestsPerMinute) return { ...begun, slot, reached: undefined };
      if (slot !== undefined) slots.release(slot);
      return { ...begun, slot: undefined, reached: 'requestsPerMinute' };
    },
    end: (slot) => slots.release(slot),
    charge: (key, count) => void tokens.penalty(key, count).catch(() => {}),
    async read(key) {
      const [usedRequests, usedTokens, open] = await Promise.all([
        requests.get(key),
        tokens.get(key),
        slots.count(key),
      ]);
      return { requests: useOf(usedRequests), tokens: useOf(usedTokens), open };
    },
  };
}

function useOf(result: RateLimiterRes | null): WindowUse {
  // A window in memory stays a moment longer than it lasts.
  if (!result || result.msBeforeNext <= 0) return { used: 0, resetsInMs: 0 };
  return { used: result.consumedPoints, resetsInMs: result.msBeforeNext };
}

/** For a single process. */
class MemorySlots implements Slots {
  readonly #open = new Map<string, number>();

  async take(key: string, limit: number): Promise<string | undefined> {
    const open = this.#open.get(key) ?? 0;
    if (open >= limit) return undefined;
    this.#open.set(key, open + 1);
    return key;
  }

  /** The name of a slot is that of its key. */
  release(key: string): void {
    const open = this.#open.get(key) ?? 0;
    if (open <= 1) this.#open.delete(key);
    else this.#open.set(key, open - 1);
  }

  async count(key: string): Promise<number> {
    return this.#open.get(key) ?? 0;
  }
}

/** Counters of this process alone. The library is loaded with the first one, since few gateways have limits. */
export async function createMemoryCounters(): Promise<KeyCounters> {
  return createKeyCounters(await createMemoryParts());
}

export async function createMemoryParts() {
  const { RateLimiterMemory } = await import('rate-limiter-flexible');
  const windows = () => new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: WINDOW_S });
  return { requests: windows(), tokens: windows(), slots: new MemorySlots() };
}

/** Creates the counters when the first limited key is used. */
export function lazyCounters(create: () => Promise<KeyCounters>): KeyCounters {
  let creating: Promise<KeyCounters> | undefined;
  const counters = () => {
    creating ??= create();
    return creating;
  };
  return {
    begin: async (key, limits) => (await counters()).begin(key, limits),
    end: (slot) => void counters().then((created) => created.end(slot)),
    charge: (key, tokens) => void counters().then((created) => created.charge(key, tokens)),
    read: async (key) => (await counters()).read(key),
  };
}
