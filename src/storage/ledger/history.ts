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

/** Buckets of days that are added up to months. */
const MAX_DAYS = 100_000;

export async function readHistory(db: Kysely<LedgerTables>, history: LedgerHistory): Promise<readonly LedgerBucket[]> {
  const { by, isWhole } = history;
  if (by !== 'month' || isWhole) return readBuckets(db, history, by === 'hour' ? 'ledger_hours' : 'ledger_days');
  const days = await readBuckets(db, { ...history, limit: MAX_DAYS }, 'ledger_days');
  return toMonths(days).slice(0, history.limit);
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

function toMonths(days: readonly LedgerBucket[]): LedgerBucket[] {
  const months = new Map<string, LedgerBucket>();
  for (const day of days) {
    const startMs = monthOf(day.startMs).startMs;
    const key = JSON.stringify([startMs, day.values]);
    const month = months.get(key);
    months.set(key, month ? added(month, day) : { ...day, startMs });
  }
  return [...months.values()];
}

function added(a: LedgerBucket, b: LedgerBucket): LedgerBucket {
  return {
    ...a,
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    abandoned: a.abandoned + b.abandoned,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    credits: a.credits + b.credits,
    estimatedCredits: a.estimatedCredits + b.estimatedCredits,
    listPriceUsd: a.listPriceUsd + b.listPriceUsd,
    durationMs: a.durationMs + b.durationMs,
    firstByteMs: a.firstByteMs + b.firstByteMs,
    firstByteCount: a.firstByteCount + b.firstByteCount,
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
