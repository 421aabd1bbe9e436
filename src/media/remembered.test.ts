import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { GatewayError } from '../core/errors.ts';
import { Remembered } from './remembered.ts';
import { refuseFetches, rememberFetches } from './remembered-fetch.ts';

describe('a result cache', () => {
  it('computes a result once for concurrent and later requests', async () => {
    let computations = 0;
    const remembered = new Remembered<number>(10, () => 1);
    const make = async () => ++computations;
    expect(await Promise.all([remembered.get('a', 'x', make), remembered.get('a', 'x', make)])).toEqual([1, 1]);
    expect(await remembered.get('a', Buffer.from('x'), make)).toBe(1);
    expect(await remembered.get('b', 'x', make)).toBe(2);
  });

  it('evicts the least recently used results, and does not cache failures', async () => {
    let computations = 0;
    const remembered = new Remembered<number>(2, () => 1);
    const make = async () => ++computations;
    for (const data of ['x', 'y', 'x', 'z']) await remembered.get('', data, make);
    expect(await remembered.get('', 'x', make)).toBe(1);
    expect(await remembered.get('', 'y', make)).toBe(4);
    await expect(remembered.get('', 'f', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await remembered.get('', 'f', make)).toBe(5);
  });

  it('keeps running computations, and counts their size once they finish', async () => {
    let computations = 0;
    const remembered = new Remembered<number>(2, () => 1);
    const make = async () => ++computations;
    const slow = Promise.withResolvers<number>();
    const first = remembered.get('', 'slow', () => slow.promise);
    for (const data of ['x', 'y', 'z']) await remembered.get('', data, make);
    const second = remembered.get('', 'slow', make);
    slow.resolve(99);
    expect(await Promise.all([first, second])).toEqual([99, 99]);
    // Two fit: `slow` and `z`. A size counted twice would leave room for fewer.
    expect(await remembered.get('', 'z', make)).toBe(3);
    expect(await remembered.get('', 'slow', make)).toBe(99);
    expect(await remembered.get('', 'z', make)).toBe(3);
  });
});

describe('cached fetches', () => {
  it('return the same bytes to one client, and share nothing between clients', async () => {
    let version = 0;
    const fetch = rememberFetches(async (_link, maxBytes) => Buffer.from(`${maxBytes} v${++version}`), {
      maxBytes: 99,
      timeoutMs: 60_000,
    });
    const link = { url: 'https://example.com/a', at: 'x' };
    expect(String(await fetch(link, 'anna'))).toBe('99 v1');
    expect(String(await fetch({ ...link, at: 'y' }, 'anna'))).toBe('99 v1');
    expect(String(await fetch(link, 'bert'))).toBe('99 v2');
  });

  it('leave room for other clients, and reject a fetch behind hundreds of others', async () => {
    const asked: string[] = [];
    const gate = Promise.withResolvers<void>();
    const fetch = rememberFetches(
      async ({ url }) => {
        asked.push(url);
        await gate.promise;
        return Buffer.from(url);
      },
      { maxBytes: 99, timeoutMs: 60_000 },
    );
    const links = Array.from({ length: 409 }, (_, index) => ({ url: `https://example.com/${index}`, at: 'here' }));
    const last = links.pop() ?? { url: '', at: '' };
    const many = links.map((link) => fetch(link, 'anna'));
    const refused = await fetch(last, 'anna').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'rate_limited', param: 'here', retryAfterMs: 2_000 });
    const other = fetch({ url: 'https://example.com/bert', at: 'there' }, 'bert');
    expect(asked).toHaveLength(9);
    expect(asked).toContain('https://example.com/bert');
    gate.resolve();
    expect(await Promise.all(many)).toHaveLength(408);
    expect(String(await other)).toBe('https://example.com/bert');
    expect(String(await fetch(last, 'anna'))).toBe(last.url);
  });

  it('time out, with the time in the queue included', async () => {
    const fetch = rememberFetches(
      (_link, _maxBytes, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new GatewayError('client_closed', 'gone')), { once: true });
        }),
      { maxBytes: 99, timeoutMs: 20 },
    );
    const supports = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => fetch({ url: `https://example.com/${index}`, at: 'x' }, 'anna')),
    );
    const codes = supports.map((support) => (support.status === 'rejected' ? support.reason.code : support.status));
    expect(codes.slice(0, 8)).toEqual(Array(8).fill('invalid_request'));
    // A fetch that starts at the last moment times out too; the others never start.
    for (const code of codes.slice(8)) expect(['invalid_request', 'rate_limited']).toContain(code);
  });

  it('of an optional file are not tried again for some minutes after a failure, others are', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let tries = 0;
    const fetch = rememberFetches(
      async ({ at }) => {
        tries += 1;
        throw new GatewayError(tries === 1 ? 'rate_limited' : 'invalid_request', `${at}: no`, { param: at });
      },
      { maxBytes: 99, timeoutMs: 1_000 },
    );
    const link = { url: 'https://example.com/gone', at: 'x', isOptional: true };
    const failed = (changed = {}, client = 'anna') => fetch({ ...link, ...changed }, client).catch(({ code }) => code);
    expect([await failed(), tries]).toEqual(['rate_limited', 1]);
    expect([await failed(), tries]).toEqual(['invalid_request', 2]);
    expect([await failed(), tries]).toEqual(['invalid_request', 2]);
    expect([await failed({ isOptional: false }), tries]).toEqual(['invalid_request', 3]);
    expect([await failed({}, 'bert'), tries]).toEqual(['invalid_request', 4]);
    vi.advanceTimersByTime(6 * 60_000);
    expect([await failed(), tries]).toEqual(['invalid_request', 5]);
  });

  it('name the setting that turns them on', async () => {
    await expect(refuseFetches({ url: 'https://example.com/', at: 'messages[0]' }, 'c')).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'messages[0]',
      message: expect.stringContaining('DRAGOMAN_FETCH_URLS'),
    });
  });
});
