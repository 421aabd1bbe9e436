import { describe, expect, it } from 'vitest';
import { GatewayError } from '../core/errors.ts';
import type { AttemptRecord } from '../gateway/attempts.ts';
import { RequestRecord } from '../gateway/request-record.ts';
import { RequestTotals } from './request-totals.ts';

const ROUTE = {
  accountId: 'a',
  modelId: 'claude-sonnet-4.5',
  conversationId: 'c',
  wireProfile: 'q-rest',
  attempt: 1,
  upstreamRequestId: undefined,
};
const ERROR = new GatewayError('upstream_broken', 'The connection was closed.');

function replyRecord(change: Partial<RequestRecord> = {}): RequestRecord {
  return Object.assign(new RequestRecord('req_1', 0), {
    ...{ kind: 'reply', protocol: 'openai-chat', client: 'key-1', stream: true, status: 200, route: ROUTE },
    ...change,
  });
}

function attemptOf(change: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    ...{ accountId: 'a', accountLabel: undefined, wireProfile: 'q-rest', choice: undefined, startedMs: 0, endedMs: 5 },
    ...{ error: undefined, modelId: undefined, upstreamRequestId: undefined, rateMultiplier: undefined },
    ...{ usage: undefined, ...change },
  };
}

describe('the sums of requests', () => {
  it.each<[string, Partial<RequestRecord>]>([
    ['kind', { kind: 'count' }],
    ['protocol', { protocol: 'openai-responses' }],
    ['outcome', { status: 500 }],
    ['code', { code: 'upstream_broken', error: ERROR }],
    ['model', { route: { ...ROUTE, modelId: 'claude-opus-4.5' } }],
    ['client', { client: 'key-2' }],
    ['account', { route: { ...ROUTE, accountId: 'b' } }],
    ['stream', { stream: false }],
  ])('are separate for each %s, whatever the order of the requests', (label, change) => {
    const totals = new RequestTotals();
    for (const labels of [{}, {}, change, {}, change, change]) totals.add(replyRecord(labels));
    const requests = [...totals.take().requests];
    expect(requests.map(({ count }) => count)).toEqual([3, 3]);
    expect(
      new Set(requests.map((series) => String(Object.entries(series).find(([name]) => name === label)))).size,
    ).toBe(2);
  });

  it.each<[string, Partial<AttemptRecord>]>([
    ['account', { accountId: 'b' }],
    ['result', { error: ERROR }],
    ['wire profile', { wireProfile: 'kiro-rest' }],
  ])('of attempts are separate for each %s', (_, change) => {
    const totals = new RequestTotals();
    const attempts = [{}, {}, change, {}, change, change].map(attemptOf);
    totals.add(replyRecord({ attempts }));
    expect([...totals.take().attempts].map(({ count }) => count)).toEqual([3, 3]);
  });

  it('begin again once they are taken', () => {
    const totals = new RequestTotals();
    const record = replyRecord({ attempts: [attemptOf()] });
    const counts = () => {
      totals.add(record);
      const { requests, attempts } = totals.take();
      return [...requests, ...attempts].map(({ count }) => count);
    };
    expect([counts(), counts()]).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });
});
