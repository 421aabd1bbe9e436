/** Writes rows and adds them to the sums, in one transaction. */
import { createHash } from 'node:crypto';
import { CompiledQuery, type Kysely, type QueryResult } from 'kysely';
import { LRUCache } from 'lru-cache';
import { DAY_MS } from '../../core/utc-periods.ts';
import { groupKey } from '../../gateway/ledger/group-names.ts';
import type { LedgerAmounts, LedgerGroup, LedgerRow } from '../../gateway/ledger/ledger-store.ts';
import type { Seal } from '../seal.ts';
import { blockOf, type LedgerTables, SUM_COLUMNS } from './tables.ts';
import { placeOfText } from './texts.ts';
import { countWritten } from './writers.ts';

const HOUR_MS = 3_600_000;
/** The time of a known error text is renewed this often, so that it outlives the rows that have it. */
const SEEN_AGAIN_MS = 6 * HOUR_MS;
const MAX_KNOWN = 20_000;
/** Rows of one statement: each size is a statement of its own, prepared once. */
const BATCHES = [512, 256, 64, 16, 4, 1] as const;

export interface WriterOptions {
  /** The number of this process. */
  readonly writer: number;
  readonly isPostgres: boolean;
  readonly seal: Seal;
  /** False if the secret key was rotated since this process started: nothing that it encrypts could be read. */
  readonly isKeyCurrent: (transaction: Kysely<LedgerTables>) => Promise<boolean>;
}

export class LedgerWriter {
  readonly #writer: number;
  readonly #isPostgres: boolean;
  readonly #seal: Seal;
  readonly #isKeyCurrent: WriterOptions['isKeyCurrent'];
  /** Groups that are known to be stored: they are never removed. */
  readonly #groups = new LRUCache<string, number>({ max: MAX_KNOWN });
  /** When the time of each text was last stored. */
  readonly #errors = new LRUCache<string, { readonly id: number; readonly seenMs: number }>({ max: MAX_KNOWN });

  constructor({ writer, isPostgres, seal, isKeyCurrent }: WriterOptions) {
    this.#writer = writer;
    this.#isPostgres = isPostgres;
    this.#seal = seal;
    this.#isKeyCurrent = isKeyCurrent;
  }

  /** Within a transaction. What it remembers is right only if that is committed: else call `forget`. */
  async write(db: Kysely<LedgerTables>, rows: readonly LedgerRow[], nowMs: number): Promise<void> {
    const groupIds = await this.#storeGroups(db, rows);
    const errorIds = await this.#storeErrors(db, rows, nowMs);
    const ids = await this.#insertRows(db, rows, groupIds, errorIds);
    await this.#insert(db, 'ledger_ids', ['block', 'value', 'request'], idsOf(rows, ids), IGNORE_REPEATED);
    const hours = sumsOf(rows, groupIds);
    await this.#addSums(db, 'ledger_hours', hours);
    await this.#addSums(db, 'ledger_days', byDay(hours));
    await countWritten(db, this.#writer, rows.length, nowMs);
  }

  forget(): void {
    this.#groups.clear();
    this.#errors.clear();
  }

  async #storeGroups(db: Kysely<LedgerTables>, rows: readonly LedgerRow[]): Promise<number[]> {
    const added = new Map<number, readonly unknown[]>();
    // Rows of equal groups mostly share one object.
    const found = new Map<LedgerGroup, number>();
    const ids = rows.map(({ group }) => {
      let id = found.get(group);
      if (id === undefined) {
        id = this.#groupId(group, added);
        found.set(group, id);
      }
      return id;
    });
    await this.#insert(db, 'ledger_groups', GROUP_COLUMNS, inOrder(added), IGNORE_REPEATED);
    return ids;
  }

  #groupId(group: LedgerGroup, added: Map<number, readonly unknown[]>): number {
    const key = groupKey(group);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const id = idOf(key);
    this.#groups.set(key, id);
    const { account, model, answeredModel, protocol, client, route, kind, outcome, code } = group;
    added.set(id, [id, group.key, account, model, answeredModel, protocol, client, route, kind, outcome, code]);
    return id;
  }

  async #storeErrors(
    db: Kysely<LedgerTables>,
    rows: readonly LedgerRow[],
    nowMs: number,
  ): Promise<readonly (number | null)[]> {
    const added = new Map<number, readonly unknown[]>();
    const ids = rows.map(({ errorText }) => {
      if (errorText === null) return null;
      const known = this.#errors.get(errorText);
      if (known && nowMs - known.seenMs < SEEN_AGAIN_MS) return known.id;
      const id = idOf(errorText);
      this.#errors.set(errorText, { id, seenMs: nowMs });
      added.set(id, [id, errorText, nowMs]);
      return id;
    });
    const renew = ' on conflict (id) do update set seen_at_ms = excluded.seen_at_ms';
    await this.#insert(db, 'ledger_errors', ['id', 'text', 'seen_at_ms'], inOrder(added), renew);
    return ids;
  }

  /** Returns the rows' numbers, in their order. */
  async #insertRows(
    db: Kysely<LedgerTables>,
    rows: readonly LedgerRow[],
    groupIds: readonly number[],
    errorIds: readonly (number | null)[],
  ): Promise<readonly number[]> {
    const keepsText = rows.some(({ text }) => text) && (await this.#isKeyCurrent(db));
    // Most batches consist of requests without either, and each value is a call into the database.
    const columns = keepsText || errorIds.some((id) => id !== null) ? ROW_COLUMNS : PLAIN_ROW_COLUMNS;
    const values: unknown[] = [];
    for (const [index, { id, receivedMs, details, text }] of rows.entries()) {
      values.push(receivedMs, groupIds[index], id, details, this.#writer);
      if (columns === PLAIN_ROW_COLUMNS) continue;
      const sealed = keepsText && text ? this.#seal.close(placeOfText(id), JSON.stringify(text)) : null;
      values.push(errorIds[index], sealed, sealed?.length ?? null);
    }
    if (!this.#isPostgres) return numbersOf(await this.#insert(db, 'ledger_requests', columns, values, ''));
    const results = await this.#insert(db, 'ledger_requests', columns, values, ' returning id, request_id');
    const numbers = new Map(
      results.flatMap(({ rows }) => rows.map((row) => [row.request_id, Number(row.id)] as const)),
    );
    return rows.map(({ id }) => numbers.get(id) ?? 0);
  }

  #addSums(db: Kysely<LedgerTables>, table: 'ledger_hours' | 'ledger_days', sums: Sums) {
    const added = SUM_COLUMNS.map((column) => `${column} = ${table}.${column} + excluded.${column}`).join(', ');
    const suffix = ` on conflict (start_ms, group_id) do update set ${added}`;
    return this.#insert(db, table, ['start_ms', 'group_id', ...SUM_COLUMNS], inOrderOfKeys(sums), suffix);
  }

  /**
   * `values`: those of all rows, one row after the other. Statements are built by hand: building one of 64 rows for each batch
   * costs more than running it.
   */
  async #insert(
    db: Kysely<LedgerTables>,
    table: string,
    columns: readonly string[],
    values: readonly unknown[],
    suffix: string,
  ): Promise<readonly QueryResult<Record<string, unknown>>[]> {
    const results: QueryResult<Record<string, unknown>>[] = [];
    const rows = values.length / columns.length;
    for (let row = 0; row < rows; ) {
      const size = BATCHES.find((batch) => batch <= rows - row) ?? 1;
      const text = this.#statement(table, columns, size, suffix);
      const parameters = values.slice(row * columns.length, (row + size) * columns.length);
      results.push(await db.executeQuery<Record<string, unknown>>(CompiledQuery.raw(text, parameters)));
      row += size;
    }
    return results;
  }

  readonly #statements = new Map<string, string>();

  #statement(table: string, columns: readonly string[], rows: number, suffix: string): string {
    const key = `${table} ${columns.length} ${rows}`;
    let text = this.#statements.get(key);
    if (text === undefined) {
      let parameter = 0;
      const value = () => (this.#isPostgres ? `$${++parameter}` : '?');
      const row = () => `(${columns.map(value).join(', ')})`;
      const values = Array.from({ length: rows }, row).join(', ');
      text = `insert into ${table} (${columns.join(', ')}) values ${values}${suffix}`;
      this.#statements.set(key, text);
    }
    return text;
  }
}

const IGNORE_REPEATED = ' on conflict do nothing';
/** Of rows with neither an error nor a text. */
const PLAIN_ROW_COLUMNS = [
  'received_at_ms',
  'group_id',
  'request_id',
  'details',
  'writer',
] as const satisfies readonly RowColumn[];
const ROW_COLUMNS = [...PLAIN_ROW_COLUMNS, 'error_id', 'sealed', 'text_bytes'] as const satisfies readonly RowColumn[];
type RowColumn = keyof LedgerTables['ledger_requests'];
const GROUP_COLUMNS = [
  'id',
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
] as const satisfies readonly (keyof LedgerTables['ledger_groups'])[];

/** 52 bits, an exact number. Replicas find the same id for the same text without asking each other. */
function idOf(text: string): number {
  return Number.parseInt(createHash('sha256').update(text).digest('hex').slice(0, 13), 16);
}

/** The same order in every process, so that two of them cannot deadlock. */
function inOrder(added: ReadonlyMap<number, readonly unknown[]>): readonly unknown[] {
  if (added.size === 0) return [];
  return [...added].sort(([a], [b]) => a - b).flatMap(([, values]) => values);
}

/**
 * The numbers that SQLite gave to the rows of these statements. It gives them in order (https://www.sqlite.org/autoinc.html), and
 * nothing else can insert rows within the transaction. Having it return each row would cost as much again as inserting it.
 */
function numbersOf(results: readonly QueryResult<unknown>[]): readonly number[] {
  return results.flatMap(({ insertId = 0n, numAffectedRows = 0n }) => {
    const [last, rows] = [Number(insertId), Number(numAffectedRows)];
    return Array.from({ length: rows }, (_, index) => last - rows + 1 + index);
  });
}

function idsOf(rows: readonly LedgerRow[], numbers: readonly number[]): readonly unknown[] {
  const ids: unknown[] = [];
  for (const [index, { id, otherIds }] of rows.entries()) {
    const number = numbers[index] ?? 0;
    const block = blockOf(number);
    ids.push(block, id, number);
    for (const other of otherIds) ids.push(block, other, number);
  }
  return ids;
}

/** By start of the span and group. The sums are in the order of SUM_COLUMNS. */
type Sums = ReadonlyMap<number, ReadonlyMap<number, readonly number[]>>;

/** By hour. */
function sumsOf(rows: readonly LedgerRow[], groupIds: readonly number[]): Sums {
  const sums = new Map<number, Map<number, number[]>>();
  for (const [index, { receivedMs, amounts }] of rows.entries())
    addTo(sums, receivedMs - (receivedMs % HOUR_MS), groupIds[index] ?? 0, amountsInOrder(amounts));
  return sums;
}

function byDay(hours: Sums): Sums {
  const days = new Map<number, Map<number, number[]>>();
  for (const [startMs, groups] of hours)
    for (const [groupId, amounts] of groups) addTo(days, startMs - (startMs % DAY_MS), groupId, amounts);
  return days;
}

function addTo(
  sums: Map<number, Map<number, number[]>>,
  startMs: number,
  groupId: number,
  amounts: readonly number[],
): void {
  let groups = sums.get(startMs);
  if (!groups) {
    groups = new Map();
    sums.set(startMs, groups);
  }
  const sum = groups.get(groupId);
  if (!sum) groups.set(groupId, [...amounts]);
  else for (let at = 0; at < amounts.length; at++) sum[at] = (sum[at] ?? 0) + (amounts[at] ?? 0);
}

/** As `inOrder`. */
function inOrderOfKeys(sums: Sums): readonly unknown[] {
  return [...sums]
    .sort(([a], [b]) => a - b)
    .flatMap(([startMs, groups]) =>
      [...groups].sort(([a], [b]) => a - b).flatMap(([groupId, sum]) => [startMs, groupId, ...sum]),
    );
}

/** As SUM_COLUMNS. The columns of tokens and times are integers. */
function amountsInOrder(amounts: LedgerAmounts): number[] {
  return [
    amounts.requests,
    Math.round(amounts.inputTokens),
    Math.round(amounts.outputTokens),
    Math.round(amounts.cacheReadTokens),
    amounts.credits,
    amounts.estimatedCredits,
    amounts.listPriceUsd,
    Math.round(amounts.durationMs),
    Math.round(amounts.firstByteMs),
    amounts.firstByteCount,
  ];
}
