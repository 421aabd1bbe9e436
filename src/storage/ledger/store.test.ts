import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { ledgerRow } from '../../../test/support/ledger-rows.ts';
import { createTestDatabase } from '../../../test/support/postgres.ts';
import { readDetails } from '../../gateway/ledger/details.ts';
import type { LedgerLimits, LedgerStore } from '../../gateway/ledger/ledger-store.ts';
import { systemClock } from '../../transport/clock.ts';
import { openStore } from '../open.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 29, 12);
const LIMITS: LedgerLimits = { rows: 1_000_000, days: 90, textBytes: 1024 ** 3 };

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function openAt(url: string, home: string, limits = LIMITS): Promise<LedgerStore> {
  const store = await openStore({ url, home, secretKey: 'k'.repeat(32), clock: systemClock });
  cleanUps.push(() => store.close());
  const ledger = await store.openLedger(limits);
  cleanUps.push(() => ledger.close());
  return ledger;
}

function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'dragoman-ledger-'));
  cleanUps.push(() => rmSync(home, { recursive: true }));
  return home;
}

async function urlOf(engine: 'SQLite' | 'PostgreSQL', home: string): Promise<string> {
  if (engine === 'SQLite') return `sqlite:${join(home, 'dragoman.db')}`;
  const database = await createTestDatabase();
  cleanUps.push(() => database.drop());
  return database.url;
}

const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);

describe.each(['SQLite', 'PostgreSQL'] as const)('the ledger on %s', (engine) => {
  async function open(limits?: LedgerLimits): Promise<LedgerStore> {
    const home = temporaryHome();
    return openAt(await urlOf(engine, home), home, limits);
  }

  it('returns a row as it was written, by each of its ids', async () => {
    const ledger = await open();
    const text = { request: 'a question', reply: 'an answer', isCut: false };
    const row = ledgerRow('req_1', NOW_MS, {
      errorText: 'what a pity',
      text,
      group: { outcome: 'failed', code: 'internal' },
    });
    await ledger.write([row]);
    const { amounts: _, otherIds: __, text: ___, ...stored } = row;
    const expected = { ...stored, details: readDetails(row.details, row) };
    for (const id of ['req_1', 'up-req_1']) expect(await ledger.find(id)).toMatchObject({ row: expected, text });
    expect(await ledger.find('req_2')).toBeUndefined();
  });

  it('finds each row of a large batch by its own id and by those of the service', async () => {
    const ledger = await open();
    const rows = Array.from({ length: 150 }, (_, index) => ledgerRow(`req_${index}`, NOW_MS + index));
    await ledger.write(rows);
    await ledger.write([ledgerRow('req_next', NOW_MS)]);
    for (const id of ['req_0', 'req_63', 'req_64', 'req_128', 'req_149', 'req_next'])
      for (const name of [id, `up-${id}`]) expect((await ledger.find(name))?.row.id).toBe(id);
  });

  it('lists rows newest first, in pages that neither repeat nor omit a row', async () => {
    const ledger = await open();
    const rows = Array.from({ length: 150 }, (_, index) => ledgerRow(`req_${index}`, NOW_MS + Math.floor(index / 3)));
    await ledger.write(rows);
    const found: string[] = [];
    let after: Awaited<ReturnType<LedgerStore['list']>>[number] | undefined;
    for (;;) {
      const page = await ledger.list({ limit: 40, after });
      found.push(...idsOf(page));
      after = page.at(-1);
      if (!after) break;
    }
    expect(found).toEqual(idsOf(rows).toReversed());
  });

  it.each([
    [{ keys: ['key-2'] }, ['b']],
    [{ keys: [null] }, ['e']],
    [{ accounts: ['acc-2'] }, ['c']],
    [{ models: ['gpt-5.6-sol'] }, ['d']],
    [{ models: ['sol'] }, ['d']],
    [{ clients: ['codex'], outcomes: ['refused'] }, ['e']],
    [{ outcomes: ['refused', 'failed'], codes: ['quota_exhausted', 'unauthorized'] }, ['e', 'c']],
    [{ kinds: ['models'] }, ['b']],
    [{ fromMs: NOW_MS + 1, toMs: NOW_MS + 3 }, ['c', 'b']],
    [{ keys: ['nothing'] }, []],
  ])('finds the rows of the filter %j among all rows', async (filter, expected) => {
    const ledger = await open();
    await ledger.write([
      ledgerRow('a', NOW_MS),
      ledgerRow('b', NOW_MS + 1, { group: { key: 'key-2', kind: 'models' } }),
      ledgerRow('c', NOW_MS + 2, { group: { account: 'acc-2', outcome: 'failed', code: 'quota_exhausted' } }),
      ledgerRow('d', NOW_MS + 3, { group: { model: 'sol', answeredModel: 'gpt-5.6-sol' } }),
      ledgerRow('e', NOW_MS + 4, { group: { key: null, client: 'codex', outcome: 'refused', code: 'unauthorized' } }),
    ]);
    expect(idsOf(await ledger.list({ ...filter, limit: 10 }))).toEqual(expected);
  });

  it.each([
    ['req_abc', ['req_abc2', 'req_abc1']],
    ['abc1', ['req_abc1']],
    ['up-req_abc1', ['req_abc1']],
    ['MONTHLY limit', ['req_x']],
    ['100%', ['req_y']],
    ['%', ['req_y']],
    ['nothing like it', []],
  ])('searches ids and error texts for %j', async (text, expected) => {
    const ledger = await open();
    await ledger.write([
      ledgerRow('req_abc1', NOW_MS),
      ledgerRow('req_abc2', NOW_MS + 1),
      ledgerRow('req_x', NOW_MS + 2, { errorText: 'The monthly limit is reached.' }),
      ledgerRow('req_y', NOW_MS + 3, { errorText: 'The window is used to 100%.' }),
    ]);
    expect(idsOf(await ledger.list({ text, limit: 10 }))).toEqual(expected);
  });

  it('finds no more rows than asked for by ids and error texts together, the newest', async () => {
    const ledger = await open();
    const failed = { errorText: 'It is slow.' };
    await ledger.write([
      ledgerRow('slow1', NOW_MS),
      ledgerRow('a', NOW_MS + 1, failed),
      ledgerRow('slow2', NOW_MS + 2),
      ledgerRow('b', NOW_MS + 3, failed),
    ]);
    expect(idsOf(await ledger.list({ text: 'slow', limit: 2 }))).toEqual(['b', 'slow2']);
  });

  it('sums by hour, day and month, and by the values of a dimension', async () => {
    const ledger = await open();
    const lastMonth = Date.UTC(2026, 9, 31, 23, 59);
    await ledger.write([
      ledgerRow('a', lastMonth),
      ledgerRow('b', NOW_MS),
      ledgerRow('c', NOW_MS + 1, { group: { key: 'key-2', outcome: 'failed', code: 'internal' } }),
      ledgerRow('d', NOW_MS + 2, { group: { key: 'key-2', outcome: 'abandoned', code: 'client_closed' } }),
    ]);
    const all = { fromMs: 0, limit: 100 };
    expect(await ledger.history({ ...all, by: 'month', dimensions: [] })).toMatchObject([
      { startMs: Date.UTC(2026, 9), requests: 1, errors: 0 },
      { startMs: Date.UTC(2026, 10), requests: 3, errors: 1, abandoned: 1, inputTokens: 3_000, credits: 0.75 },
    ]);
    const november = { ...all, by: 'month', dimensions: ['key'], fromMs: NOW_MS, toMs: NOW_MS + DAY_MS } as const;
    expect(await ledger.history(november)).toMatchObject([
      { startMs: Date.UTC(2026, 10), values: ['key-1'], requests: 1 },
      { startMs: Date.UTC(2026, 10), values: ['key-2'], requests: 2, errors: 1 },
    ]);
    expect(await ledger.history({ ...november, limit: 1 })).toHaveLength(1);
    expect(await ledger.history({ ...november, fromMs: NOW_MS + DAY_MS, toMs: NOW_MS + 9 * DAY_MS })).toEqual([]);
    expect(await ledger.history({ ...all, by: 'day', dimensions: ['key'], fromMs: NOW_MS })).toMatchObject([
      { startMs: NOW_MS - (NOW_MS % DAY_MS), values: ['key-1'], requests: 1 },
      { values: ['key-2'], requests: 2, durationMs: 2_400, firstByteCount: 2 },
    ]);
    expect(await ledger.history({ ...all, by: 'hour', dimensions: ['model'], keys: ['key-1'] })).toMatchObject([
      { values: ['claude-sonnet-4.5'], requests: 1 },
      { startMs: NOW_MS, values: ['claude-sonnet-4.5'], requests: 1 },
    ]);
    for (const by of ['hour', 'day'] as const) {
      const whole = { ...all, by, isWhole: true };
      expect(await ledger.history({ ...whole, dimensions: ['key'] })).toMatchObject([
        { values: ['key-1'], requests: 2, inputTokens: 2_000 },
        { values: ['key-2'], requests: 2, errors: 1, abandoned: 1 },
      ]);
      expect(await ledger.history({ ...whole, dimensions: [] })).toMatchObject([{ values: [], requests: 4 }]);
      expect(await ledger.history({ ...whole, dimensions: [], keys: ['none'] })).toEqual([]);
    }
  });

  it('knows the credits of the current day and month', async () => {
    const ledger = await open();
    await ledger.write([
      ledgerRow('a', Date.UTC(2026, 9, 31)),
      ledgerRow('b', Date.UTC(2026, 10, 1)),
      ledgerRow('c', NOW_MS),
      ledgerRow('d', NOW_MS, { group: { key: null } }),
    ]);
    expect(await ledger.credits('key', NOW_MS)).toEqual([{ id: 'key-1', day: 0.25, month: 0.5 }]);
    expect(await ledger.credits('account', NOW_MS)).toEqual([{ id: 'acc-1', day: 0.5, month: 0.75 }]);
  });

  it('returns the groups that it has sums of', async () => {
    const ledger = await open();
    const rows = [ledgerRow('a', NOW_MS), ledgerRow('b', NOW_MS), ledgerRow('c', NOW_MS, { group: { key: null } })];
    await ledger.write(rows);
    const found = await ledger.groups(10);
    expect(found).toHaveLength(2);
    expect(found).toEqual(expect.arrayContaining([rows[0]?.group, rows[2]?.group]));
    expect(await ledger.groups(1)).toHaveLength(1);
  });

  it('removes the oldest texts beyond their size, but not their rows', async () => {
    const ledger = await open({ ...LIMITS, textBytes: 100_000 });
    const text = { request: 'x'.repeat(1_000), reply: '', isCut: false };
    await ledger.write(Array.from({ length: 250 }, (_, index) => ledgerRow(`req_${index}`, NOW_MS + index, { text })));
    expect(await ledger.prune(NOW_MS)).toBe(true);
    while (await ledger.prune(NOW_MS));
    const found = await Promise.all(['req_0', 'req_150', 'req_170', 'req_249'].map((id) => ledger.find(id)));
    expect(found.map((each) => [each !== undefined, each?.text !== undefined])).toEqual([
      [true, false],
      [true, false],
      [true, true],
      [true, true],
    ]);
    expect(await ledger.prune(NOW_MS)).toBe(false);
  });

  it('removes rows that are too old or too many, and keeps their sums', async () => {
    const ledger = await open({ ...LIMITS, rows: 300, days: 30 });
    const rows = Array.from({ length: 900 }, (_, index) =>
      ledgerRow(`req_${index}`, NOW_MS + index, { errorText: 'oh' }),
    );
    await ledger.write([ledgerRow('old', NOW_MS - 31 * DAY_MS), ...rows]);
    expect(await ledger.prune(NOW_MS)).toBe(true);
    while (await ledger.prune(NOW_MS));
    expect(await ledger.list({ limit: 1_000 })).toHaveLength(300);
    expect(await ledger.find('req_599')).toBeUndefined();
    expect(await ledger.find('up-req_599')).toBeUndefined();
    expect(await ledger.find('req_600')).toBeDefined();
    expect(await ledger.history({ by: 'day', dimensions: [], fromMs: 0, limit: 9 })).toMatchObject([
      { requests: 1 },
      { requests: 900 },
    ]);
    while (await ledger.prune(NOW_MS + 31 * DAY_MS));
    expect(await ledger.list({ limit: 1_000 })).toEqual([]);
  });

  it('adds what several processes write at once', async () => {
    const home = temporaryHome();
    const url = await urlOf(engine, home);
    const processes = await Promise.all(Array.from({ length: 4 }, () => openAt(url, home)));
    await Promise.all(
      processes.flatMap((ledger, process) =>
        Array.from({ length: 10 }, (_, batch) =>
          ledger.write(
            Array.from({ length: 7 }, (_, row) =>
              ledgerRow(`req_${process}_${batch}_${row}`, NOW_MS + row, {
                group: { key: `key-${row}` },
                errorText: `e${row}`,
              }),
            ),
          ),
        ),
      ),
    );
    const buckets = await processes[0]?.history({ by: 'day', dimensions: [], fromMs: 0, limit: 9 });
    expect(buckets).toMatchObject([{ requests: 280, credits: 70 }]);
  });
});

describe('the ledger on SQLite', () => {
  it('has a file of its own, private, and leaves the change mark of the database alone', async () => {
    const home = temporaryHome();
    const ledger = await openAt(`sqlite:${join(home, 'dragoman.db')}`, home);
    const other = new DatabaseSync(join(home, 'dragoman.db'));
    const mark = () => other.prepare('pragma data_version').get()?.data_version;
    const before = mark();
    await ledger.write([ledgerRow('a', NOW_MS)]);
    expect(mark()).toBe(before);
    other.close();
    const own = new DatabaseSync(join(home, 'dragoman-ledger.db'));
    expect(own.prepare('select count(*) as count from ledger_requests').get()).toEqual({ count: 1 });
    own.close();
  });
});
