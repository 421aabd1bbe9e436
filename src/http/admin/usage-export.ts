/** The ledger as a file: read in parts and written as a stream, so that its size does not matter. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isoTime } from '../../core/times.ts';
import { monthOf } from '../../core/utc-periods.ts';
import type {
  LedgerBucket,
  LedgerDimension,
  LedgerPosition,
  LedgerSearch,
  LedgerSpan,
  LedgerStore,
  StoredLedgerRow,
} from '../../gateway/ledger/ledger-store.ts';
import { type Names, toRequestView } from './request-view.ts';

export type ExportedRow = Readonly<Record<string, string | number | null>>;
type ExportSpan = LedgerSpan | 'request';
type TimeFilter = Omit<LedgerSearch, 'limit'> & { readonly fromMs: number; readonly toMs: number };

const MAX_ROWS = 1_000_000;
const PAGE_ROWS = 200;
/** Of a part of the sums: more than one hour or day can have, see MAX_GROUPS of the ledger. */
const PART_ROWS = 50_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How much is read at once, where that is not too much. */
const PART_MS = { hour: DAY_MS, day: 31 * DAY_MS };
const SPAN_MS = { hour: HOUR_MS, day: DAY_MS };
const DIMENSIONS = ['key', 'account', 'model', 'protocol', 'client'] as const satisfies readonly LedgerDimension[];

const SUM_FIELDS = [
  'requests',
  'errors',
  'abandoned',
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'credits',
  'estimatedCredits',
  'listPriceUsd',
] as const satisfies readonly (keyof LedgerBucket)[];

const REQUEST_FIELDS = [
  ...['time', 'id', 'kind', 'outcome', 'status', 'code', 'error', 'method', 'route', 'protocol', 'key', 'keyName'],
  ...['account', 'accountLabel', 'model', 'answeredModel', 'client', 'clientVersion', 'firstByteMs', 'durationMs'],
  ...['attemptCount', 'adjustmentCount', 'inputTokens', 'outputTokens', 'cacheReadTokens', 'credits'],
  ...['creditsProvenance', 'listPriceUsd'],
];

/** Ends early, without an error, when the client leaves. */
export async function* exportedRows(
  store: LedgerStore,
  by: ExportSpan,
  filter: TimeFilter,
  names: Names,
  gone: AbortSignal,
): AsyncGenerator<readonly ExportedRow[], void> {
  let left = MAX_ROWS;
  const parts = by === 'request' ? requestParts(store, filter, names) : sumParts(store, by, filter, names);
  for await (const rows of parts) {
    if (gone.aborted || left <= 0) return;
    yield rows.slice(0, left);
    left -= rows.length;
    await nextTurn();
  }
}

/** Newest first. */
async function* requestParts(store: LedgerStore, filter: TimeFilter, names: Names) {
  let after: LedgerPosition | undefined;
  for (;;) {
    // A search finds as many rows by their ids and as many by their errors: older ones follow with the next page.
    const rows = (await store.list({ ...filter, limit: PAGE_ROWS, after })).slice(0, PAGE_ROWS);
    yield rows.map((row) => requestRow(row, names));
    after = rows.at(-1);
    if (rows.length < PAGE_ROWS) return;
  }
}

/** Oldest first. Times without any sums are skipped: a request may ask for thousands of years. */
async function* sumParts(store: LedgerStore, by: LedgerSpan, filter: TimeFilter, names: Names) {
  const first = { by: by === 'hour' ? by : 'day', dimensions: [], limit: 1 } as const;
  for (let fromMs = filter.fromMs; fromMs < filter.toMs; ) {
    const [next] = await store.history({ ...filter, ...first, fromMs });
    if (!next) return;
    const part = { ...filter, fromMs: Math.max(fromMs, next.startMs), by, dimensions: DIMENSIONS, limit: PART_ROWS };
    let toMs = Math.min(filter.toMs, endOfPart(by, part.fromMs));
    let buckets = await store.history({ ...part, toMs });
    if (buckets.length === PART_ROWS && by !== 'month') {
      toMs = Math.min(filter.toMs, part.fromMs - (part.fromMs % SPAN_MS[by]) + SPAN_MS[by]);
      buckets = await store.history({ ...part, toMs });
    }
    yield buckets.map((bucket) => sumRow(bucket, names));
    fromMs = toMs;
  }
}

function endOfPart(by: LedgerSpan, fromMs: number): number {
  return by === 'month' ? monthOf(fromMs).endMs : fromMs - (fromMs % DAY_MS) + PART_MS[by];
}

function requestRow(row: StoredLedgerRow, names: Names): ExportedRow {
  const { usage, stream: _stream, ...fields } = toRequestView(row, names);
  return {
    ...fields,
    inputTokens: usage?.inputTokens?.value ?? null,
    outputTokens: usage?.outputTokens?.value ?? null,
    cacheReadTokens: usage?.cacheReadTokens?.value ?? null,
    credits: usage?.credits?.value ?? null,
    creditsProvenance: usage?.credits?.provenance ?? null,
    listPriceUsd: usage?.listPriceUsd ?? null,
  };
}

function sumRow(bucket: LedgerBucket, { keys, accounts }: Names): ExportedRow {
  const [key = null, account = null, model = null, protocol = null, client = null] = bucket.values;
  return {
    from: isoTime(bucket.startMs),
    key,
    keyName: (key !== null && keys.get(key)) || null,
    account,
    accountLabel: (account !== null && accounts.get(account)) || null,
    model,
    protocol,
    client,
    ...Object.fromEntries(SUM_FIELDS.map((field) => [field, bucket[field]])),
  };
}

function fieldsOf(by: ExportSpan): readonly string[] {
  if (by === 'request') return REQUEST_FIELDS;
  return ['from', 'key', 'keyName', 'account', 'accountLabel', 'model', 'protocol', 'client', ...SUM_FIELDS];
}

/** RFC 4180. */
export async function* writeCsv(
  parts: AsyncIterable<readonly ExportedRow[]>,
  by: ExportSpan,
): AsyncGenerator<string, void> {
  const fields = fieldsOf(by);
  yield `${fields.join(',')}\r\n`;
  for await (const rows of parts)
    yield rows.map((row) => `${fields.map((field) => csvCell(row[field] ?? null)).join(',')}\r\n`).join('');
}

/** Spreadsheets run a text that begins with one of these as a formula, and names of models come from clients. */
const FORMULA = /^[=+\-@\t\r]/;

function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export async function* writeJson(parts: AsyncIterable<readonly ExportedRow[]>): AsyncGenerator<string, void> {
  let separator = '';
  yield '{"rows":[';
  for await (const rows of parts) {
    if (rows.length === 0) continue;
    yield `${separator}${rows.map((row) => JSON.stringify(row)).join(',\n')}`;
    separator = ',\n';
  }
  yield ']}\n';
}
