/**
 * Builds what limits client keys, which only servers do: counters in the database that replicas share, else in the process
 * that serves; and budgets, from the ledger.
 */
import type { Composed } from './compose.ts';
import type { ComposedLedger } from './compose-ledger.ts';
import type { Clock } from './core/clock.ts';
import { createMemoryCounters, type KeyCounters, lazyCounters } from './gateway/key-limits/counters.ts';
import { KeyLimiter } from './gateway/key-limits/key-limiter.ts';
import type { Ledger } from './gateway/ledger/ledger.ts';
import { creditsOf } from './gateway/ledger/row.ts';
import { Spending } from './gateway/ledger/spending.ts';
import type { RequestObserver } from './gateway/request-record.ts';
import type { ReadClientDays } from './http/client-usage-contract.ts';

export interface ComposedKeyLimits {
  readonly keyLimiter: KeyLimiter;
  /** Undefined: the ledger is off. */
  readonly clientDays: ReadClientDays | undefined;
  readonly observe: RequestObserver;
}

/** `ofWorkers`: the counters that workers of one machine share. */
export function composeKeyLimits(
  { store, apiKeys }: Pick<Composed, 'store' | 'apiKeys'>,
  composedLedger: ComposedLedger,
  clock: Clock,
  ofWorkers: KeyCounters | undefined,
): ComposedKeyLimits {
  const createCounters = async () => {
    if (store.keyCounters) return store.keyCounters();
    return ofWorkers ?? createMemoryCounters();
  };
  const { ledger, known } = composedLedger;
  // Without a ledger, only this process's requests since its start count.
  const own = new Spending(() => clock.now());
  const keyLimiter = new KeyLimiter({
    counters: lazyCounters(createCounters),
    async spent(key) {
      if (!ledger) return own.spent(key);
      await known;
      return ledger.spent(key);
    },
    keyOf: (client) => apiKeys.restrictedKey(client),
    clock,
  });
  const observe: RequestObserver = (record) => {
    keyLimiter.observe(record);
    const { client, receivedMs } = record;
    if (!ledger && client !== undefined) own.add(client, { receivedMs, credits: creditsOf(record) });
  };
  return { keyLimiter, clientDays: ledger && readDaysFrom(ledger), observe };
}

const MAX_DAYS = 366;

function readDaysFrom(ledger: Ledger): ReadClientDays {
  return async (client, fromMs) => {
    const store = await ledger.opened();
    const buckets = await store.history({ by: 'day', dimensions: [], keys: [client], fromMs, limit: MAX_DAYS });
    return buckets.map(({ startMs, requests, errors, inputTokens, outputTokens, credits }) => {
      return { startMs, requests, errors, inputTokens, outputTokens, credits };
    });
  };
}
