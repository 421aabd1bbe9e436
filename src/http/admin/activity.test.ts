import { expect, it, onTestFinished } from 'vitest';
import { ledgerRow } from '../../../test/support/ledger-rows.ts';
import { openStore } from '../../storage/open.ts';
import { systemClock } from '../../transport/clock.ts';
import { sumsOfHistory } from './activity.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 30, 12);

it('adds up all requests of a group, also when there are more buckets than an answer may have', async () => {
  const store = await openStore({ url: 'sqlite::memory:', home: '', secretKey: 'k'.repeat(32), clock: systemClock });
  onTestFinished(() => store.close());
  const ledger = await store.openLedger({ rows: 100_000, days: 90, textBytes: 1024 ** 2 });
  const [keys, hours] = [115, 90];
  const rows = Array.from({ length: keys * hours }, (_, index) =>
    ledgerRow(`req_${index}`, NOW_MS - (index % hours) * HOUR_MS, {
      group: { key: `key-${Math.floor(index / hours)}` },
    }),
  );
  await ledger.write(rows);
  const sums = sumsOfHistory(ledger, { fromMs: NOW_MS - hours * HOUR_MS, toMs: NOW_MS + 1 });
  expect(sums.span).toBe('hour');
  expect((await sums.buckets('key')).length).toBeGreaterThan(10_000);
  const groups = await sums.groups('key');
  expect(groups).toHaveLength(keys);
  expect(groups.every(({ requests }) => requests === hours)).toBe(true);
});
