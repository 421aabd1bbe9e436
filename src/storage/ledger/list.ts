/**
 * Lists requests, newest first. Filters concern groups, of which there are few: their ids are found first, and then the
 * newest rows of these groups, either by the index of groups (few rows match) or by that of time (many do). Both cover the
 * query, so the rows themselves are read only for the page that is returned.
 */
import type { Kysely, SelectQueryBuilder } from 'kysely';
import { sql } from 'kysely';
import type { LedgerFilter, LedgerSearch, StoredLedgerRow } from '../../gateway/ledger/ledger-store.ts';
import { containing, groupIdsOf, isOneOf, unindexed } from './conditions.ts';
import type { LedgerTables } from './tables.ts';
import { DAY_MS } from './write.ts';

/** Fewer matching rows than this are sorted; more are found sooner from the newest on. */
const FEW_ROWS = 5_000;
/** Of one search. */
const MAX_IDS = 1_000;
const MAX_ERRORS = 5_000;

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
  return rowsOf(context, numbers);
}

type Numbered = SelectQueryBuilder<LedgerTables, 'ledger_requests', { id: number }>;

/** The numbers of the newest rows. */
async function newest(context: ListContext, search: LedgerSearch, groups: number[] | undefined): Promise<number[]> {
  const { db, isPostgres } = context;
  const all = within(db.selectFrom('ledger_requests').select('id'), search).limit(search.limit);
  if (!groups) return idsOf(await newestFirst(all).execute());
  const isFew = (await countRows(context, groups, search)) <= FEW_ROWS;
  const query = isFew
    ? all
        .where(isOneOf(isPostgres, sql.ref('group_id'), groups))
        .orderBy(unindexed('received_at_ms'), 'desc')
        .orderBy(unindexed('id'), 'desc')
    : newestFirst(all.where(isOneOf(isPostgres, unindexed('group_id'), groups)));
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

/** From the sums of days, so it may count rows that were removed since. */
async function countRows({ db, isPostgres }: ListContext, groups: readonly number[], filter: LedgerFilter) {
  let query = db
    .selectFrom('ledger_days')
    .select(({ fn }) => fn.sum<number | null>('requests').as('count'))
    .where(isOneOf(isPostgres, unindexedGroup, groups));
  if (filter.fromMs !== undefined) query = query.where('start_ms', '>', filter.fromMs - DAY_MS);
  if (filter.toMs !== undefined) query = query.where('start_ms', '<', filter.toMs);
  return Number((await query.executeTakeFirst())?.count ?? 0);
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

async function requestsNamed({ db }: ListContext, text: string): Promise<number[]> {
  const rows = await db
    .selectFrom('ledger_ids')
    .select('request')
    .where((where) =>
      // People copy ids with and without their prefix.
      where.or(
        [text, `req_${text}`].map((start) =>
          where.and([where('value', '>=', start), where('value', '<', `${start}\u{10ffff}`)]),
        ),
      ),
    )
    .limit(MAX_IDS)
    .execute();
  return rows.map(({ request }) => request);
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
  const { key, account, model, answered_model: answeredModel, protocol, client, route, code } = row;
  // Only the ledger's writer writes these columns.
  const kind = row.kind as StoredLedgerRow['group']['kind'];
  const outcome = row.outcome as StoredLedgerRow['group']['outcome'];
  return {
    number: row.number,
    id: row.request_id,
    receivedMs: row.received_at_ms,
    group: { key, account, model, answeredModel, protocol, client, route, kind, outcome, code },
    errorText: row.error_text,
    details: JSON.parse(row.details),
  };
}
