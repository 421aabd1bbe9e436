/**
 * The use of client keys, shared by all replicas on one PostgreSQL server. While the server fails, each process counts for
 * itself, so that keys stay limited and clients are served.
 */
import { CompiledQuery } from 'kysely';
import { createKeyCounters, createMemoryParts, type KeyCounters, WINDOW_S } from '../gateway/key-limits/counters.ts';
import type { Database } from './database.ts';
import { SharedSlots } from './key-slots.ts';

/** The library is loaded with the first limited key, since few gateways have limits. */
export async function createSharedCounters(database: Database): Promise<KeyCounters> {
  const { RateLimiterPostgres } = await import('rate-limiter-flexible');
  const own = await createMemoryParts();
  const shared = {
    storeClient: libraryClient(database),
    storeType: 'client',
    tableName: 'key_windows',
    tableCreated: true,
    points: Number.MAX_SAFE_INTEGER,
    duration: WINDOW_S,
  };
  return createKeyCounters({
    requests: new RateLimiterPostgres({ ...shared, keyPrefix: 'requests', insuranceLimiter: own.requests }),
    tokens: new RateLimiterPostgres({ ...shared, keyPrefix: 'tokens', insuranceLimiter: own.tokens }),
    slots: new SharedSlots(database, own.slots),
  });
}

interface LibraryQuery {
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** Lets the library query through the store's own connections, as pg's client does. */
function libraryClient({ db }: Database) {
  return {
    async query({ text, values = [] }: LibraryQuery) {
      const { rows } = await db.executeQuery(CompiledQuery.raw(text, [...values]));
      return { rows, rowCount: rows.length };
    },
  };
}
