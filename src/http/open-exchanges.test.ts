import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
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

  it('ignore one that was never added', () => {
    const { open } = opened('a');
    const [other] = opened('b').exchanges;
    if (other) open.delete(other);
    expect(idsOf(open)).toEqual(['a']);
  });
});
