import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { GatewayError } from '../../core/errors.ts';
import { estimated, measured, type Usage } from '../../core/usage.ts';
import { newFields } from '../key-fields.ts';
import { creditsOf } from '../ledger/row.ts';
import { Spending } from '../ledger/spending.ts';
import { RequestRecord } from '../request-record.ts';
import type { KeyLimits, StoredKey } from '../stored-keys.ts';
import { createMemoryCounters } from './counters.ts';
import { KeyLimiter } from './key-limiter.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const STAYS = new AbortController().signal;

// The library reads the real clock.
beforeEach(() => void vi.useFakeTimers({ now: NOON, toFake: ['Date', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

function keyWith(limits: Partial<KeyLimits>): StoredKey {
  const hash = Buffer.alloc(32);
  const times = { createdAtMs: 0, revokedAtMs: undefined, lastUsedAtMs: undefined };
  return {
    ...newFields({ name: 'laptop', ...limits }, 0),
    ...times,
    id: 'key-1',
    prefix: 'dg-1',
    hash,
    previous: undefined,
  };
}

async function setup(limits: Partial<KeyLimits>) {
  const clock = { ...createFakeClock(), now: () => Date.now() };
  const key = keyWith(limits);
  const spending = new Spending(() => Date.now());
  const limiter = new KeyLimiter({
    counters: await createMemoryCounters(),
    spent: async (id) => spending.spent(id),
    keyOf: (client) => (client === key.id ? key : undefined),
    clock,
  });
  let requests = 0;
  const admit = async (gone = STAYS) => {
    const requestId = `req_${requests++}`;
    return { requestId, ...(await limiter.admit(key, requestId, gone)) };
  };
  const end = (requestId: string, more: Partial<RequestRecord> = {}) => {
    const record = Object.assign(new RequestRecord(requestId, Date.now()), { client: key.id, kind: 'reply', ...more });
    limiter.observe(record);
    spending.add(key.id, { receivedMs: record.receivedMs, credits: creditsOf(record) });
  };
  return { admit, end };
}

function usage(tokens: number, credits?: number): Usage {
  const both = { inputTokens: measured(tokens - 10), outputTokens: estimated(10) };
  return credits === undefined ? both : { ...both, credits: measured(credits) };
}

describe('a limit of requests a minute', () => {
  it('refuses the next one until the minute is over, with what is left and when it ends', async () => {
    const { admit } = await setup({ requestsPerMinute: 2 });
    const window = { limit: 2, resetsAtMs: NOON + 60_000 };
    expect((await admit()).rates.requests).toEqual({ ...window, remaining: 1 });
    vi.advanceTimersByTime(20_000);
    expect(await admit()).toMatchObject({ refusal: undefined, rates: { requests: { ...window, remaining: 0 } } });
    const third = await admit();
    expect(third).toMatchObject({ rates: { requests: { ...window, remaining: 0 } } });
    expect(third.refusal).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 40_000,
      message: 'This API key is limited to 2 requests a minute. Please try again in 40s.',
    });
    vi.advanceTimersByTime(40_000);
    expect((await admit()).refusal).toBeUndefined();
  });
});

describe('a limit of requests at once', () => {
  it('refuses one more until one of them has ended', async () => {
    const { admit, end } = await setup({ concurrency: 2 });
    const [first] = [await admit(), await admit()];
    const refusal = {
      code: 'rate_limited',
      retryAfterMs: 1_000,
      message: expect.stringContaining('2 requests at once'),
    };
    expect((await admit()).refusal).toMatchObject(refusal);
    end(first.requestId);
    end(first.requestId);
    expect((await admit()).refusal).toBeUndefined();
    expect((await admit()).refusal).toMatchObject(refusal);
  });

  it('counts neither refused requests nor those whose client has left meanwhile', async () => {
    const { admit, end } = await setup({ concurrency: 1, requestsPerMinute: 2 });
    expect((await admit(AbortSignal.abort())).refusal).toBeUndefined();
    const { requestId, refusal } = await admit();
    expect(refusal).toBeUndefined();
    end(requestId);
    for (let request = 0; request < 3; request++)
      expect((await admit()).refusal?.message).toContain('requests a minute');
    vi.advanceTimersByTime(60_000);
    expect((await admit()).refusal).toBeUndefined();
  });

  it('counts a background response until it has ended, not only until its request is answered', async () => {
    const { admit, end } = await setup({ concurrency: 1 });
    const { requestId } = await admit();
    end(requestId, { kind: 'responses' });
    expect((await admit()).refusal).toMatchObject({ code: 'rate_limited' });
    end(requestId, { responseId: 'resp_1' });
    expect((await admit()).refusal).toBeUndefined();
  });

  it('does not count a background response that could not begin', async () => {
    const { admit, end } = await setup({ concurrency: 1 });
    const { requestId } = await admit();
    end(requestId, { kind: 'responses', error: new GatewayError('storage_unavailable', 'The disk is full.') });
    expect((await admit()).refusal).toBeUndefined();
  });
});

describe('a limit of tokens a minute', () => {
  it('is charged after the reply: the next request is refused while it is exceeded', async () => {
    const { admit, end } = await setup({ tokensPerMinute: 1_000 });
    const first = await admit();
    expect(first.rates.tokens).toMatchObject({ limit: 1_000, remaining: 1_000 });
    end(first.requestId, { usage: usage(700) });
    const second = await admit();
    expect(second).toMatchObject({ refusal: undefined, rates: { tokens: { remaining: 300 } } });
    end(second.requestId, { usage: usage(700) });
    vi.advanceTimersByTime(15_000);
    const third = await admit();
    expect(third).toMatchObject({ rates: { tokens: { remaining: 0, resetsAtMs: NOON + 60_000 } } });
    expect(third.refusal).toMatchObject({ code: 'rate_limited', retryAfterMs: 45_000 });
    vi.advanceTimersByTime(45_000);
    expect((await admit()).refusal).toBeUndefined();
  });
});

describe('a budget of credits', () => {
  it('warns from 80 % on, and refuses at 100 % until it resets', async () => {
    const { admit, end } = await setup({ creditsPerDay: 10 });
    const spend = async (credits: number) => {
      const check = await admit();
      end(check.requestId, { usage: usage(100, credits) });
      return check;
    };
    expect(await spend(7.9)).toMatchObject({ refusal: undefined, warnings: [] });
    expect(await spend(0.1)).toMatchObject({ refusal: undefined, warnings: [] });
    const midnight = Date.UTC(2026, 1, 1);
    const warning = { period: 'day', used: 8, limit: 10, resetsAtMs: midnight };
    expect(await spend(3)).toMatchObject({ refusal: undefined, warnings: [warning] });
    const { refusal, warnings } = await admit();
    expect(warnings).toMatchObject([{ used: 11 }]);
    expect(refusal).toMatchObject({ code: 'budget_exhausted', retryAfterMs: midnight - NOON });
    expect(refusal?.message).toContain('11 of 10 credits a day. It resets at 2026-02-01T00:00:00.000Z');
    vi.advanceTimersByTime(midnight - NOON);
    expect(await admit()).toMatchObject({ refusal: undefined, warnings: [] });
  });

  it('of a month outlasts the day', async () => {
    const { admit, end } = await setup({ creditsPerDay: 5, creditsPerMonth: 5 });
    vi.setSystemTime(Date.UTC(2026, 0, 30, 12));
    end((await admit()).requestId, { usage: usage(100, 5) });
    vi.setSystemTime(NOON);
    expect((await admit()).refusal?.message).toContain('credits a month');
    vi.setSystemTime(Date.UTC(2026, 1, 1));
    expect((await admit()).refusal).toBeUndefined();
  });
});
