import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { ledgerRow } from '../../../test/support/ledger-rows.ts';
import { readDetails } from '../ledger/details.ts';
import type { StoredLedgerRow } from '../ledger/ledger-store.ts';
import { EventFeed, type FeedEvent } from './event-feed.ts';
import { OtherProcesses } from './other-processes.ts';

function setup() {
  const clock = createFakeClock();
  const feed = new EventFeed(clock);
  const others = new OtherProcesses(feed);
  const events: FeedEvent[] = [];
  const rows: StoredLedgerRow[] = [];
  const add = (...numbers: readonly number[]) => {
    for (const number of numbers) {
      const row = ledgerRow(`req_${number}`, 0);
      rows.push({ ...row, details: readDetails(row.details, row), number });
    }
  };
  const source = {
    newestNumber: async () => Math.max(0, ...rows.map(({ number }) => number)),
    writtenByOthers: async (after: number, limit: number) =>
      rows
        .filter(({ number }) => number > after)
        .sort((a, b) => a.number - b.number)
        .slice(0, limit),
  };
  const watch = () => feed.subscribe((event) => events.push(event), undefined);
  const look = async () => {
    events.length = 0;
    await others.look(async () => source);
    return events.map(({ type, data }) => (type === 'request' && 'id' in data ? data.id : data));
  };
  return { clock, add, watch, look, events };
}

describe('the requests of other processes', () => {
  it('are published once each, from when a console watches', async () => {
    const { add, watch, look, events } = setup();
    add(1);
    expect(await look()).toEqual([]);
    watch();
    expect(await look()).toEqual([]);
    add(2, 3);
    expect(await look()).toEqual(['req_2', 'req_3', { requests: 2 }]);
    expect(events[0]).toMatchObject({ type: 'request', data: { model: 'claude-sonnet-4-5', durationMs: 1_200 } });
    expect(await look()).toEqual([]);
    add(4);
    expect(await look()).toEqual(['req_4', { requests: 1 }]);
  });

  it('are found although their transaction ends after one with larger numbers', async () => {
    const { add, watch, look } = setup();
    watch();
    await look();
    add(10);
    expect(await look()).toEqual(['req_10', { requests: 1 }]);
    add(9);
    expect(await look()).toEqual(['req_9', { requests: 1 }]);
    expect(await look()).toEqual([]);
  });

  it('are only counted beyond fifty at once', async () => {
    const { add, watch, look } = setup();
    watch();
    await look();
    add(...Array.from({ length: 80 }, (_, index) => index + 1));
    const seen = await look();
    expect(seen).toHaveLength(51);
    expect(seen.at(-1)).toEqual({ requests: 80 });
  });

  it('that ended while no console watched are not published later', async () => {
    const { clock, add, watch, look } = setup();
    const stop = watch();
    await look();
    stop();
    await clock.advance(120_000);
    add(1);
    await look();
    watch();
    expect(await look()).toEqual([]);
    add(2);
    expect(await look()).toEqual(['req_2', { requests: 1 }]);
  });
});
