import { expect, it, onTestFinished } from 'vitest';
import { ledgerRow } from '../../../test/support/ledger-rows.ts';
import type { LedgerHistory, LedgerStore } from '../../gateway/ledger/ledger-store.ts';
import { openStore } from '../../storage/open.ts';
import { systemClock } from '../../transport/clock.ts';
import { exportedRows } from './usage-export.ts';

const NOW_MS = Date.UTC(2026, 10, 30, 12);
const NAMES = { keys: new Map(), accounts: new Map() };
const ALWAYS = { fromMs: 0, toMs: NOW_MS + 1 };

it('has every request that a search finds, also if it finds old ones by their ids', async () => {
  const store = await openStore({ url: 'sqlite::memory:', home: '', secretKey: 'k'.repeat(32), clock: systemClock });
  onTestFinished(() => store.close());
  const ledger = await store.openLedger({ rows: 10_000, days: 90, textBytes: 1024 ** 2 });
  const failed = { errorText: 'slow down', group: { outcome: 'failed', code: 'internal' } } as const;
  const rows = Array.from({ length: 450 }, (_, index) => ledgerRow(`req_x${index}`, NOW_MS - index * 1_000, failed));
  await ledger.write([ledgerRow('req_slow1', NOW_MS - 900_000), ...rows]);
  const found = [];
  const parts = exportedRows(ledger, 'request', { ...ALWAYS, text: 'slow' }, NAMES, new AbortController().signal);
  for await (const part of parts) found.push(...part.map(({ id }) => id));
  expect(found).toHaveLength(451);
  expect(new Set(found).size).toBe(451);
});

it('reads the sums of one month at a time', async () => {
  const spans: [number | undefined, number | undefined][] = [];
  const history = async ({ by, fromMs = 0, toMs }: LedgerHistory) => {
    if (by === 'month') spans.push([fromMs, toMs]);
    return by === 'day' ? [{ startMs: fromMs }] : [];
  };
  const store = { history } as unknown as LedgerStore;
  const filter = { fromMs: Date.UTC(2026, 0, 15), toMs: Date.UTC(2026, 2, 3) };
  for await (const _ of exportedRows(store, 'month', filter, NAMES, new AbortController().signal));
  const [february, march] = [Date.UTC(2026, 1), Date.UTC(2026, 2)];
  expect(spans).toEqual([
    [filter.fromMs, february],
    [february, march],
    [march, filter.toMs],
  ]);
});

it.each([
  ['hour', 3_600_000, 24],
  ['day', 86_400_000, 31],
] as const)('reads one %s at a time where more would be cut', async (by, spanMs, spans) => {
  const bucket = (startMs: number) => ({ startMs, values: [], requests: 1 });
  const history = async ({ dimensions, fromMs = 0, toMs = 0, limit }: LedgerHistory) => {
    if (dimensions.length === 0) return [bucket(fromMs)];
    const all = Array.from({ length: (toMs - fromMs) / spanMs }, (_, index) => bucket(fromMs + index * spanMs));
    // As many for each span as fill a part in two.
    return all.flatMap((one) => Array.from({ length: limit / 2 }, () => one)).slice(0, limit);
  };
  const store = { history } as unknown as LedgerStore;
  const filter = { fromMs: 0, toMs: spans * spanMs };
  const rows: (string | number | null | undefined)[] = [];
  for await (const part of exportedRows(store, by, filter, NAMES, new AbortController().signal))
    rows.push(...new Set(part.map(({ from }) => from)));
  expect(rows).toHaveLength(spans);
});
