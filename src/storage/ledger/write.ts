/** Writes rows and adds them to the sums, in one transaction. */
import { createHash } from 'node:crypto';
import { CompiledQuery, type Kysely } from 'kysely';
import { LRUCache } from 'lru-cache';
import { DAY_MS } from '../../core/utc-periods.ts';
import { groupKey } from '../../gateway/ledger/group-names.ts';
import type { LedgerAmounts, LedgerRow } from '../../gateway/ledger/ledger-store.ts';
import type { Seal } from '../seal.ts';
import { blockOf, type LedgerTables, SUM_COLUMNS } from './tables.ts';
import { placeOfText } from './texts.ts';
import { countWritten } from './writers.ts';

const HOUR_MS = 3_600_000;
/** The time of a known error text is renewed this often, so that it outlives the rows that have it. */
const SEEN_AGAIN_MS = 6 * HOUR_MS;
const MAX_KNOWN = 20_000;
/** Rows of one statement: each size is a statement of its own, prepared once. */
const BATCHES = [64, 16, 4, 1] as const;

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
    await this.#addSums(db, 'ledger_hours', sumsOf(rows, groupIds, HOUR_MS));
    await this.#addSums(db, 'ledger_days', sumsOf(rows, groupIds, DAY_MS));
    await countWritten(db, this.#writer, rows.length, nowMs);
  }

  forget(): void {
    this.#groups.clear();
    this.#errors.clear();
  }

  async #storeGroups(db: Kysely<LedgerTables>, rows: readonly LedgerRow[]): Promise<number[]> {
    const added = new Map<number, unknown[]>();
    const ids = rows.map(({ group }) => {
      const key = groupKey(group);
      const known = this.#groups.get(key);
      if (known !== undefined) return known;
      const id = idOf(key);
      this.#groups.set(key, id);
      const { account, model, answeredModel, protocol, client, route, kind, outcome, code } = group;
      added.set(id, [id, group.key, account, model, answeredModel, protocol, client, route, kind, outcome, code]);
      return id;
    });
    await this.#insert(db, 'ledger_groups', GROUP_COLUMNS, inOrder(added), IGNORE_REPEATED);
    return ids;
  }

  async #storeErrors(
    db: Kysely<LedgerTables>,
    rows: readonly LedgerRow[],
    nowMs: number,
  ): Promise<readonly (number | null)[]> {
    const added = new Map<number, unknown[]>();
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

  /** The rows' numbers, by request id. */
  async #insertRows(
    db: Kysely<LedgerTables>,
    rows: readonly LedgerRow[],
    groupIds: readonly number[],
    errorIds: readonly (number | null)[],
  ): Promise<ReadonlyMap<string, number>> {
    const keepsText = rows.some(({ text }) => text) && (await this.#isKeyCurrent(db));
    const values = rows.map(({ id, receivedMs, details, text }, index) => {
      const sealed = keepsText && text ? this.#seal.close(placeOfText(id), JSON.stringify(text)) : null;
      const columns = [receivedMs, groupIds[index], errorIds[index], id, JSON.stringify(details)];
      return [...columns, sealed, sealed?.length ?? null, this.#writer];
    });
    const returned = await this.#insert(db, 'ledger_requests', ROW_COLUMNS, values, ' returning id, request_id');
    return new Map(returned.map(({ id, request_id }) => [String(request_id), Number(id)]));
  }

  #addSums(db: Kysely<LedgerTables>, table: 'ledger_hours' | 'ledger_days', sums: readonly unknown[][]) {
    const added = SUM_COLUMNS.map((column) => `${column} = ${table}.${column} + excluded.${column}`).join(', ');
    const suffix = ` on conflict (start_ms, group_id) do update set ${added}`;
    return this.#insert(db, table, ['start_ms', 'group_id', ...SUM_COLUMNS], sums, suffix);
  }

  /** Statements are built by hand: building one of 64 rows for each batch costs more than running it. */
  async #insert(
    db: Kysely<LedgerTables>,
    table: string,
    columns: readonly string[],
    rows: readonly (readonly unknown[])[],
    suffix: string,
  ): Promise<readonly Record<string, unknown>[]> {
    const returned: Record<string, unknown>[] = [];
    for (let at = 0; at < rows.length; ) {
      const size = BATCHES.find((batch) => batch <= rows.length - at) ?? 1;
      const text = this.#statement(table, columns, size, suffix);
      const query = CompiledQuery.raw(text, rows.slice(at, at + size).flat());
      const result = await db.executeQuery<Record<string, unknown>>(query);
      for (const row of result.rows) returned.push(row);
      at += size;
    }
    return returned;
  }

  readonly #statements = new Map<string, string>();

  #statement(table: string, columns: readonly string[], rows: number, suffix: string): string {
    const key = `${table} ${rows}`;
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
const ROW_COLUMNS = [
  'received_at_ms',
  'group_id',
  'error_id',
  'request_id',
  'details',
  'sealed',
  'text_bytes',
  'writer',
] as const satisfies readonly (keyof LedgerTables['ledger_requests'])[];
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
function inOrder(added: ReadonlyMap<number, unknown[]>): readonly unknown[][] {
  return [...added].sort(([a], [b]) => a - b).map(([, values]) => values);
}

function idsOf(rows: readonly LedgerRow[], numbers: ReadonlyMap<string, number>): readonly unknown[][] {
  const ids: unknown[][] = [];
  for (const { id, otherIds } of rows) {
    const number = numbers.get(id) ?? 0;
    ids.push([blockOf(number), id, number]);
    for (const other of otherIds) ids.push([blockOf(number), other, number]);
  }
  return ids;
}

function sumsOf(rows: readonly LedgerRow[], groupIds: readonly number[], spanMs: number): readonly unknown[][] {
  const sums = new Map<number, Map<number, number[]>>();
  for (const [index, { receivedMs, amounts }] of rows.entries()) {
    const startMs = receivedMs - (receivedMs % spanMs);
    const groupId = groupIds[index] ?? 0;
    const groups = sums.get(startMs) ?? new Map<number, number[]>();
    sums.set(startMs, groups);
    const sum = groups.get(groupId);
    if (sum) for (const [at, amount] of amountsInOrder(amounts).entries()) sum[at] = (sum[at] ?? 0) + amount;
    else groups.set(groupId, amountsInOrder(amounts));
  }
  return [...sums]
    .sort(([a], [b]) => a - b)
    .flatMap(([startMs, groups]) =>
      [...groups].sort(([a], [b]) => a - b).map(([groupId, sum]) => [startMs, groupId, ...sum]),
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
