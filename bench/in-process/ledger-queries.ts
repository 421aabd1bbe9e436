/**
 * Fills a ledger with a million requests and measures every query of the console's pages, with the plans that the database
 * chose. Prints one line for each query and exits with 1 if the median of one is above the limit.
 *
 * Usage: npm run bench:ledger sqlite|postgres [ROWS]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import type { LedgerSearch, LedgerStore } from '../../src/gateway/ledger/ledger-store.ts';
import { openStore } from '../../src/storage/open.ts';
import { systemClock } from '../../src/transport/clock.ts';
import { ledgerRow } from '../../test/support/ledger-rows.ts';
import { startPostgresServer } from '../../test/support/postgres-server.ts';
import { median } from '../statistics.ts';

const [engine = 'sqlite', count = '1000000'] = process.argv.slice(2);
const ROWS = Number(count);
const LIMIT_MS = 200;
const ROUNDS = 7;
const DAY_MS = 86_400_000;
const END_MS = Date.UTC(2026, 10, 29);
const START_MS = END_MS - 60 * DAY_MS;
const BATCH = 512;

const MODELS = ['claude-opus-5.5', 'claude-sonnet-5.5', 'claude-haiku-4.5', 'gpt-5.6-sol', 'gpt-5.6-luna'];
const CLIENTS = ['claude-code', 'codex', 'opencode', 'cursor', 'openai-python'];
const CODES = ['account_throttled', 'quota_exhausted', 'upstream_broken', 'invalid_request', 'client_closed'];

/** 20 keys, 8 accounts, 5 models and clients, 5 % failures, of which a third have texts of their own. */
function rowOf(index: number) {
  const isFailed = index % 20 === 7;
  const code = CODES[Math.floor(index / 20) % CODES.length] ?? null;
  const model = MODELS[(index * 7) % MODELS.length] ?? null;
  const text = `The service answered with ${code}${index % 3 === 0 ? `, attempt ${index}` : ''}. Try again later.`;
  const account = `acc-${(index * 3) % 8}`;
  return ledgerRow(`req_${(index * 2_654_435_761).toString(36)}_${index}`, timeOf(index), {
    errorText: isFailed ? text : null,
    group: {
      key: `key-${index % 20}`,
      account,
      model,
      answeredModel: model,
      client: CLIENTS[(index * 11) % CLIENTS.length] ?? 'unknown',
      // The newest quarter has none of these.
      kind: index < ROWS * 0.75 && index % 50 === 3 ? 'count' : 'reply',
      outcome: isFailed ? (code === 'client_closed' ? 'abandoned' : 'failed') : 'ok',
      code: isFailed ? code : null,
    },
  });
}

function timeOf(index: number): number {
  return START_MS + Math.floor((index * (END_MS - START_MS)) / ROWS);
}

async function fill(ledger: LedgerStore): Promise<void> {
  const beganMs = performance.now();
  const cpu = process.cpuUsage();
  for (let at = 0; at < ROWS; at += BATCH)
    await ledger.write(Array.from({ length: Math.min(BATCH, ROWS - at) }, (_, index) => rowOf(at + index)));
  const { user, system } = process.cpuUsage(cpu);
  const seconds = ((performance.now() - beganMs) / 1_000).toFixed(1);
  console.log(`wrote ${ROWS} rows in ${seconds} s, ${((user + system) / ROWS).toFixed(1)} µs of processor time a row`);
}

const page = { limit: 51 } satisfies Partial<LedgerSearch>;
const middle = { after: { receivedMs: timeOf(ROWS / 2), number: ROWS / 2 } };
const QUERIES: readonly (readonly [string, (ledger: LedgerStore) => Promise<unknown>])[] = [
  ['requests: first page', (ledger) => ledger.list(page)],
  ['requests: page in the middle', (ledger) => ledger.list({ ...page, ...middle })],
  ['requests: one key', (ledger) => ledger.list({ ...page, keys: ['key-3'] })],
  ['requests: one account, failed', (ledger) => ledger.list({ ...page, accounts: ['acc-1'], outcomes: ['failed'] })],
  ['requests: one code', (ledger) => ledger.list({ ...page, codes: ['quota_exhausted'] })],
  ['requests: only old rows match', (ledger) => ledger.list({ ...page, kinds: ['count'] })],
  [
    'requests: rare combination',
    (ledger) =>
      ledger.list({ ...page, keys: ['key-7'], models: ['gpt-5.6-luna'], codes: ['invalid_request'], kinds: ['reply'] }),
  ],
  ['requests: no match', (ledger) => ledger.list({ ...page, keys: ['nothing'] })],
  [
    'requests: a week, one model',
    (ledger) => ledger.list({ ...page, models: ['gpt-5.6-sol'], fromMs: START_MS, toMs: START_MS + 7 * DAY_MS }),
  ],
  ['search: request id', (ledger) => ledger.list({ ...page, text: rowOf(Math.floor(ROWS / 3)).id })],
  ['search: upstream id', (ledger) => ledger.list({ ...page, text: `up-${rowOf(Math.floor(ROWS / 3)).id}` })],
  ['search: common error text', (ledger) => ledger.list({ ...page, text: 'Try again' })],
  ['search: rare error text', (ledger) => ledger.list({ ...page, text: 'attempt 1287.' })],
  ['search: no match', (ledger) => ledger.list({ ...page, text: 'no such text' })],
  ['request by id', (ledger) => ledger.find(rowOf(Math.floor(ROWS / 5)).id)],
  [
    'history: a day by hour',
    (ledger) => ledger.history({ by: 'hour', dimensions: [], fromMs: END_MS - DAY_MS, limit: 10_001 }),
  ],
  [
    'history: 30 days by key',
    (ledger) => ledger.history({ by: 'day', dimensions: ['key'], fromMs: END_MS - 30 * DAY_MS, limit: 10_001 }),
  ],
  [
    'history: 60 days by model',
    (ledger) => ledger.history({ by: 'day', dimensions: ['model'], fromMs: START_MS, limit: 10_001 }),
  ],
  [
    'history: months by client',
    (ledger) => ledger.history({ by: 'month', dimensions: ['client'], fromMs: START_MS, limit: 10_001 }),
  ],
  [
    'accounts: a day by hour',
    (ledger) =>
      ledger.history({
        ...{ by: 'hour', dimensions: ['account'], kinds: ['reply'] },
        ...{ fromMs: END_MS - DAY_MS, limit: 50_000 },
      }),
  ],
  [
    'keys: four days by hour',
    (ledger) =>
      ledger.history({
        ...{ by: 'hour', dimensions: ['key'], limit: 100_000 },
        ...{ fromMs: END_MS - 4 * DAY_MS, toMs: END_MS },
      }),
  ],
  [
    'overview: newest 500 replies',
    (ledger) => ledger.list({ kinds: ['reply'], outcomes: ['ok'], fromMs: END_MS - DAY_MS, toMs: END_MS, limit: 500 }),
  ],
  [
    'overview: two hours by the minute',
    (ledger) => ledger.list({ kinds: ['reply'], fromMs: END_MS - 7_200_000, toMs: END_MS, limit: 3_001 }),
  ],
  [
    'overview: error codes of a week',
    (ledger) => ledger.history({ by: 'day', dimensions: ['code'], fromMs: END_MS - 7 * DAY_MS, limit: 10_001 }),
  ],
  ['overview: lost rows', (ledger) => ledger.rowsLost(START_MS, END_MS)],
  ['events: rows of other processes', (ledger) => ledger.writtenByOthers(ROWS - 1_024, 2_000)],
  ['start: known groups', (ledger) => ledger.groups(20_000)],
  ['credits by key', (ledger) => ledger.credits('key', END_MS)],
  ['prune: nothing to do', (ledger) => ledger.prune(END_MS)],
];

async function measure(ledger: LedgerStore): Promise<boolean> {
  let isFast = true;
  for (const [name, query] of QUERIES) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const beganMs = performance.now();
      await query(ledger);
      times.push(performance.now() - beganMs);
    }
    const ms = median(times);
    isFast &&= ms <= LIMIT_MS;
    console.log(`${name.padEnd(34)} ${ms.toFixed(1).padStart(8)} ms  (worst ${Math.max(...times).toFixed(1)})`);
  }
  return isFast;
}

/** The queries that read many rows, as src/storage/ledger/list.ts and history.ts build them. */
const PLANS: readonly (readonly [string, string])[] = [
  [
    'newest rows of many groups',
    `select id from ledger_requests where +group_id in (1, 2, 3) order by received_at_ms desc, id desc limit 51`,
  ],
  [
    'newest rows of few groups',
    `select id from ledger_requests where group_id in (1, 2, 3) order by +received_at_ms desc, +id desc limit 51`,
  ],
  [
    'rows with an error text',
    `select id from ledger_requests where error_id is not null and +error_id in (1, 2) order by received_at_ms desc, id desc limit 51`,
  ],
  [
    'ids that begin with a text',
    `select request from BLOCKS cross join ledger_ids where ledger_ids.block = listed.value and ledger_ids.value >= 'req_a' and ledger_ids.value < 'req_b' limit 1000`,
  ],
  [
    'sums of days',
    `select start_ms, key, sum(requests) from ledger_days join ledger_groups on ledger_groups.id = group_id where start_ms >= 0 group by start_ms, key order by start_ms, key`,
  ],
];

async function run(url: string, home: string, explain: (query: string) => Promise<string>): Promise<boolean> {
  const store = await openStore({ url, home, secretKey: 'k'.repeat(32), clock: systemClock });
  const ledger = await store.openLedger({ rows: ROWS, days: 90, textBytes: 1024 ** 3 });
  try {
    await fill(ledger);
    for (const [name, query] of PLANS) console.log(`plan: ${name}\n${await explain(query)}`);
    return await measure(ledger);
  } finally {
    await ledger.close();
    await store.close();
  }
}

async function onSqlite(home: string): Promise<boolean> {
  return run(`sqlite:${join(home, 'dragoman.db')}`, home, async (query) => {
    const database = new DatabaseSync(join(home, 'dragoman-ledger.db'));
    const rows = database
      .prepare(`explain query plan ${query.replace('BLOCKS', "json_each('[1,2,3]') as listed")}`)
      .all();
    database.close();
    return rows.map(({ detail }) => `  ${detail}`).join('\n');
  });
}

async function onPostgres(home: string): Promise<boolean> {
  const server = await startPostgresServer();
  const client = new pg.Client({ connectionString: server.url });
  try {
    await client.connect();
    return await run(server.url, home, async (query) => {
      await client.query('vacuum analyze');
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        `explain (costs off) ${query.replace('BLOCKS', "unnest('{1,2,3}'::bigint[]) as listed(value)")}`,
      );
      return rows.map((row) => `  ${row['QUERY PLAN']}`).join('\n');
    });
  } finally {
    await client.end();
    await server.stop();
  }
}

const home = mkdtempSync(join(tmpdir(), 'dragoman-ledger-bench-'));
try {
  const isFast = engine === 'postgres' ? await onPostgres(home) : await onSqlite(home);
  if (!isFast) process.exitCode = 1;
} finally {
  rmSync(home, { recursive: true });
}
