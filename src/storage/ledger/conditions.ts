/** Parts of the ledger's queries that differ between the engines, and the filters. */
import { type Expression, type ExpressionBuilder, type Kysely, type SqlBool, sql } from 'kysely';
import type { LedgerDimension, LedgerFilter } from '../../gateway/ledger/ledger-store.ts';
import type { LedgerTables } from './tables.ts';

/** True if the column has one of the numbers: any number of them in one parameter. */
export function isOneOf(isPostgres: boolean, column: Expression<unknown>, numbers: readonly number[]) {
  return isPostgres
    ? sql<SqlBool>`${column} = any(${`{${numbers.join(',')}}`}::bigint[])`
    : sql<SqlBool>`${column} in (select value from json_each(${JSON.stringify(numbers)}))`;
}

/** The column without its index: `+` keeps both engines from choosing one that starts with it. */
export function unindexed(column: 'group_id' | 'received_at_ms' | 'error_id' | 'id') {
  return sql<number>`+${sql.ref(`ledger_requests.${column}`)}`;
}

/** For LIKE with `\` as the escape character. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
}

type GroupBuilder = ExpressionBuilder<LedgerTables, 'ledger_groups'>;
type GroupColumn = Exclude<keyof LedgerTables['ledger_groups'], 'id'>;

/** Undefined: the filter allows every group. */
export function groupConditions(filter: LedgerFilter) {
  const lists: readonly (readonly [readonly GroupColumn[], readonly (string | null)[] | undefined])[] = [
    [['key'], filter.keys],
    [['account'], filter.accounts],
    [['model', 'answered_model'], filter.models],
    [['protocol'], filter.protocols],
    [['client'], filter.clients],
    [['kind'], filter.kinds],
    [['outcome'], filter.outcomes],
    [['code'], filter.codes],
  ];
  const given = lists.flatMap(([columns, values]) => (values === undefined ? [] : [{ columns, values }]));
  if (given.length === 0) return undefined;
  return (where: GroupBuilder) =>
    where.and(given.map(({ columns, values }) => where.or(columns.map((column) => hasValue(where, column, values)))));
}

function hasValue(where: GroupBuilder, column: GroupColumn, values: readonly (string | null)[]) {
  const texts = values.filter((value) => value !== null);
  const isText = texts.length === 0 ? where.lit(false) : where(column, 'in', texts);
  return values.includes(null) ? where.or([isText, where(column, 'is', null)]) : isText;
}

/** Ids of the groups that the filter allows; undefined: all. */
export async function groupIdsOf(db: Kysely<LedgerTables>, filter: LedgerFilter): Promise<number[] | undefined> {
  const conditions = groupConditions(filter);
  if (!conditions) return undefined;
  const rows = await db.selectFrom('ledger_groups').select('id').where(conditions).execute();
  return rows.map(({ id }) => id);
}

/** The column of a dimension. The model is the one that answered, where one did. */
export function dimensionColumn(dimension: LedgerDimension) {
  return dimension === 'model'
    ? sql<string | null>`coalesce(ledger_groups.answered_model, ledger_groups.model)`
    : sql<string | null>`${sql.ref(`ledger_groups.${dimension}`)}`;
}
