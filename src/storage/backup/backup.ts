/** Writes everything that outlives a process to a backup, and replaces it with that of one, in one transaction each. */
import { existsSync } from 'node:fs';
import { type Kysely, sql } from 'kysely';
import { GatewayError } from '../../core/errors.ts';
import type { Database } from '../database.ts';
import { checkStillOurs } from '../key-check.ts';
import { ledgerPath } from '../ledger/open.ts';
import { withRetry } from '../retry.ts';
import type { Tables } from '../schema.ts';
import type { Seal } from '../seal.ts';
import { inTransaction } from '../transaction.ts';
import { type BackupHead, type BackupPart, BackupSeal, createHead, readHead } from './file.ts';
import {
  clearTable,
  continueNumbers,
  insertRows,
  isOfLedger,
  KEPT_TABLES,
  type KeptTable,
  type Row,
  readRows,
  tableOf,
} from './tables.ts';

/** How many rows of what a reader would recognise a backup has. */
export interface BackedUp {
  readonly accounts: number;
  readonly keys: number;
  readonly requests: number;
}

export interface BackupSource {
  readonly database: Database;
  readonly seal: Seal;
  /** Of the database file; undefined: PostgreSQL. */
  readonly path: string | undefined;
}

/** Of one line, before encryption; a single row may be larger. */
const LINE_BYTES = 2 * 1024 * 1024;
const LEDGER = 'ledger';

/** A consistent state, while others write. Rejects with `storage_unavailable`, or as `write` does. */
export function backUp(source: BackupSource, write: (line: string) => Promise<void>): Promise<BackedUp> {
  return withLedger(source, (ledger) => backUpWith(ledger, source, write));
}

async function backUpWith(
  ledger: Ledger | undefined,
  { database, seal }: BackupSource,
  write: (line: string) => Promise<void>,
): Promise<BackedUp> {
  const begin = database.isShared ? sql`begin isolation level repeatable read read only` : sql`begin`;
  return inTransaction(database.db, begin, async (connection) => {
    const schemas = await schemasOf(connection, ledger);
    const head = createHead(database.clock.now(), schemas);
    const lines = new BackupSeal(seal, head);
    await write(head);
    const counts = new Map<string, number>();
    for (const table of KEPT_TABLES) {
      if (isOfLedger(table) && !ledger) continue;
      for await (const page of readRows(connection, table, schemaOf(table, ledger))) {
        for (const rows of inLines(page)) await write(lines.close({ type: 'rows', table: table.name, rows }));
        counts.set(table.name, (counts.get(table.name) ?? 0) + page.length);
      }
    }
    await write(lines.close({ type: 'end' }));
    return countsOf(counts);
  });
}

/**
 * Replaces what the database has, or changes nothing: rejects with `storage_unavailable` or `invalid_request` if a line is
 * missing or damaged, or another version of dragoman wrote it. The ledger must have been opened before. `open`: the lines.
 */
export function restore(source: BackupSource, open: () => AsyncIterable<string>): Promise<BackedUp> {
  return withLedger(source, (ledger) => restoreWith(ledger, source, open));
}

function restoreWith(
  ledger: Ledger | undefined,
  { database, seal }: BackupSource,
  open: () => AsyncIterable<string>,
): Promise<BackedUp> {
  return withRetry(database.clock, () =>
    database.exclusively(async (connection) => {
      await checkStillOurs(connection, seal);
      for (const table of KEPT_TABLES)
        if (ledger || !isOfLedger(table)) await clearTable(connection, table.name, schemaOf(table, ledger));
      const counts = new Map<string, number>();
      for await (const { table: name, rows } of partsOf(open(), seal, await schemasOf(connection, ledger))) {
        await insertRows(connection, name, rows, schemaOf({ name }, ledger));
        counts.set(name, (counts.get(name) ?? 0) + rows.length);
      }
      if (ledger) await continueNumbers(connection);
      return countsOf(counts);
    }),
  );
}

/** Throws if the backup is not whole, or from another version. */
async function* partsOf(
  opened: AsyncIterable<string>,
  seal: Seal,
  present: Schemas,
): AsyncGenerator<Extract<BackupPart, { type: 'rows' }>, void> {
  let lines: BackupSeal | undefined;
  let isWhole = false;
  for await (const line of opened) {
    if (isWhole) throw damaged('has more after its end');
    if (!lines) {
      checkVersion(readHead(line), present);
      lines = new BackupSeal(seal, line);
      continue;
    }
    const part = openLine(lines, line);
    if (part.type === 'rows') yield part;
    else isWhole = true;
  }
  if (!isWhole) throw damaged('is cut off');
}

function openLine(lines: BackupSeal, line: string): BackupPart {
  try {
    return lines.open(line);
  } catch {
    throw damaged('is damaged');
  }
}

function damaged(how: string): GatewayError {
  return new GatewayError('invalid_request', `The backup ${how}. Nothing was changed. Use another copy of it.`);
}

/** Where the tables of the ledger are; undefined: there are none. */
interface Ledger {
  /** Of the attached file, since the ledger of SQLite has its own. */
  readonly schema: string | undefined;
}

async function withLedger<T>(
  { database, path }: BackupSource,
  work: (ledger: Ledger | undefined) => Promise<T>,
): Promise<T> {
  if (path === undefined)
    return work((await database.hasTable('ledger_migrations')) ? { schema: undefined } : undefined);
  const file = ledgerPath(path);
  if (!existsSync(file)) return work(undefined);
  await withRetry(database.clock, () => sql`attach database ${file} as ${sql.ref(LEDGER)}`.execute(database.db));
  try {
    return await work({ schema: LEDGER });
  } finally {
    await sql`detach database ${sql.ref(LEDGER)}`.execute(database.db);
  }
}

function schemaOf(table: Pick<KeptTable, 'name'>, ledger: Ledger | undefined): string | undefined {
  return isOfLedger(table) ? ledger?.schema : undefined;
}

type Schemas = Pick<BackupHead, 'schema' | 'ledgerSchema'>;

/** The newest migrations; 0: none. */
async function schemasOf(db: Kysely<Tables>, ledger: Ledger | undefined): Promise<Schemas> {
  const newest = async (name: string, schema?: string) => {
    const last = sql<{ newest: number | null }>`select max(number) as newest from ${tableOf(name, schema)}`;
    return (await last.execute(db)).rows[0]?.newest ?? 0;
  };
  return {
    schema: await newest('migrations'),
    ledgerSchema: ledger ? await newest('ledger_migrations', ledger.schema) : 0,
  };
}

function checkVersion(backup: Schemas, present: Schemas): void {
  const isSame =
    backup.schema === present.schema && (backup.ledgerSchema === 0 || backup.ledgerSchema === present.ledgerSchema);
  if (isSame) return;
  const { schema } = backup;
  const message =
    `The backup was written by another version of dragoman (schema ${schema}; this version has ${present.schema}). Nothing ` +
    'was changed. Restore it with that version, then start this one, which migrates the database.';
  throw new GatewayError('invalid_request', message);
}

function* inLines(rows: readonly Row[]): Generator<readonly Row[], void> {
  let line: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    line.push(row);
    for (const cell of Object.values(row))
      bytes += typeof cell === 'object' ? (cell?.length ?? 0) : String(cell).length;
    if (bytes < LINE_BYTES) continue;
    yield line;
    line = [];
    bytes = 0;
  }
  if (line.length > 0) yield line;
}

function countsOf(counts: ReadonlyMap<string, number>): BackedUp {
  const of = (table: string) => counts.get(table) ?? 0;
  return { accounts: of('accounts'), keys: of('client_keys'), requests: of('ledger_requests') };
}
