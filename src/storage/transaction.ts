/** One transaction on one connection, begun in the database's own words. */
import type { Kysely, RawBuilder } from 'kysely';
import { sql } from 'kysely';

/** `begin`: run in this order. Rejects with what `work` rejected with, everything undone. */
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
      // A connection which broke has undone everything by itself, and the first failure says more.
      await sql`rollback`.execute(connection).catch(() => {});
      throw cause;
    }
  });
}
