/**
 * The smallest server with dragoman's libraries: Fastify with a route, an undici agent, a zod schema, a command line of commander,
 * and a query that Kysely writes on an open SQLite database. Bundled like dragoman, to see what the libraries alone cost a start.
 *
 * Usage: node start-floor.js serve (DRAGOMAN_PORT, DRAGOMAN_HOME)
 */
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Command } from 'commander';
import Fastify from 'fastify';
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import { z } from 'zod';
import { Agent } from '../../src/transport/undici.ts';

interface Tables {
  readonly starts: { readonly port: number };
}

enableCompileCache(process.env.XDG_CACHE_HOME);
const { port, home } = z
  .object({ port: z.coerce.number().int(), home: z.string() })
  .parse({ port: process.env.DRAGOMAN_PORT, home: process.env.DRAGOMAN_HOME });
await new Command('floor').addCommand(new Command('serve').action(serve)).parseAsync(process.argv);

async function serve(): Promise<void> {
  const database = new DatabaseSync(join(home, 'floor.db'));
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE starts (port INTEGER)');
  const queries = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (kysely) => new SqliteIntrospector(kysely),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  database.prepare(queries.insertInto('starts').values({ port }).compile().sql).run(port);
  const agent = new Agent();
  const app = Fastify();
  app.get('/healthz', () => {
    // The signal that ends it leaves Node no time for that. Only the first start has something to write.
    flushCompileCache();
    return { status: 'ok' };
  });
  app.addHook('onClose', () => agent.close());
  await app.listen({ port, host: '127.0.0.1' });
}
