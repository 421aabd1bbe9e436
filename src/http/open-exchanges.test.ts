import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { getHeapSpaceStatistics } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { HttpExchange } from './http-exchange.ts';
import { OpenExchanges } from './open-exchanges.ts';

function opened(...ids: string[]): { readonly open: OpenExchanges; readonly exchanges: readonly HttpExchange[] } {
  const open = new OpenExchanges();
  const exchanges = ids.map((id) => {
    const request = new IncomingMessage(new Socket());
    return new HttpExchange(request, new ServerResponse(request), id, createFakeClock());
  });
  for (const exchange of exchanges) open.add(exchange);
  return { open, exchanges };
}

/** What has survived long enough to be collected only with the whole heap. */
function promotedBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? 0;
}

const idsOf = (open: OpenExchanges) => [...open].map(({ requestId }) => requestId).sort();

describe('open exchanges', () => {
  it.each([
    ['first', [0, 1, 2]],
    ['last', [2, 1, 0]],
    ['between others', [1, 0, 2]],
  ])('are removed when one ends %s', (_, order) => {
    const { open, exchanges } = opened('a', 'b', 'c');
    const left = new Set(['a', 'b', 'c']);
    for (const index of order) {
      const exchange = exchanges[index];
      if (!exchange) throw new Error('There is no such exchange.');
      open.delete(exchange);
      open.delete(exchange);
      left.delete(exchange.requestId);
      expect([idsOf(open), open.size]).toEqual([[...left], left.size]);
    }
  });

  it('can end while they are read', () => {
    const { open } = opened('a', 'b', 'c');
    const read: string[] = [];
    for (const exchange of open) {
      read.push(exchange.requestId);
      open.delete(exchange);
    }
    expect([read, open.size]).toEqual([['a', 'b', 'c'], 0]);
  });

  it('are dropped by the garbage collector once they have ended, also if the list is old', () => {
    const { open, exchanges } = opened('first');
    const [first] = exchanges;
    if (!first) throw new Error('There is no exchange.');
    const churn = () => {
      const queue = [first];
      for (let count = 0; count < 20_000; count++) {
        // Each with a kilobyte of its own: 20 MB in all, of which 16 kB are open at a time.
        const own = new Array(128).fill(count);
        const exchange: HttpExchange = Object.assign(Object.create(first), { place: -1, own });
        open.add(exchange);
        queue.push(exchange);
        const oldest = queue.length > 16 ? queue.shift() : undefined;
        if (oldest) open.delete(oldest);
      }
      for (const exchange of queue) open.delete(exchange);
    };
    churn();
    // Makes the collector move everything that lives, the list too, to the old generation.
    for (let count = 0; count < 40; count++) new Array(500_000).fill(count);
    churn();
    const before = promotedBytes();
    churn();
    churn();
    expect(open.size).toBe(0);
    expect(promotedBytes() - before).toBeLessThan(8_000_000);
  });

  it('ignore one that was never added', () => {
    const { open } = opened('a');
    const [other] = opened('b').exchanges;
    if (other) open.delete(other);
    expect(idsOf(open)).toEqual(['a']);
  });
});
