import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '../../test/support/postgres.ts';
import { systemClock } from '../transport/clock.ts';
import type { Database } from './database.ts';
import { openPostgres } from './postgres.ts';
import type { Tables } from './schema.ts';
import { openSqlite } from './sqlite.ts';

type Connection = Kysely<Tables>;

interface Subject {
  readonly open: () => Promise<Database>;
  /** How the connection commits, and the names of that with and without waiting for the disk. */
  readonly read: (connection: Connection) => Promise<string>;
  readonly modes: readonly [waiting: string, notWaiting: string];
}

const SUBJECTS: Readonly<Record<string, Subject>> = {
  'SQLite in a file': {
    async open() {
      const home = mkdtempSync(join(tmpdir(), 'dragoman-sync-'));
      onTestFinished(() => rmSync(home, { recursive: true }));
      return openSqlite(join(home, 'dragoman.db'), systemClock);
    },
    read: async (connection) =>
      `${(await sql<{ synchronous: number }>`pragma synchronous`.execute(connection)).rows[0]?.synchronous}`,
    modes: ['2', '1'],
  },
  PostgreSQL: {
    async open() {
      const { url, drop } = await createTestDatabase();
      onTestFinished(drop);
      return openPostgres(url, systemClock);
    },
    read: async (connection) =>
      `${(await sql<{ synchronous_commit: string }>`show synchronous_commit`.execute(connection)).rows[0]?.synchronous_commit}`,
    modes: ['on', 'off'],
  },
};

it.each(Object.entries(SUBJECTS))(
  'only the transaction itself does not wait for the disk in %s',
  async (_, subject) => {
    const {
      open,
      read,
      modes: [waiting, notWaiting],
    } = subject;
    const database = await open();
    onTestFinished(() => database.close());
    await database.prepare();
    expect(await database.withoutSync(read)).toBe(notWaiting);
    expect(await read(database.db)).toBe(waiting);
    const broken = database.withoutSync(async () => {
      throw new Error('broken');
    });
    await expect(broken).rejects.toThrow('broken');
    expect(await read(database.db)).toBe(waiting);
  },
);
