/** Sums over time, from the tables of hours and days. */
import { type Kysely, sql } from 'kysely';
import { DAY_MS, dayOf, monthOf } from '../../core/utc-periods.ts';
import type {
  LedgerBucket,
  LedgerCredits,
  LedgerDimension,
  LedgerFilter,
  LedgerHistory,
} from '../../gateway/ledger/ledger-store.ts';
import { dimensionColumn, groupConditions } from './conditions.ts';
import { type LedgerTables, SUM_COLUMNS } from './tables.ts';

export async function readHistory(db: Kysely<LedgerTables>, history: LedgerHistory): Promise<readonly LedgerBucket[]> {
  const { by, isWhole } = history;
  if (by === 'month' && !isWhole) return readMonths(db, history);
  return readBuckets(db, history, by === 'hour' ? 'ledger_hours' : 'ledger_days');
}

/** Each month is added up by the database: a year may have hundreds of thousands of sums of days. */
async function readMonths(db: Kysely<LedgerTables>, history: LedgerHistory): Promise<LedgerBucket[]> {
  const { fromMs = 0, toMs = Number.POSITIVE_INFINITY, limit } = history;
  const days = db.selectFrom('ledger_days');
  const recorded = await days
    .select(({ fn }) => [fn.min<number | null>('start_ms').as('first'), fn.max<number | null>('start_ms').as('last')])
    .executeTakeFirst();
  const endMs = Math.min(toMs, Number(recorded?.last ?? 0) + DAY_MS);
  const months: LedgerBucket[] = [];
  let month = monthOf(Math.max(fromMs, Number(recorded?.first ?? 0)));
  while (month.startMs < endMs && months.length < limit) {
    const span = { fromMs: Math.max(fromMs, month.startMs), toMs: Math.min(endMs, month.endMs) };
    const rest = { ...history, ...span, isWhole: true, limit: limit - months.length };
    for (const bucket of await readBuckets(db, rest, 'ledger_days')) months.push({ ...bucket, startMs: month.startMs });
    month = monthOf(month.endMs);
  }
  return months;
}

async function readBuckets(
  db: Kysely<LedgerTables>,
  { dimensions, limit, isWhole = false, ...filter }: LedgerHistory,
  table: 'ledger_hours' | 'ledger_days',
): Promise<LedgerBucket[]> {
  const columns = dimensions.map(dimensionColumn);
  const sums = SUM_COLUMNS.map((column) => sql`sum(${sql.ref(column)}) as ${sql.ref(column)}`);
  const selected = [
    isWhole ? sql`min(start_ms) as start_ms` : sql`start_ms`,
    ...columns.map((column, at) => sql`${column} as ${sql.ref(`value${at}`)}`),
    ...sums,
    sql`sum(case when outcome in ('refused', 'failed', 'timeout') then requests else 0 end) as errors`,
    sql`sum(case when outcome = 'abandoned' then requests else 0 end) as abandoned`,
  ];
  const grouped = isWhole ? columns : [sql`start_ms`, ...columns];
  const { rows } = await sql<BucketRow>`
    select ${sql.join(selected)}
    from ${sql.table(table)} join ledger_groups on ledger_groups.id = group_id
    where ${within(filter, table)} and group_id in (${groupsOf(db, filter)})
    ${grouped.length > 0 ? sql`group by ${sql.join(grouped)} order by ${sql.join(grouped)}` : sql`having count(*) > 0`}
    limit ${limit}`.execute(db);
  return rows.map((row) => toBucket(row, dimensions));
}

/** Whole hours or days. */
function within({ fromMs = 0, toMs }: LedgerFilter, table: 'ledger_hours' | 'ledger_days') {
  const spanMs = table === 'ledger_days' ? DAY_MS : 3_600_000;
  const from = sql`start_ms >= ${fromMs - (fromMs % spanMs)}`;
  return toMs === undefined ? from : sql`${from} and start_ms < ${toMs}`;
}

function groupsOf(db: Kysely<LedgerTables>, filter: LedgerFilter) {
  const conditions = groupConditions(filter);
  const all = db.selectFrom('ledger_groups').select('id');
  return conditions ? all.where(conditions) : all;
}

type BucketRow = Record<string, number | string | null>;

function toBucket(row: BucketRow, dimensions: readonly LedgerDimension[]): LedgerBucket {
  // PostgreSQL returns sums of bigint as text, since they are of type numeric.
  const amount = (name: string) => Number(row[name] ?? 0);
  return {
    startMs: amount('start_ms'),
    values: dimensions.map((_, at) => {
      const value = row[`value${at}`];
      return typeof value === 'string' ? value : null;
    }),
    requests: amount('requests'),
    errors: amount('errors'),
    abandoned: amount('abandoned'),
    inputTokens: amount('input_tokens'),
    outputTokens: amount('output_tokens'),
    cacheReadTokens: amount('cache_read_tokens'),
    credits: amount('credits'),
    estimatedCredits: amount('estimated_credits'),
    listPriceUsd: amount('list_price_usd'),
    durationMs: amount('duration_ms'),
    firstByteMs: amount('first_byte_ms'),
    firstByteCount: amount('first_byte_count'),
  };
}

export async function readCredits(
  db: Kysely<LedgerTables>,
  by: 'key' | 'account',
  nowMs: number,
): Promise<readonly LedgerCredits[]> {
  const column = sql.ref(`ledger_groups.${by}`);
  const { rows } = await sql<{ id: string; day: number | null; month: number | null }>`
    select ${column} as id,
      sum(case when start_ms >= ${dayOf(nowMs).startMs} then credits else 0 end) as day,
      sum(credits) as month
    from ledger_days join ledger_groups on ledger_groups.id = group_id
    where start_ms >= ${monthOf(nowMs).startMs} and ${column} is not null
    group by ${column}`.execute(db);
  return rows.map(({ id, day, month }) => ({ id, day: Number(day ?? 0), month: Number(month ?? 0) }));
}
