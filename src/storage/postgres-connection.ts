/**
 * Adapts a pool's connections to Kysely. The client library leaves a timed-out query running on its connection, where the
 * next query would wait for it, so such a connection is discarded.
 */
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type pg from 'pg';
import { isSilence } from './retry.ts';

export function poolFor(pool: pg.Pool): PostgresPool {
  return {
    connect: async () => new Connection(await pool.connect()),
    end: () => pool.end(),
    options: pool.options,
  };
}

class Connection implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  #silence: unknown;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    text: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof text !== 'string') throw new Error('cursors are not supported');
    return this.#ask<R>(text, parameters);
  }

  release(destroy = false): void {
    this.#client.release(destroy || this.#silence !== undefined);
  }

  async #ask<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    // A rollback would wait as long again; closing the session rolls back too.
    if (this.#silence !== undefined) throw this.#silence;
    try {
      const answer = await this.#client.query<R & pg.QueryResultRow>(text, [...parameters]);
      // Kysely's type of the same result lists the commands.
      return answer as PostgresQueryResult<R>;
    } catch (cause) {
      if (isSilence(cause)) this.#silence = cause;
      throw cause;
    }
  }
}
