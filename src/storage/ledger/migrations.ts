/** The ledger's migrations. Never edit a released one; add a new one. */
import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { Migration } from '../migrations.ts';
import type { ColumnTypes } from '../schema.ts';
import { type LedgerTables, SUM_COLUMNS } from './tables.ts';

const FRACTIONS: ReadonlySet<string> = new Set(['credits', 'estimated_credits', 'list_price_usd']);

export const LEDGER_MIGRATIONS: readonly Migration<LedgerTables>[] = [
  { number: 1, name: 'the ledger', up: createTables },
  { number: 2, name: 'ids in blocks', up: putIdsInBlocks },
  { number: 3, name: 'texts, writers, losses', up: addWriters },
  { number: 4, name: 'smaller blocks of ids', up: makeBlocksSmaller },
];

async function createTables(db: Kysely<LedgerTables>, { bytes, integer }: ColumnTypes): Promise<void> {
  const isPostgres = integer === 'bigint';
  const { schema } = db;
  await schema
    .createTable('ledger_groups')
    .addColumn('id', integer, (column) => column.primaryKey())
    .addColumn('key', 'text')
    .addColumn('account', 'text')
    .addColumn('model', 'text')
    .addColumn('answered_model', 'text')
    .addColumn('protocol', 'text')
    .addColumn('client', 'text', (column) => column.notNull())
    .addColumn('route', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('code', 'text')
    .execute();
  await schema
    .createTable('ledger_errors')
    .addColumn('id', integer, (column) => column.primaryKey())
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('seen_at_ms', integer, (column) => column.notNull())
    .execute();
  await schema
    .createTable('ledger_requests')
    .addColumn('id', integer, (column) =>
      isPostgres ? column.primaryKey().generatedAlwaysAsIdentity() : column.primaryKey().autoIncrement(),
    )
    .addColumn('received_at_ms', integer, (column) => column.notNull())
    .addColumn('group_id', integer, (column) => column.notNull())
    .addColumn('error_id', integer)
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('details', 'text', (column) => column.notNull())
    .addColumn('sealed', bytes)
    .execute();
  await createIndexes(db);
  // Beginnings of ids are looked up by range, which needs the order of bytes.
  await schema
    .createTable('ledger_ids')
    .addColumn('value', isPostgres ? sql`text collate "C"` : 'text', (column) => column.notNull())
    .addColumn('request', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('ledger_ids_key', ['value', 'request'])
    .$call((table) => (isPostgres ? table : table.modifyEnd(sql`without rowid`)))
    .execute();
  for (const name of ['ledger_hours', 'ledger_days'] as const) {
    let table: CreateTableBuilder<string, string> = schema
      .createTable(name)
      .addColumn('start_ms', integer, (column) => column.notNull())
      .addColumn('group_id', integer, (column) => column.notNull());
    for (const column of SUM_COLUMNS)
      table = table.addColumn(column, FRACTIONS.has(column) ? 'double precision' : integer, (sum) =>
        sum.notNull().defaultTo(0),
      );
    await table.addPrimaryKeyConstraint(`${name}_key`, ['start_ms', 'group_id']).execute();
  }
}

/** Each covers its query, so that filters read no rows that they reject. */
async function createIndexes({ schema }: Kysely<LedgerTables>): Promise<void> {
  const on = (name: string) => schema.createIndex(name).on('ledger_requests');
  await on('ledger_requests_by_time').columns(['received_at_ms', 'id', 'group_id']).execute();
  await on('ledger_requests_by_group').columns(['group_id', 'received_at_ms', 'id']).execute();
  await on('ledger_requests_by_error')
    .columns(['received_at_ms', 'id', 'error_id', 'group_id'])
    .where('error_id', 'is not', null)
    .execute();
}

async function putIdsInBlocks(db: Kysely<LedgerTables>, { integer }: ColumnTypes): Promise<void> {
  const isPostgres = integer === 'bigint';
  const { schema } = db;
  await schema.alterTable('ledger_ids').renameTo('ledger_ids_before').execute();
  await schema
    .createTable('ledger_ids')
    .addColumn('block', integer, (column) => column.notNull())
    .addColumn('value', isPostgres ? sql`text collate "C"` : 'text', (column) => column.notNull())
    .addColumn('request', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('ledger_ids_by_block', ['block', 'value', 'request'])
    .$call((table) => (isPostgres ? table : table.modifyEnd(sql`without rowid`)))
    .execute();
  await sql`insert into ledger_ids select request / 2048, value, request from ledger_ids_before`.execute(db);
  await schema.dropTable('ledger_ids_before').execute();
}

async function addWriters(db: Kysely<LedgerTables>, { integer }: ColumnTypes): Promise<void> {
  const { schema } = db;
  for (const column of ['text_bytes', 'writer'])
    await schema.alterTable('ledger_requests').addColumn(column, integer).execute();
  // The size of all texts is added up from it alone.
  await schema
    .createIndex('ledger_requests_with_text')
    .on('ledger_requests')
    .columns(['id', 'text_bytes'])
    .where('text_bytes', 'is not', null)
    .execute();
  await schema
    .createTable('ledger_writers')
    .addColumn('id', integer, (column) => column.primaryKey())
    .addColumn('rows', integer, (column) => column.notNull())
    .addColumn('seen_at_ms', integer, (column) => column.notNull())
    .execute();
  await schema
    .createTable('ledger_losses')
    .addColumn('at_ms', integer, (column) => column.notNull())
    .addColumn('rows', integer, (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('ledger_losses_by_time').on('ledger_losses').columns(['at_ms', 'rows']).execute();
}

async function makeBlocksSmaller(db: Kysely<LedgerTables>): Promise<void> {
  await sql`update ledger_ids set block = request / 512`.execute(db);
}
