/** What a backup keeps, and reading and replacing it. Both engines have the same columns, so rows go from either to either. */
import { type Kysely, PostgresAdapter, sql } from 'kysely';
import { KEY_CHECK_ROW } from '../key-check.ts';
import type { LedgerTables } from '../ledger/tables.ts';
import { unavailable } from '../retry.ts';
import type { Tables } from '../schema.ts';

type Table = keyof Tables | keyof LedgerTables;
/** The columns that put the rows of a table in order, so that they can be read in pages. */
type Order = readonly [string, ...string[]];

/**
 * A new table does not compile until it is added. Left out: what concerns running processes or ends within minutes, and
 * sessions, since an old backup must not sign a browser in again.
 */
const ORDERS: Record<Table, Order | 'left out'> = {
  accounts: ['id'],
  client_registrations: ['id'],
  responses: ['id'],
  client_keys: ['id'],
  settings: ['id'],
  alerts: ['id'],
  audit: ['id'],
  key_windows: ['key'],
  meta: ['key'],
  ledger_groups: ['id'],
  ledger_errors: ['id'],
  ledger_requests: ['id'],
  ledger_ids: ['block', 'value', 'request'],
  ledger_losses: ['at_ms', 'rows', 'reason'],
  ledger_hours: ['start_ms', 'group_id'],
  ledger_days: ['start_ms', 'group_id'],
  sign_ins: 'left out',
  admin_sessions: 'left out',
  admin_tickets: 'left out',
  leases: 'left out',
  key_slots: 'left out',
  migrations: 'left out',
  ledger_writers: 'left out',
};

export interface KeptTable {
  readonly name: string;
  readonly order: Order;
}

export const KEPT_TABLES: readonly KeptTable[] = Object.entries(ORDERS).flatMap(([name, order]) =>
  order === 'left out' ? [] : [{ name, order }],
);

export type Cell = string | number | null | Uint8Array;
export type Row = Readonly<Record<string, Cell>>;

/** Rows of one statement. Some have megabytes. */
const PAGE = 50;

export function isOfLedger({ name }: Pick<KeptTable, 'name'>): boolean {
  return name.startsWith('ledger_');
}

export async function* readRows(
  db: Kysely<Tables>,
  { name, order }: KeptTable,
  schema?: string,
): AsyncGenerator<readonly Row[], void> {
  const columns = sql.join(order.map((column) => sql.ref(column)));
  let last: Row | undefined;
  for (;;) {
    const after = last ? sql`where (${columns}) > (${sql.join(order.map((column) => last?.[column]))})` : sql``;
    const page = sql<Row>`select * from ${tableOf(name, schema)} ${after} order by ${columns} limit ${PAGE}`;
    const { rows } = await page.execute(db).catch((cause: unknown) => {
      throw unavailable(cause);
    });
    if (rows.length === 0) return;
    last = rows.at(-1);
    // This database's own key check stays with it.
    yield name === 'meta' ? rows.filter(({ key }) => key !== KEY_CHECK_ROW) : rows;
  }
}

export async function clearTable(db: Kysely<Tables>, name: string, schema?: string): Promise<void> {
  const own = name === 'meta' ? sql`where key <> ${KEY_CHECK_ROW}` : sql``;
  await sql`delete from ${tableOf(name, schema)} ${own}`.execute(db);
}

/** `schema`: of an attached file. */
export function tableOf(name: string, schema: string | undefined) {
  return sql.table(schema === undefined ? name : `${schema}.${name}`);
}

/** PostgreSQL numbers the rows of the ledger itself, unless told otherwise. */
export async function insertRows(
  db: Kysely<Tables>,
  name: string,
  rows: readonly Row[],
  schema?: string,
): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const columns = Object.keys(first);
  const isNumbered = name === 'ledger_requests' && isPostgres(db);
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => row[column]))})`);
  await sql`insert into ${tableOf(name, schema)} (${sql.join(columns.map((column) => sql.ref(column)))})
    ${isNumbered ? sql`overriding system value` : sql``} values ${sql.join(values)}`.execute(db);
}

/** After rows that came with their numbers: new ones continue behind them. */
export async function continueNumbers(db: Kysely<Tables>): Promise<void> {
  if (!isPostgres(db)) return;
  await sql`select setval(pg_get_serial_sequence('ledger_requests', 'id'),
    (select coalesce(max(id), 0) + 1 from ledger_requests), false)`.execute(db);
}

function isPostgres(db: Kysely<Tables>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}
