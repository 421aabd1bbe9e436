import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '../../../test/support/postgres.ts';
import { systemClock } from '../../transport/clock.ts';
import { migrateLedger } from '../migrations.ts';
import { openDatabase } from '../open-database.ts';
import { LEDGER_MIGRATIONS } from './migrations.ts';
import { blockOf, type LedgerTables } from './tables.ts';

async function urlOf(engine: 'SQLite' | 'PostgreSQL'): Promise<string> {
  if (engine === 'PostgreSQL') {
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    return database.url;
  }
  const folder = mkdtempSync(join(tmpdir(), 'dragoman-migrations-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return `sqlite:${join(folder, 'dragoman.db')}`;
}

it.each(['SQLite', 'PostgreSQL'] as const)(
  'ids of earlier versions move to the blocks of this one on %s',
  async (engine) => {
    const database = await openDatabase(await urlOf(engine), systemClock);
    const db = database.db.withTables<LedgerTables>();
    await migrateLedger(database, 1, LEDGER_MIGRATIONS.slice(0, 3));
    const requests = [1, 511, 512, 2_047, 2_048, 5_000];
    const before = requests.map((request) => ({
      block: Math.floor(request / 2_048),
      value: `req_${request}`,
      request,
    }));
    await db.insertInto('ledger_ids').values(before).execute();
    await migrateLedger(database, 2, LEDGER_MIGRATIONS);
    const after = await db.selectFrom('ledger_ids').selectAll().orderBy('request').execute();
    await database.close();
    expect(after).toEqual(before.map((id) => ({ ...id, block: blockOf(id.request) })));
  },
);
