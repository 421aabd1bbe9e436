/** The numbered migrations. Never edit a released migration; add a new one. */
import { type Kysely, sql } from 'kysely';
import { GatewayError } from '../core/errors.ts';
import type { Database } from './database.ts';
import type { LedgerTables } from './ledger/tables.ts';
import type { ColumnTypes, Tables } from './schema.ts';

/** `T`: the tables that it works with. */
export interface Migration<T = Tables> {
  readonly number: number;
  readonly name: string;
  /** `columns`: this database's types for bytes and milliseconds. */
  up(db: Kysely<T>, columns: ColumnTypes): Promise<void>;
}

export const MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: 'accounts, client registrations, meta',
    async up(db, { bytes, integer }) {
      await db.schema
        .createTable('accounts')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('label', 'text', (column) => column.notNull())
        .addColumn('source', 'text', (column) => column.notNull())
        .addColumn('sealed', bytes, (column) => column.notNull())
        .addColumn('version', integer, (column) => column.notNull().defaultTo(1))
        .addColumn('health', 'text', (column) => column.notNull())
        .addColumn('created_at_ms', integer, (column) => column.notNull())
        .addColumn('updated_at_ms', integer, (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('client_registrations')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('sealed', bytes, (column) => column.notNull())
        .addColumn('expires_at_ms', integer, (column) => column.notNull())
        .addColumn('updated_at_ms', integer, (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('meta')
        .addColumn('key', 'text', (column) => column.primaryKey())
        .addColumn('value', bytes, (column) => column.notNull())
        .execute();
    },
  },
  {
    number: 2,
    name: "accounts' options",
    async up(db) {
      await db.schema
        .alterTable('accounts')
        .addColumn('options', 'text', (column) => column.notNull().defaultTo('{}'))
        .execute();
    },
  },
  {
    number: 3,
    name: 'sign-ins under way',
    async up(db, { bytes, integer }) {
      await db.schema
        .createTable('sign_ins')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('sealed', bytes, (column) => column.notNull())
        .addColumn('expires_at_ms', integer, (column) => column.notNull())
        .addColumn('updated_at_ms', integer, (column) => column.notNull())
        .execute();
    },
  },
  {
    number: 4,
    name: 'stored responses',
    async up(db, { bytes, integer }) {
      await db.schema
        .createTable('responses')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('client', 'text', (column) => column.notNull())
        .addColumn('sealed', bytes, (column) => column.notNull())
        .addColumn('bytes', integer, (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('alive_until_ms', integer, (column) => column.notNull())
        .addColumn('used_at_ms', integer, (column) => column.notNull())
        .execute();
      await db.schema.createIndex('responses_by_client').on('responses').columns(['client', 'used_at_ms']).execute();
      await db.schema.createIndex('responses_by_use').on('responses').column('used_at_ms').execute();
    },
  },
  {
    number: 5,
    name: 'client keys',
    async up(db, { bytes, integer }) {
      await db.schema
        .createTable('client_keys')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('prefix', 'text', (column) => column.notNull())
        .addColumn('hash', bytes, (column) => column.notNull().unique())
        .addColumn('created_at_ms', integer, (column) => column.notNull())
        .addColumn('expires_at_ms', integer)
        .addColumn('revoked_at_ms', integer)
        .addColumn('last_used_at_ms', integer)
        .execute();
    },
  },
  {
    number: 6,
    name: 'what replies have shown about an account',
    async up(db) {
      await db.schema
        .alterTable('accounts')
        .addColumn('learned', 'text', (column) => column.notNull().defaultTo('{}'))
        .execute();
    },
  },
  {
    number: 7,
    name: 'console sessions and one-time tickets',
    async up(db, { bytes, integer }) {
      await db.schema
        .createTable('admin_sessions')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('hash', bytes, (column) => column.notNull())
        .addColumn('signed_in_by', 'text', (column) => column.notNull())
        .addColumn('created_at_ms', integer, (column) => column.notNull())
        .addColumn('used_at_ms', integer, (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('admin_tickets')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('hash', bytes, (column) => column.notNull())
        .addColumn('expires_at_ms', integer, (column) => column.notNull())
        .execute();
    },
  },
  {
    number: 8,
    name: "client keys' owners, limits and replaced secrets",
    async up(db, { bytes, integer }) {
      // SQLite adds one column at a time.
      const add = (name: string, type: ColumnTypes[keyof ColumnTypes] | 'text' | 'double precision') =>
        db.schema.alterTable('client_keys').addColumn(name, type).execute();
      await db.schema
        .alterTable('client_keys')
        .addColumn('enabled', 'integer', (column) => column.notNull().defaultTo(1))
        .execute();
      for (const name of ['owner', 'note', 'models', 'account_group', 'previous_prefix']) await add(name, 'text');
      for (const name of ['requests_per_minute', 'concurrency', 'tokens_per_minute', 'previous_valid_until_ms'])
        await add(name, integer);
      for (const name of ['credits_per_day', 'credits_per_month']) await add(name, 'double precision');
      await add('previous_hash', bytes);
    },
  },
  {
    number: 9,
    name: 'the audit trail',
    async up(db, { integer }) {
      await db.schema
        .createTable('audit')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('at_ms', integer, (column) => column.notNull())
        .addColumn('actor', 'text', (column) => column.notNull())
        .addColumn('action', 'text', (column) => column.notNull())
        .addColumn('target', 'text')
        .addColumn('changes', 'text', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('audit_by_time').on('audit').columns(['at_ms', 'id']).execute();
    },
  },
  {
    number: 10,
    name: 'settings changed at run time',
    async up(db, { bytes, integer }) {
      await db.schema
        .createTable('settings')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('sealed', bytes, (column) => column.notNull())
        .addColumn('updated_at_ms', integer, (column) => column.notNull())
        .execute();
    },
  },
  {
    number: 11,
    name: 'use of client keys',
    async up(db, { integer }) {
      await db.schema
        .createTable('key_windows')
        .addColumn('key', 'text', (column) => column.primaryKey())
        .addColumn('points', integer, (column) => column.notNull())
        .addColumn('expire', integer)
        .execute();
      await db.schema
        .createTable('key_slots')
        .addColumn('key_id', 'text', (column) => column.notNull())
        .addColumn('number', 'integer', (column) => column.notNull())
        .addColumn('process', 'text', (column) => column.notNull())
        .addColumn('until_ms', integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('key_slots_key', ['key_id', 'number'])
        .execute();
    },
  },
  {
    number: 12,
    name: 'alerts',
    async up(db, { integer }) {
      await db.schema
        .createTable('alerts')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('type', 'text', (column) => column.notNull())
        .addColumn('severity', 'text', (column) => column.notNull())
        .addColumn('subject', 'text')
        .addColumn('message', 'text', (column) => column.notNull())
        .addColumn('began_at_ms', integer, (column) => column.notNull())
        .addColumn('ended_at_ms', integer)
        .execute();
      await db.schema
        .createTable('leases')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('holder', 'text', (column) => column.notNull())
        .addColumn('until_ms', integer, (column) => column.notNull())
        .execute();
    },
  },
  {
    number: 13,
    name: 'the trash of accounts',
    async up(db, { integer }) {
      await db.schema.alterTable('accounts').addColumn('discarded_at_ms', integer).execute();
    },
  },
];

/** Applies migrations forward only, in one transaction, in one process at a time; the others wait. */
export async function migrate(database: Database, nowMs: number, migrations = MIGRATIONS): Promise<void> {
  await database.exclusively(async (connection) => {
    await applyMissing(connection, database.columns, nowMs, migrations, 'migrations');
    await database.complete(connection);
  });
}

/** As `migrate`, for the tables of the ledger, which on SQLite have a file of their own. */
export async function migrateLedger(
  database: Database,
  nowMs: number,
  migrations: readonly Migration<LedgerTables>[],
): Promise<void> {
  await database.exclusively((connection) =>
    applyMissing(connection.withTables<LedgerTables>(), database.columns, nowMs, migrations, 'ledger_migrations'),
  );
}

/** `table`: where the applied migrations are listed. */
async function applyMissing<T>(
  db: Kysely<T>,
  columns: ColumnTypes,
  nowMs: number,
  migrations: readonly Migration<T>[],
  table: string,
): Promise<void> {
  const listed = sql.table(table);
  await db.schema
    .createTable(table)
    .ifNotExists()
    .addColumn('number', 'integer', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('applied_at_ms', columns.integer, (column) => column.notNull())
    .execute();
  const applied = await sql<{ readonly number: number }>`select number from ${listed}`.execute(db);
  const last = Math.max(0, ...applied.rows.map((row) => row.number));
  const newest = Math.max(0, ...migrations.map((migration) => migration.number));
  if (last > newest) {
    throw new GatewayError(
      'storage_unavailable',
      `The database was written by a newer dragoman (schema ${last}; this version supports ${newest}). Update dragoman.`,
    );
  }
  for (const migration of migrations) {
    if (migration.number <= last) continue;
    await migration.up(db, columns);
    const { number, name } = migration;
    await sql`insert into ${listed} (number, name, applied_at_ms) values (${number}, ${name}, ${nowMs})`.execute(db);
  }
}
