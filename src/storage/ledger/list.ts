/**
 * Lists requests, newest first. Filters concern groups, of which there are few: their ids are found first, and then the
 * newest rows of these groups, either by the index of groups (few rows match) or by that of time (many do). Both cover the
 * query, so the rows themselves are read only for the page that is returned.
 */
import type { Kysely, SelectQueryBuilder } from 'kysely';
import { sql } from 'kysely';
import { DAY_MS } from '../../core/utc-periods.ts';
import { readDetails } from '../../gateway/ledger/details.ts';
import type { LedgerFilter, LedgerGroup, LedgerSearch, StoredLedgerRow } from '../../gateway/ledger/ledger-store.ts';
import { containing, groupIdsOf, isOneOf, unindexed } from './conditions.ts';
import { blockOf, type LedgerTables } from './tables.ts';

/** Fewer matching rows than this are sorted; more are found sooner from the newest on. */
const FEW_ROWS = 5_000;
/** Of one search. */
const MAX_IDS = 1_000;
const MAX_ERRORS = 1_000;

export interface ListContext {
  readonly db: Kysely<LedgerTables>;
  readonly isPostgres: boolean;
}

export async function listRows(context: ListContext, search: LedgerSearch): Promise<readonly StoredLedgerRow[]> {
  const groups = await groupIdsOf(context.db, search);
  if (groups?.length === 0) return [];
  const numbers =
    search.text === undefined
      ? await newest(context, search, groups)
      : await containingText(context, search, groups, search.text);
  // A search by text finds as many rows by their ids as by their errors.
  return (await rowsOf(context, numbers)).slice(0, search.limit);
}

type Numbered = SelectQueryBuilder<LedgerTables, 'ledger_requests', { id: number }>;

/** The numbers of the newest rows. */
async function newest(context: ListContext, search: LedgerSearch, groups: number[] | undefined): Promise<number[]> {
  const { db, isPostgres } = context;
  const all = within(db.selectFrom('ledger_requests').select('id'), search).limit(search.limit);
  if (!groups) return idsOf(await newestFirst(all).execute());
  const { count, endMs } = await countRows(context, groups, search);
  const query =
    count <= FEW_ROWS
      ? all
          .where(isOneOf(isPostgres, sql.ref('group_id'), groups))
          .orderBy(unindexed('received_at_ms'), 'desc')
          .orderBy(unindexed('id'), 'desc')
      : newestFirst(all.where('received_at_ms', '<', endMs).where(isOneOf(isPostgres, unindexed('group_id'), groups)));
  return idsOf(await query.execute());
}

function newestFirst(query: Numbered): Numbered {
  return query.orderBy('received_at_ms', 'desc').orderBy('id', 'desc');
}

/** In the filter's time, and after the position. */
function within(query: Numbered, { fromMs, toMs, after }: Pick<LedgerSearch, 'fromMs' | 'toMs' | 'after'>): Numbered {
  let result = query;
  if (fromMs !== undefined) result = result.where('received_at_ms', '>=', fromMs);
  if (toMs !== undefined) result = result.where('received_at_ms', '<', toMs);
  if (after) result = result.where(sql<boolean>`(received_at_ms, id) < (${after.receivedMs}, ${after.number})`);
  return result;
}

/** From the sums of days, so it may count rows that were removed since. `endMs`: the end of the last day that has any. */
async function countRows({ db, isPostgres }: ListContext, groups: readonly number[], filter: LedgerFilter) {
  let query = db
    .selectFrom('ledger_days')
    .select(({ fn }) => [fn.sum<number | null>('requests').as('count'), fn.max<number | null>('start_ms').as('last')])
    .where(isOneOf(isPostgres, unindexedGroup, groups));
  if (filter.fromMs !== undefined) query = query.where('start_ms', '>', filter.fromMs - DAY_MS);
  if (filter.toMs !== undefined) query = query.where('start_ms', '<', filter.toMs);
  const found = await query.executeTakeFirst();
  return { count: Number(found?.count ?? 0), endMs: Number(found?.last ?? 0) + DAY_MS };
}

const unindexedGroup = sql<number>`+group_id`;

/** Rows with an id that begins with the text, and rows whose error text contains it. */
async function containingText(
  context: ListContext,
  search: LedgerSearch,
  groups: number[] | undefined,
  text: string,
): Promise<number[]> {
  const { db, isPostgres } = context;
  const ofGroups = (query: Numbered) =>
    groups ? query.where(isOneOf(isPostgres, unindexed('group_id'), groups)) : query;
  const select = () => ofGroups(within(db.selectFrom('ledger_requests').select('id'), search)).limit(search.limit);
  const named = await requestsNamed(context, text);
  const byId =
    named.length === 0
      ? []
      : await select()
          .where(isOneOf(isPostgres, sql.ref('id'), named))
          .orderBy(unindexed('received_at_ms'), 'desc')
          .orderBy(unindexed('id'), 'desc')
          .execute();
  const errors = await errorsContaining(context, text);
  const byError =
    errors.length === 0
      ? []
      : await newestFirst(
          select()
            .where('error_id', 'is not', null)
            .where(isOneOf(isPostgres, unindexed('error_id'), errors)),
        ).execute();
  return [...new Set([...idsOf(byId), ...idsOf(byError)])];
}

/** People copy ids with and without their prefix. */
async function requestsNamed(context: ListContext, text: string): Promise<number[]> {
  const found: number[] = [];
  const starts = text.startsWith('req_') ? [text] : [text, `req_${text}`];
  for (const start of starts) found.push(...(await requestsWithIds(context, start, `${start}${LAST}`)));
  return found;
}

/** Sorts after every character that an id may have. */
const LAST = '\u{10ffff}';
/** Sorts before every such character. */
const FIRST = '\u0001';

/** The newest request with this id. */
export async function requestWithId(context: ListContext, id: string): Promise<number | undefined> {
  const [number] = await requestsWithIds(context, id, `${id}${FIRST}`);
  return number;
}

/** Requests with an id from `start` on and before `end`. */
async function requestsWithIds(
  { db, isPostgres }: ListContext,
  start: string,
  end: string,
): Promise<readonly number[]> {
  const blocks = await blocksOf(db);
  const listed = isPostgres
    ? sql`unnest(${`{${blocks.join(',')}}`}::bigint[]) as listed(value)`
    : sql`json_each(${JSON.stringify(blocks)}) as listed`;
  // `cross join` keeps SQLite from reading all ids first.
  const { rows } = await sql<{ readonly request: number }>`
    select request from ${listed} cross join ledger_ids
    where ledger_ids.block = listed.value and ledger_ids.value >= ${start} and ledger_ids.value < ${end}
    limit ${MAX_IDS}`.execute(db);
  return rows.map(({ request }) => request);
}

/** 0 if there is no row. */
export async function newestNumber(db: Kysely<LedgerTables>): Promise<number> {
  const newest = await db.selectFrom('ledger_requests').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst();
  return newest?.id ?? 0;
}

/** Those with larger numbers that another process wrote, the oldest first. */
export async function rowsAfter(
  db: Kysely<LedgerTables>,
  number: number,
  writer: number,
  limit: number,
): Promise<StoredLedgerRow[]> {
  const rows = await selectRows(db)
    .where('ledger_requests.id', '>', number)
    .where('ledger_requests.writer', '!=', writer)
    .orderBy('ledger_requests.id')
    .limit(limit)
    .execute();
  return rows.map(toStoredRow);
}

/** All that have rows, the newest first. */
async function blocksOf(db: Kysely<LedgerTables>): Promise<number[]> {
  const number = (order: 'asc' | 'desc') =>
    db.selectFrom('ledger_requests').select('id').orderBy('id', order).limit(1).executeTakeFirst();
  const [oldest, newest] = [await number('asc'), await number('desc')];
  if (!oldest || !newest) return [];
  const [first, last] = [blockOf(oldest.id), blockOf(newest.id)];
  return Array.from({ length: last - first + 1 }, (_, index) => last - index);
}

async function errorsContaining({ db, isPostgres }: ListContext, text: string): Promise<number[]> {
  const like = isPostgres ? sql`ilike` : sql`like`;
  const rows = await db
    .selectFrom('ledger_errors')
    .select('id')
    .where(sql<boolean>`text ${like} ${containing(text)} escape '\\'`)
    .orderBy('seen_at_ms', 'desc')
    .limit(MAX_ERRORS)
    .execute();
  return idsOf(rows);
}

function idsOf(rows: readonly { readonly id: number }[]): number[] {
  return rows.map(({ id }) => id);
}

/** In the order of the list. */
export async function rowsOf({ db, isPostgres }: ListContext, numbers: readonly number[]): Promise<StoredLedgerRow[]> {
  if (numbers.length === 0) return [];
  const rows = await selectRows(db)
    .where(isOneOf(isPostgres, sql.ref('ledger_requests.id'), numbers))
    .execute();
  return rows.map(toStoredRow).sort((a, b) => b.receivedMs - a.receivedMs || b.number - a.number);
}

function selectRows(db: Kysely<LedgerTables>) {
  return db
    .selectFrom('ledger_requests')
    .innerJoin('ledger_groups', 'ledger_groups.id', 'ledger_requests.group_id')
    .leftJoin('ledger_errors', 'ledger_errors.id', 'ledger_requests.error_id')
    .select([
      'ledger_requests.id as number',
      'ledger_requests.request_id',
      'ledger_requests.received_at_ms',
      'ledger_requests.details',
      'ledger_errors.text as error_text',
      'key',
      'account',
      'model',
      'answered_model',
      'protocol',
      'client',
      'route',
      'kind',
      'outcome',
      'code',
    ]);
}

type SelectedRow = Awaited<ReturnType<ReturnType<typeof selectRows>['execute']>>[number];

function toStoredRow(row: SelectedRow): StoredLedgerRow {
  const [receivedMs, group] = [row.received_at_ms, toGroup(row)];
  return {
    number: row.number,
    id: row.request_id,
    receivedMs,
    group,
    errorText: row.error_text,
    details: readDetails(row.details, { receivedMs, group }),
  };
}

/** The groups that requests are summed by. */
export async function readGroups(db: Kysely<LedgerTables>, limit: number): Promise<LedgerGroup[]> {
  const rows = await db.selectFrom('ledger_groups').selectAll().limit(limit).execute();
  return rows.map(toGroup);
}

function toGroup(row: Omit<LedgerTables['ledger_groups'], 'id'>): LedgerGroup {
  const { key, account, model, answered_model: answeredModel, protocol, client, route, code } = row;
  // Only the ledger's writer writes these columns.
  const kind = row.kind as LedgerGroup['kind'];
  const outcome = row.outcome as LedgerGroup['outcome'];
  return { key, account, model, answeredModel, protocol, client, route, kind, outcome, code };
}
