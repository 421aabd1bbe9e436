/** Builds what limits client keys: counters in the database that replicas share, else in the process that serves. */
import type { Clock } from './core/clock.ts';
import type { Log } from './core/log.ts';
import type { ApiKeys } from './gateway/api-keys.ts';
import { KeyBudgets } from './gateway/key-limits/budgets.ts';
import { createMemoryCounters, type KeyCounters, lazyCounters } from './gateway/key-limits/counters.ts';
import { KeyLimiter } from './gateway/key-limits/key-limiter.ts';
import type { Store } from './storage/open.ts';

interface KeyLimiterParts {
  readonly store: Store;
  readonly apiKeys: ApiKeys;
  readonly clock: Clock;
  readonly log: Log;
  readonly resources: AsyncDisposableStack;
}

/** `ofWorkers`: the counters that workers of one machine share. */
export function composeKeyLimiter(parts: KeyLimiterParts, ofWorkers: KeyCounters | undefined): KeyLimiter {
  const { apiKeys, clock, log } = parts;
  return new KeyLimiter({
    counters: lazyCounters(() => createCounters(parts, ofWorkers)),
    budgets: new KeyBudgets({ readCredits: async () => [], clock, log }),
    keyOf: (client) => apiKeys.restrictedKey(client),
    clock,
  });
}

async function createCounters(
  { store, resources }: KeyLimiterParts,
  ofWorkers: KeyCounters | undefined,
): Promise<KeyCounters> {
  if (!store.keyCounters) return ofWorkers ?? createMemoryCounters();
  const { counters, close } = await store.keyCounters();
  resources.defer(close);
  return counters;
}
