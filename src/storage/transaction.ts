/** Runs a transaction on one connection, with a database-specific BEGIN statement. */
import type { Kysely, RawBuilder } from 'kysely';
import { sql } from 'kysely';

/** `begin`: statements to run, in order. Rejects as `work` does, after rolling back. */
export function inTransaction<Tables, T>(
  db: Kysely<Tables>,
  begin: RawBuilder<unknown>,
  work: (connection: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  return db.connection().execute(async (connection) => {
    await begin.execute(connection);
    try {
      const result = await work(connection);
      await sql`commit`.execute(connection);
      return result;
    } catch (cause) {
      // A broken connection has rolled back by itself, and the first error says more.
      await sql`rollback`.execute(connection).catch(() => {});
      throw cause;
    }
  });
}
