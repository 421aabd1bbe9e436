import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Access, UpstreamRequest } from '../../upstreams/upstream.ts';
import { RequestRecord } from '../request-record.ts';
import { type CaptureLimits, CaptureRing } from './ring.ts';

function setup(limits: Partial<CaptureLimits> = {}, mode: 'failures' | 'all' = 'all') {
  const clock = createFakeClock();
  const ring = new CaptureRing(mode, clock, limits);
  /** A request that has ended with this many bytes. */
  const end = (id: string, bytes: number, code?: 'upstream_broken') => {
    const record = new RequestRecord(id, clock.now());
    record.capture = ring.begin([]);
    record.capture.takeBody(Buffer.alloc(bytes));
    record.code = code;
    ring.observe(record);
    return record;
  };
  return { clock, ring, end };
}

describe('the ring of captures', () => {
  it('keeps failures only, and lets go of everything else', () => {
    const { ring, end } = setup({}, 'failures');
    expect(end('good', 100).capture).toBeUndefined();
    expect([ring.count, ring.bytes]).toEqual([0, 0]);
    end('bad', 100, 'upstream_broken');
    expect(ring.find('bad')?.capture.body).toHaveLength(100);
    expect([ring.count, ring.bytes]).toEqual([1, 100]);
  });

  it('keeps the requests of the console whatever became of them', () => {
    const { ring } = setup({}, 'failures');
    const record = new RequestRecord('chat', 0);
    record.capture = ring.begin(['x-dragoman-csrf', 'secret']);
    ring.observe(record);
    expect(ring.find('chat')).toBeDefined();
  });

  it('drops the oldest when it has too many bytes or requests, or after a time', () => {
    const { clock, ring, end } = setup({ maxBytes: 1_000, maxRequests: 3, maxAgeMs: 60_000 });
    for (const id of ['a', 'b', 'c', 'd']) end(id, 200);
    expect(['a', 'b', 'c', 'd'].map((id) => ring.find(id) !== undefined)).toEqual([false, true, true, true]);
    end('e', 800);
    expect(['c', 'd', 'e'].map((id) => ring.find(id) !== undefined)).toEqual([false, true, true]);
    expect(ring.bytes).toBe(1_000);
    clock.advance(60_001);
    expect(ring.find('e')).toBeUndefined();
    ring.begin([]).takeBody(Buffer.alloc(1));
    expect(ring.bytes).toBe(1);
  });

  it('looks for old ones once a second, not for each piece of a reply', () => {
    const { clock, ring, end } = setup({ maxAgeMs: 1_500 });
    end('old', 200);
    clock.advance(1_400);
    const open = ring.begin([]);
    open.takeReply('x');
    clock.advance(101);
    open.takeReply('x');
    expect(ring.find('old')).toBeUndefined();
    expect(ring.bytes).toBe(202);
    clock.advance(900);
    open.takeReply('x');
    expect(ring.bytes).toBe(3);
  });

  it('keeps only the facts of a request that is too large', () => {
    const { ring, end } = setup({ maxRequestBytes: 500 });
    end('large', 501);
    expect(ring.find('large')?.capture).toMatchObject({ isCut: true, body: undefined, bytes: 0 });
    expect(ring.bytes).toBe(0);
  });

  it('keeps nothing that an error of the request refers to', () => {
    const { ring } = setup();
    const body = { text: 'a conversation of many megabytes' };
    const record = new RequestRecord('failed', 0);
    record.capture = ring.begin([]);
    record.error = new GatewayError('upstream_broken', 'The connection broke.', { cause: body });
    record.code = 'upstream_broken';
    ring.observe(record);
    const kept = ring.find('failed');
    expect(kept?.facts).toMatchObject({ id: 'failed', code: 'upstream_broken', errorDetails: 'The connection broke.' });
    expect(inspect(kept, { depth: 20 })).not.toContain(body.text);
  });

  it('counts requests in progress, and takes nothing that arrives after their end', () => {
    const { ring } = setup({ maxBytes: 100 });
    const open = ring.begin([]);
    open.takeBody(Buffer.alloc(60));
    const other = ring.begin([]);
    other.takeReply('x'.repeat(50));
    expect([open.isCut, other.isCut, ring.bytes]).toEqual([false, true, 60]);
    open.release();
    open.takeReply('late');
    expect([open.reply, ring.bytes]).toEqual([[], 0]);
  });

  it('lets go of the answer of a request that became too large, although its decoder still runs', () => {
    const { ring } = setup({ maxRequestBytes: 100 });
    const capture = ring.begin([]);
    const access = { wireProfile: 'q-rest', region: 'us-east-1' } as Access; // only the answer matters
    const request = { method: 'POST', url: 'http://localhost/', headers: {}, body: undefined } as UpstreamRequest;
    const sent = { request, access, catalogue: undefined, accountId: 'a', expectsClosingEvents: false };
    const exchange = capture.send(sent, () => 0);
    exchange?.take(Buffer.alloc(80));
    expect(exchange?.chunks).toHaveLength(1);
    exchange?.take(Buffer.alloc(80));
    expect([capture.isCut, exchange?.chunks, ring.bytes]).toEqual([true, [], 0]);
  });

  it('copies what it keeps, so that a piece does not keep the buffer it was cut from', () => {
    const { ring } = setup();
    const large = Buffer.alloc(65_536, 'a');
    const record = new RequestRecord('piece', 0);
    record.capture = ring.begin([]);
    record.capture.takeBody(large.subarray(0, 10));
    expect(record.capture.body?.buffer).toBe(large.buffer);
    ring.observe(record);
    large.fill('b');
    expect(Buffer.from(ring.find('piece')?.capture.body ?? []).toString()).toBe('a'.repeat(10));
  });
});
