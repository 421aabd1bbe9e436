/**
 * PostgreSQL, for several replicas. Locks are session-level advisory locks, so a replica that dies releases them. Changes
 * by other processes arrive through LISTEN; a trigger sends the notifications, so no writer can omit them.
 * https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
 */
import { createHash, randomBytes } from 'node:crypto';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { QueueFullError, retryUntil, Semaphore, withinTime } from '../core/async.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Database } from './database.ts';
import { poolFor } from './postgres-connection.ts';
import { lockedTooLong, unavailable, withRetry } from './retry.ts';
import type { Tables } from './schema.ts';
import { inTransaction } from './transaction.ts';

const MAX_CONNECTIONS = 10;
/** Separate from the query connections, because a lock holder still needs one of those to finish. */
const MAX_LOCK_CONNECTIONS = 6;
const CONNECT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 60_000;
const LOCK = 'select pg_advisory_lock($1::bigint)';
/** Queries take milliseconds; a server silent for this long hangs or is unreachable. */
const QUERY_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 5_000;
const MIGRATIONS_PAUSE_MS = 50;
const RECONNECT_AFTER_MS = 1_000;
const CHANNEL = 'dragoman_accounts';
const TRIGGER = 'dragoman_accounts_changed';
/** PostgreSQL's `lock_not_available`. */
const LOCK_NOT_AVAILABLE = '55P03';
const INT8_OID = 20;

/** Connects at the first query, which also reports a wrong address. */
export function openPostgres(url: string, clock: Clock, queryTimeoutMs = QUERY_TIMEOUT_MS): Database {
  const name = `dragoman ${randomBytes(8).toString('hex')}`;
  const config = { ...CONNECTION, connectionString: url, application_name: name, query_timeout: queryTimeoutMs };
  const pool = createPool({ ...config, max: MAX_CONNECTIONS });
  const lockPool = createPool({ ...config, max: MAX_LOCK_CONNECTIONS });
  const turns = new Semaphore(MAX_LOCK_CONNECTIONS);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: poolFor(pool) }) });
  const listener = createListener(config, name, clock);
  return {
    db,
    clock,
    isInMemory: false,
    isShared: true,
    columns: { bytes: 'bytea', integer: 'bigint' },
    hasTable: async (table) => {
      const { rows } = await sql<{ found: string | null }>`select to_regclass(${table})::text as found`.execute(db);
      return typeof rows[0]?.found === 'string';
    },
    prepare: () => listener.start(),
    exclusively: (work) =>
      inTransaction(db, sql`begin`, async (connection) => {
        await acquireForMigrations(connection, clock);
        return work(connection);
      }),
    // https://www.postgresql.org/docs/current/wal-async-commit.html
    withoutSync: (work) =>
      inTransaction(db, sql`begin`, async (connection) => {
        await sql`set local synchronous_commit = off`.execute(connection);
        return work(connection);
      }),
    complete: createTriggers,
    lock: (names, work) => inTurn(turns, () => withAdvisoryLocks(lockPool, clock, names, work)),
    checkFile() {},
    changeMark: listener.mark,
    latestChangeMark: listener.latestMark,
    async close() {
      // Kysely ends only a pool that it has used.
      const ended = db.destroy().then(() => (pool.ending ? undefined : pool.end()));
      // Do not wait for a server that hangs.
      await withinTime(clock, CLOSE_TIMEOUT_MS, Promise.all([listener.stop(), ended, lockPool.end()]));
    },
  };
}

/** Polls, because waiting within the server would look like a server that hangs. */
async function acquireForMigrations(connection: Kysely<Tables>, clock: Clock): Promise<void> {
  const isPassing = (cause: unknown) => cause instanceof GatewayError;
  await retryUntil({ clock, maxWaitMs: LOCK_TIMEOUT_MS, pauseMs: MIGRATIONS_PAUSE_MS, isPassing }, async () => {
    const { rows } = await sql<{ readonly isOurs: boolean }>`
      select pg_try_advisory_xact_lock(${lockKey('migrations')}::bigint) as "isOurs"`.execute(connection);
    if (!rows[0]?.isOurs) throw lockedTooLong();
  });
}

const CONNECTION = {
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  keepAlive: true,
  types: {
    /** Milliseconds and counters stay far below 2^53, where a number is exact. */
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      oid === INT8_OID && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format),
  },
} as const;

/** The pool replaces a broken connection at the next query; without a listener its error would end the process. */
function createPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(config);
  pool.on('error', ignore);
  pool.on('connect', (client) => void client.on('error', ignore));
  return pool;
}

/** Callers wait here instead of for a connection, which the pool would report as a server that hangs. */
async function inTurn<T>(turns: Semaphore, work: () => Promise<T>): Promise<T> {
  try {
    // Current holders may keep their locks while the database is failing.
    return await turns.run(work, AbortSignal.timeout(LOCK_TIMEOUT_MS));
  } catch (cause) {
    throw cause instanceof QueueFullError ? lockedTooLong() : cause;
  }
}

async function withAdvisoryLocks<T>(
  pool: pg.Pool,
  clock: Clock,
  names: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const client = await withRetry(clock, () => pool.connect());
  // A connection that breaks while `work` runs releases the lock; the row's version guards the write.
  let isClean = false;
  try {
    await acquire(client, names);
    const result = await work();
    isClean = await client.query('select pg_advisory_unlock_all()').then(
      () => true,
      () => false,
    );
    return result;
  } finally {
    // Ending the session releases everything it holds.
    client.release(!isClean);
  }
}

async function acquire(client: pg.PoolClient, names: readonly string[]): Promise<void> {
  try {
    await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
    // Sorted, so that two processes cannot deadlock.
    for (const key of names.map(lockKey).sort()) {
      const values = [key];
      // The server's own timeout fires first.
      const query = { text: LOCK, values, query_timeout: LOCK_TIMEOUT_MS + QUERY_TIMEOUT_MS };
      await client.query(query);
    }
  } catch (cause) {
    const isTimeout = cause instanceof Error && 'code' in cause && cause.code === LOCK_NOT_AVAILABLE;
    throw isTimeout ? lockedTooLong() : unavailable(cause);
  }
}

function ignore(): void {}

/** 64 bits, which almost certainly differ from the lock keys of other programs on the server. */
function lockKey(name: string): string {
  return createHash('sha256').update(`dragoman ${name}`).digest().readBigInt64BE().toString();
}

/** Tables whose rows every process caches. */
const WATCHED = ['accounts', 'client_keys', 'settings'] as const;

/** Notifications name the writer, so that a process does not reload its own changes. */
async function createTriggers(connection: Kysely<Tables>): Promise<void> {
  const watched = await sql<{ readonly relation: string }>`
    select tgrelid::regclass::text as relation from pg_trigger where tgname = ${TRIGGER}`.execute(connection);
  const missing = WATCHED.filter((table) => !watched.rows.some(({ relation }) => relation === table));
  if (missing.length === 0) return;
  await sql`create or replace function dragoman_tell_accounts() returns trigger language plpgsql as $$
    begin perform pg_notify(${sql.lit(CHANNEL)}, current_setting('application_name')); return null; end $$`.execute(
    connection,
  );
  for (const table of missing) {
    await sql`create trigger ${sql.ref(TRIGGER)} after insert or update or delete on ${sql.table(table)}
      for each statement execute function dragoman_tell_accounts()`.execute(connection);
  }
}

/** A connection that only listens. Notifications are lost while it is down, so a reconnect counts as a change. */
function createListener(config: pg.ClientConfig, ownName: string, clock: Clock) {
  let mark = 0;
  let client: pg.Client | undefined;
  let cancelReconnect: Cancel | undefined;
  let isStopped = false;

  const connect = async () => {
    const next = new pg.Client(config);
    next.on('notification', ({ payload }) => {
      if (payload !== ownName) mark += 1;
    });
    next.on('error', () => {});
    next.on('end', () => {
      if (isStopped || client !== next) return;
      client = undefined;
      later();
    });
    try {
      await next.connect();
      await next.query(`listen ${CHANNEL}`);
    } catch (cause) {
      void next.end().catch(ignore);
      throw cause;
    }
    // Stopped in the meantime, or started twice.
    if (isStopped || client) return void next.end().catch(ignore);
    client = next;
    mark += 1;
  };
  const later = () => {
    cancelReconnect = clock.schedule(RECONNECT_AFTER_MS, () => void connect().catch(() => isStopped || later()));
  };
  return {
    mark: () => mark,
    /** The server sends pending notifications before the result of a query on the same connection. */
    async latestMark() {
      try {
        if (!client) return Number.NaN;
        await client.query('select 1');
        return mark;
      } catch {
        return Number.NaN;
      }
    },
    /** May be called again after a failure or while listening, because opening the store is retried. */
    start: async () => {
      if (!client) await connect();
    },
    async stop() {
      isStopped = true;
      cancelReconnect?.();
      await client?.end();
    },
  };
}
