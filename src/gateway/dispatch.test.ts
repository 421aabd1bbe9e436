import { describe, expect, it } from 'vitest';
import { remaining } from '../../test/support/collect-garbage.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import {
  conversation,
  createFakePool,
  createFakeUpstream,
  createFakeWire,
  type FakeReply,
  NO_MEDIA,
} from '../../test/support/fake-upstream.ts';
import { adjustment } from '../core/adjustments.ts';
import type { Conversation } from '../core/conversation.ts';
import { GatewayError } from '../core/errors.ts';
import { SILENT } from '../core/log.ts';
import type { ReplyEvent } from '../core/reply.ts';
import type { Access } from '../upstreams/upstream.ts';
import type { AttemptRecord } from './attempts.ts';
import { createGateway } from './gateway.ts';
import type { Answer } from './ports.ts';

const GOOD: FakeReply = { headers: { 'x-amzn-requestid': 'up-1' }, chunks: ['Hel', 'lo'] };

function refused(code: string, headers: Record<string, string> = {}): FakeReply {
  return { status: 400, headers, chunks: [code] };
}

function setup(replies: readonly (FakeReply | GatewayError)[], accounts: readonly string[] = ['a1', 'a2']) {
  const clock = createFakeClock();
  const pool = createFakePool(accounts);
  const upstream = createFakeUpstream();
  const wire = createFakeWire(replies);
  const gateway = createGateway({
    upstream,
    pool,
    send: wire.send,
    log: SILENT,
    clock,
    media: NO_MEDIA,
    unknownModels: 'default',
    sendEnvironment: false,
    recoverToolCalls: true,
    codeReferences: 'allow',
  });
  const gone = new AbortController();
  const attempts: AttemptRecord[] = [];
  const ask = (sent: Conversation = conversation()) =>
    gateway.ask(
      { requestId: 'r', client: 'c', conversation: sent, adjustments: [adjustment('parsed', 'x')], attempts },
      gone.signal,
    );
  return { ask, attempts, clock, pool, upstream, wire, gone, gateway };
}

async function eventsOf(answer: Answer): Promise<ReplyEvent[]> {
  const events: ReplyEvent[] = [];
  for await (const batch of answer.batches) events.push(...batch);
  return events;
}

async function textOf(answer: Answer): Promise<string> {
  const events = await eventsOf(answer);
  return events.map((event) => (event.type === 'text-delta' ? event.text.plain : '')).join('');
}

async function failure(promise: Promise<unknown>): Promise<GatewayError> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    (error: GatewayError) => error,
  );
}

describe('a good reply', () => {
  it('has its route, its adjustments and all its events', async () => {
    const { ask, pool, wire } = setup([GOOD]);
    const answer = await ask();
    expect(answer.route).toMatchObject({
      accountId: 'a1',
      modelId: 'some-model',
      attempt: 1,
      upstreamRequestId: 'up-1',
      wireProfile: 'fake',
    });
    expect(answer.adjustments).toEqual([adjustment('parsed', 'x')]);
    expect((await eventsOf(answer)).map(({ type }) => type)).toEqual([
      'reply-start',
      'text-start',
      'text-delta',
      'text-delta',
      'text-end',
      'reply-end',
    ]);
    expect(pool.releases).toEqual(['a1:ok']);
    expect(wire.requests[0]?.headers).toMatchObject({
      x: 'y',
      authorization: 'Bearer token-1',
    });
  });

  it('is requested at once where an account is free and its models are known', async () => {
    const { ask, pool, upstream, wire } = setup([GOOD, GOOD]);
    const catalogue = { models: [{ id: 'some-model' }], defaultModelId: undefined };
    Object.assign(upstream, { decodeModels: () => ({ catalogue, nextToken: undefined }) });
    await textOf(await ask());
    const lease = await pool.lease({ conversationId: 'c', modelId: undefined, tried: new Set(), refresh: false });
    pool.lease = () => lease;
    const before = wire.requests.length;
    // A new slice of time: on a busy machine, the one so far may be over.
    await new Promise(setImmediate);
    const asking = ask();
    // Before the event loop, or even the queue of microtasks, has had a turn.
    expect(wire.requests).toHaveLength(before + 1);
    expect(await textOf(await asking)).toBe('Hello');
  });

  it('is returned with the first visible event, and not before', async () => {
    const { ask, gone } = setup([{ chunks: ['ping', 'ping', 'x', 'stall'] }]);
    const answer = await ask();
    const first = await answer.batches[Symbol.asyncIterator]().next();
    expect(first.value?.map(({ type }: ReplyEvent) => type)).toEqual(['reply-start', 'text-start', 'text-delta']);
    gone.abort();
  });

  it('may be a tool use alone', async () => {
    const { ask, pool } = setup([{ chunks: ['tool'] }]);
    await eventsOf(await ask());
    expect(pool.releases).toEqual(['a1:ok']);
  });
});

describe('an account for the model', () => {
  const lists: Record<string, readonly string[]> = { a1: ['other'], a2: ['some-model'], a3: ['other'] };

  /** Accounts with the models in `lists`, leased in order unless they are known not to offer the model. */
  function setupLists(accounts: readonly string[], model: string) {
    const test = setup([GOOD, GOOD], accounts);
    const { pool } = test;
    const lease = pool.lease.bind(pool);
    pool.lease = (request) => {
      const isOffered = accounts.some((id) => request.offers?.(id) !== false);
      const lacking = accounts.filter((id) => isOffered && request.offers?.(id) === false);
      return lease({ ...request, tried: new Set([...request.tried, ...lacking]) });
    };
    let listed = '';
    const { encodeListModels } = test.upstream;
    Object.assign(test.upstream, {
      encodeListModels: (access: Access, next: string | undefined) => {
        listed = pool.leasedIds.at(-1) ?? '';
        return encodeListModels(access, next);
      },
      decodeModels: () => {
        const models = (lists[listed] ?? []).map((id) => ({ id }));
        return { catalogue: { models, defaultModelId: undefined }, nextToken: undefined };
      },
    });
    return { ...test, askFor: () => test.ask(conversation('hello', { model })) };
  }

  it('is leased when the first one turns out not to have it', async () => {
    const { askFor, pool, wire } = setupLists(['a1', 'a2'], 'some-model');
    const answer = await askFor();
    expect(answer.route).toMatchObject({ accountId: 'a2', attempt: 1 });
    await eventsOf(answer);
    expect(pool.releases).toEqual(['a1:unknown_model', 'a2:ok']);
    expect(wire.requests).toHaveLength(1);
    await eventsOf(await askFor());
    expect(pool.releases.slice(2)).toEqual(['a2:ok']);
  });

  it('is any account when none lists the model, since the service decides', async () => {
    const { askFor, pool } = setupLists(['a1', 'a3'], 'hidden-model');
    await eventsOf(await askFor());
    expect(pool.releases.at(-1)).toBe('a1:ok');
  });
});

describe('attempts', () => {
  interface Row {
    name: string;
    replies: readonly (FakeReply | GatewayError)[];
    releases: string[];
    sleeps?: number[];
    /** The error code that the client receives; absent: it receives the good reply. */
    fails?: string;
    tokens?: string[];
  }

  const broken = new GatewayError('upstream_broken', 'reset');
  const timeout = new GatewayError('upstream_timeout', 'silent');
  const rows: Row[] = [
    ...['invalid_request', 'context_too_long', 'upstream_refused', 'upstream_conflict', 'upstream_not_found'].map(
      (code): Row => ({
        name: `${code}: no retry`,
        replies: [refused(code)],
        releases: [`a1:${code}`],
        fails: code,
      }),
    ),
    {
      name: 'upstream_timeout: no retry',
      replies: [timeout],
      releases: ['a1:upstream_timeout'],
      fails: 'upstream_timeout',
    },
    ...['quota_exhausted', 'daily_limit', 'account_throttled', 'account_suspended', 'credential_rejected'].map(
      (code): Row => ({
        name: `${code}: the next account at once`,
        replies: [refused(code), GOOD],
        releases: [`a1:${code}`, 'a2:ok'],
      }),
    ),
    ...['permission_denied', 'feature_not_supported', 'profile_required'].map(
      (code): Row => ({
        name: `${code}: the next account, and the last failure when none is left`,
        replies: [refused(code), refused(code)],
        releases: [`a1:${code}`, `a2:${code}`],
        fails: code,
      }),
    ),
    {
      name: 'token_rejected: one retry with a new token',
      replies: [refused('token_rejected'), GOOD],
      releases: ['a1:token_rejected', 'a1:ok'],
      tokens: ['Bearer token-1', 'Bearer token-2'],
    },
    {
      name: 'token_rejected twice: the credential is rejected, and the next account is used',
      replies: [refused('token_rejected'), refused('token_rejected'), GOOD],
      releases: ['a1:token_rejected', 'a1:credential_rejected', 'a2:ok'],
    },
    {
      name: 'upstream_overloaded: the same account after one second, doubled each time',
      replies: [refused('upstream_overloaded'), refused('upstream_overloaded'), GOOD],
      releases: ['a1:upstream_overloaded', 'a1:upstream_overloaded', 'a1:ok'],
      sleeps: [1000, 2000],
    },
    {
      name: 'upstream_overloaded three times: reported to the client',
      replies: [refused('upstream_overloaded'), refused('upstream_overloaded'), refused('upstream_overloaded')],
      releases: ['a1:upstream_overloaded', 'a1:upstream_overloaded', 'a1:upstream_overloaded'],
      sleeps: [1000, 2000],
      fails: 'upstream_overloaded',
    },
    {
      name: 'upstream_throttled: a new lease at once, paced by the pool',
      replies: [refused('upstream_throttled', { 'retry-after': '60' }), refused('upstream_throttled'), GOOD],
      releases: ['a1:upstream_throttled', 'a1:upstream_throttled', 'a1:ok'],
    },
    {
      name: 'upstream_throttled three times: reported to the client',
      replies: Array(3).fill(refused('upstream_throttled')),
      releases: Array(3).fill('a1:upstream_throttled'),
      fails: 'upstream_throttled',
    },
    {
      name: 'upstream_overloaded with retry-after: a pause of that length',
      replies: [refused('upstream_overloaded', { 'retry-after': '7' }), GOOD],
      releases: ['a1:upstream_overloaded', 'a1:ok'],
      sleeps: [7000],
    },
    {
      name: 'upstream_overloaded with a long retry-after: reported to the client',
      replies: [refused('upstream_overloaded', { 'retry-after': '60' })],
      releases: ['a1:upstream_overloaded'],
      fails: 'upstream_overloaded',
    },
    {
      name: 'a broken connection: the same account after a moment',
      replies: [broken, GOOD],
      releases: ['a1:upstream_broken', 'a1:ok'],
      sleeps: [200],
    },
    {
      name: 'a body that breaks off before the first visible event: the same account after a moment',
      replies: [{ chunks: ['ping', new GatewayError('upstream_broken', 'reset')] }, GOOD],
      releases: ['a1:upstream_broken', 'a1:ok'],
      sleeps: [200],
    },
    {
      name: 'a body that falls silent before the first visible event: a timeout, not a broken connection',
      replies: [{ chunks: ['ping', timeout] }],
      releases: ['a1:upstream_timeout'],
      fails: 'upstream_timeout',
    },
    {
      name: 'a failure in the stream before the first visible event: handled like a refusal',
      replies: [{ chunks: ['fail:quota_exhausted'] }, GOOD],
      releases: ['a1:quota_exhausted', 'a2:ok'],
    },
    ...['upstream_unexpected', 'tool_use_truncated'].map(
      (code): Row => ({
        name: `${code} in the stream before the first visible event: no retry`,
        replies: [{ chunks: [`fail:${code}`] }],
        releases: [`a1:${code}`],
        fails: code,
      }),
    ),
    {
      name: 'an empty reply: one retry',
      replies: [{ chunks: [] }, GOOD],
      releases: ['a1:empty_reply', 'a1:ok'],
      sleeps: [200],
    },
    {
      name: 'an empty reply twice: reported to the client',
      replies: [{ chunks: ['ping'] }, { chunks: ['ping'] }],
      releases: ['a1:empty_reply', 'a1:empty_reply'],
      sleeps: [200],
      fails: 'empty_reply',
    },
    {
      name: 'signature_invalid twice: reported to the client',
      replies: [refused('signature_invalid'), refused('signature_invalid')],
      releases: ['a1:signature_invalid', 'a1:signature_invalid'],
      fails: 'signature_invalid',
    },
  ];

  it.each(rows)('$name', async ({ replies, releases, sleeps = [], fails, tokens }) => {
    const { ask, pool, clock, wire } = setup(replies);
    if (fails) expect((await failure(ask())).code).toBe(fails);
    else expect(await textOf(await ask())).toBe('Hello');
    expect(pool.releases).toEqual(releases);
    expect(clock.sleeps).toEqual(sleeps);
    expect(wire.requests).toHaveLength(replies.length);
    if (tokens) expect(wire.requests.map(({ headers }) => headers.authorization)).toEqual(tokens);
  });

  it('leaves reasoning history out after signature_invalid', async () => {
    const { ask, upstream } = setup([refused('signature_invalid'), GOOD]);
    const answer = await ask();
    expect(upstream.encoded.map((context) => context.withoutReasoningHistory)).toEqual([false, true]);
    expect(answer.route.attempt).toBe(2);
  });

  it('does not turn thinking off after thinking_required, nor in later requests', async () => {
    const { ask, upstream } = setup([refused('thinking_required'), GOOD, GOOD]);
    expect((await ask()).route.attempt).toBe(2);
    await ask();
    expect(upstream.encoded.map((context) => context.thinksAlways)).toEqual([false, true, true]);
  });

  it('gives up after a second thinking_required', async () => {
    const { ask, wire } = setup([refused('thinking_required'), refused('thinking_required')]);
    expect((await failure(ask())).code).toBe('thinking_required');
    expect(wire.requests).toHaveLength(2);
  });

  it('try every account of a pool whose accounts are throttled', async () => {
    const accounts = Array.from({ length: 20 }, (_, index) => `a${index}`);
    const { ask, wire, pool } = setup([...Array(19).fill(refused('account_throttled')), GOOD], accounts);
    expect(await textOf(await ask())).toBe('Hello');
    expect(wire.requests).toHaveLength(20);
    expect(pool.releases.at(-1)).toBe('a19:ok');
  });

  it('are limited to 100 accounts', async () => {
    const accounts = Array.from({ length: 200 }, (_, index) => `a${index}`);
    const { ask, wire } = setup(Array(200).fill(refused('account_throttled')), accounts);
    expect((await failure(ask())).code).toBe('account_throttled');
    expect(wire.requests).toHaveLength(100);
  });

  it.each<[string, GatewayError, Partial<GatewayError>]>([
    ['the failure of the last account', new GatewayError('no_account', 'none'), { code: 'quota_exhausted' }],
    [
      'that failure and the time at which it is over',
      new GatewayError('quota_exhausted', 'all cooling down', { retryAfterMs: 7_000 }),
      { code: 'quota_exhausted', retryAfterMs: 7_000, message: 'fake quota_exhausted 400' },
    ],
    [
      'the time at which another account is available again',
      new GatewayError('account_throttled', 'all cooling down', { retryAfterMs: 7_000 }),
      { code: 'account_throttled', retryAfterMs: 7_000 },
    ],
    [
      'accounts_busy if the others are busy',
      new GatewayError('accounts_busy', 'busy', { retryAfterMs: 3_000 }),
      { code: 'accounts_busy', retryAfterMs: 3_000 },
    ],
  ])('end, when no account is left, with %s', async (_name, none, expected) => {
    const { ask, pool } = setup([refused('quota_exhausted')], ['a1']);
    const lease = pool.lease.bind(pool);
    pool.lease = (request) => (request.tried.size > 0 ? Promise.reject(none) : lease(request));
    expect(await failure(ask())).toMatchObject(expected);
  });

  it("end with the service's error and the retry time if the pool would have to wait too long after throttling", async () => {
    const { ask, pool } = setup([refused('upstream_throttled')], ['a1']);
    const lease = pool.lease.bind(pool);
    const busy = new GatewayError('accounts_busy', 'paced', { retryAfterMs: 60_000 });
    pool.lease = (request) => (pool.leasedIds.length > 0 ? Promise.reject(busy) : lease(request));
    expect(await failure(ask())).toMatchObject({
      code: 'upstream_throttled',
      message: 'fake upstream_throttled 400',
      retryAfterMs: 60_000,
    });
  });

  it.each([
    ['credential_unavailable', 'no-keys'],
    ['storage_unavailable', 'not stored'],
    ['no_account', 'removed'],
    ['internal', 'unexpected'],
  ] as const)('lease another account after %s of the first', async (code, message) => {
    const { ask, pool, clock } = setup([GOOD]);
    const lease = pool.lease.bind(pool);
    const tried: string[][] = [];
    pool.lease = (request) => {
      tried.push([...request.tried]);
      if (tried.length > 1) return lease(request);
      return Promise.reject(new GatewayError(code, message, { accountId: 'a0' }));
    };
    expect(await textOf(await ask())).toBe('Hello');
    expect(tried).toEqual([[], ['a0']]);
    expect(clock.sleeps).toEqual([]);
  });

  it('wait twice, and briefly, for the only account to get its token', async () => {
    const { ask, pool, clock } = setup([]);
    const tried: string[][] = [];
    const details = { retryAfterMs: 1_000 };
    pool.lease = (request) => {
      tried.push([...request.tried]);
      const isCoolingDown = request.tried.size > 0;
      const message = isCoolingDown ? 'all cooling down' : 'unreachable';
      const more = isCoolingDown ? details : { ...details, accountId: 'a1' };
      return Promise.reject(new GatewayError('credential_unavailable', message, more));
    };
    expect(await failure(ask())).toMatchObject({ code: 'credential_unavailable', message: 'unreachable' });
    expect(tried).toEqual([[], ['a1'], [], ['a1'], [], ['a1']]);
    expect(clock.sleeps).toEqual([1_000, 1_000]);
  });

  it('do not wait for an account that will lack its keys for a while', async () => {
    const { ask, pool, clock } = setup([]);
    const details = { retryAfterMs: 30_000 };
    pool.lease = ({ tried }) => {
      const more = tried.size > 0 ? details : { ...details, accountId: 'a1' };
      return Promise.reject(new GatewayError('credential_unavailable', `tried ${tried.size}`, more));
    };
    expect(await failure(ask())).toMatchObject({ message: 'tried 0', retryAfterMs: 30_000 });
    expect(clock.sleeps).toEqual([]);
  });

  it('end at once when all accounts are cooling down', async () => {
    const { ask, pool } = setup([]);
    let leases = 0;
    pool.lease = () => {
      leases++;
      return Promise.reject(new GatewayError('account_throttled', 'all cooling down', { retryAfterMs: 7_000 }));
    };
    expect(await failure(ask())).toMatchObject({ code: 'account_throttled', retryAfterMs: 7_000 });
    expect(leases).toBe(1);
  });

  it('share one invocation id and are numbered', async () => {
    const { ask, upstream } = setup([refused('quota_exhausted'), GOOD]);
    await ask();
    const id = expect.stringMatching(/^[0-9a-f-]{36}$/);
    const invocations = upstream.encoded.map(({ invocation }) => invocation);
    expect(invocations).toEqual([
      { id, attempt: 1 },
      { id, attempt: 2 },
    ]);
    expect(invocations[0]?.id).toBe(invocations[1]?.id);
  });

  it('end with no_account when there are no accounts', async () => {
    const { ask } = setup([], []);
    expect((await failure(ask())).code).toBe('no_account');
  });

  it('hide the details of unexpected errors', async () => {
    const { ask, pool, upstream } = setup([]);
    upstream.encodeChat = () => {
      throw new TypeError('secret detail');
    };
    const error = await failure(ask());
    expect(error.code).toBe('internal');
    expect(error.message).not.toContain('secret');
    expect(pool.releases).toEqual(['a1:internal']);
  });
});

describe('after the first visible event', () => {
  it.each([
    ['the connection breaks', new GatewayError('upstream_broken', 'reset'), 'upstream_broken'],
    ['the upstream falls silent', new GatewayError('upstream_timeout', 'silent'), 'upstream_timeout'],
    ['the stream reports a failure', 'fail:upstream_overloaded', 'upstream_overloaded'],
    ['an unexpected error is thrown', new TypeError('x'), 'upstream_broken'],
  ])('%s: the reply ends with an error event and there is no retry', async (_name, trouble, code) => {
    const { ask, pool, wire } = setup([{ chunks: ['seen', trouble] }, GOOD]);
    const events = await eventsOf(await ask());
    expect(events.filter(({ type }) => type === 'reply-end')).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: 'reply-error', error: { code } });
    expect(pool.releases).toEqual([`a1:${code}`]);
    expect(wire.requests).toHaveLength(1);
  });
});

describe('an open reply', () => {
  it('keeps nothing of the conversation, which may be large', async () => {
    const { ask, pool } = setup([GOOD]);
    const begin = async () => {
      const sent = conversation('megabytes');
      const answer = await ask(sent);
      return { answer, references: [new WeakRef(sent)] };
    };
    const { answer, references } = await begin();
    pool.requests.length = 0;
    expect(await remaining(references)).toBe(0);
    expect(await textOf(answer)).toBe('Hello');
  });
});

describe('closing events', () => {
  it('are expected once the account has sent them, and each reply with or without them is reported', async () => {
    const withClosing: FakeReply = { chunks: ['Hello', 'closing'] };
    const { ask, pool, upstream } = setup([GOOD, withClosing, withClosing, GOOD]);
    for (let turn = 0; turn < 4; turn++) await eventsOf(await ask());
    expect(upstream.decoded.map(({ expectsClosingEvents }) => expectsClosingEvents)).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(pool).toMatchObject({ learned: ['a1', 'a1'], missed: ['a1', 'a1'] });
  });

  it.each([
    ['that breaks off after them', ['Hello', 'closing', 'fail:upstream_broken']],
    ['that breaks off before them', ['Hello', 'fail:upstream_broken']],
  ])('are neither learned nor missed in a reply %s', async (_name, chunks) => {
    const { ask, pool } = setup([{ chunks }]);
    await eventsOf(await ask());
    expect(pool).toMatchObject({ learned: [], missed: [] });
  });
});

describe('the adjustments of the decoder', () => {
  it('are among those of the answer once it has been read', async () => {
    const { ask, upstream } = setup([GOOD]);
    const { encodeChat } = upstream;
    upstream.encodeChat = function* (sent, context) {
      const encoded = yield* encodeChat(sent, context);
      return {
        ...encoded,
        createDecoder(answer) {
          const decoder = encoded.createDecoder(answer);
          const push = decoder.push.bind(decoder);
          decoder.push = (bytes) => {
            answer.note(adjustment('reply-noted', ''));
            return push(bytes);
          };
          return decoder;
        },
      };
    };
    const answer = await ask();
    await eventsOf(answer);
    expect(answer.adjustments.map(({ rule }) => rule)).toEqual(['parsed', 'reply-noted', 'reply-noted']);
  });
});

describe('a client that disconnects', () => {
  it('takes no account before anything was sent', async () => {
    const { ask, gone, pool, wire } = setup([GOOD]);
    gone.abort();
    expect((await failure(ask())).code).toBe('client_closed');
    expect(pool.releases).toEqual([]);
    expect(wire.requests).toEqual([]);
  });

  it('stops the upstream and releases the account before the first visible event', async () => {
    const { ask, gone, pool } = setup([{ chunks: ['ping', 'stall'] }]);
    const failed = failure(ask());
    await new Promise(setImmediate);
    gone.abort();
    expect((await failed).code).toBe('client_closed');
    expect(pool.releases).toEqual(['a1:client_closed']);
  });

  it('ends the retries during a back-off', async () => {
    const { ask, gone, pool, clock, wire } = setup([refused('upstream_overloaded'), GOOD]);
    clock.sleep = async () => {
      gone.abort();
      throw new Error('aborted');
    };
    expect((await failure(ask())).code).toBe('client_closed');
    expect(pool.releases).toEqual(['a1:upstream_overloaded']);
    expect(wire.requests).toHaveLength(1);
  });

  it('stops the upstream at once through the signal, even if the reply is not being read', async () => {
    const { ask, gone, pool, wire } = setup([{ chunks: ['seen', 'stall'] }]);
    await ask();
    gone.abort();
    expect(pool.releases).toEqual(['a1:client_closed']);
    expect(wire.abandoned()).toBe(1);
  });

  it('stops the upstream by leaving the loop', async () => {
    const { ask, pool, wire } = setup([{ chunks: ['seen', 'more', 'stall'] }]);
    for await (const _batch of (await ask()).batches) break;
    expect(pool.releases).toEqual(['a1:client_closed']);
    expect(wire.abandoned()).toBe(1);
  });

  it('releases the account once if both happen', async () => {
    const { ask, gone, pool } = setup([{ chunks: ['seen', 'stall'] }]);
    for await (const _batch of (await ask()).batches) gone.abort();
    expect(pool.releases).toEqual(['a1:client_closed']);
  });

  it('changes nothing after the end', async () => {
    const { ask, gone, pool } = setup([GOOD]);
    await eventsOf(await ask());
    gone.abort();
    expect(pool.releases).toEqual(['a1:ok']);
  });
});

describe('an emulated option', () => {
  const output = { maxTokens: undefined, stopSequences: [], format: { type: 'text' } } as const;

  it('ends the reply at a stop sequence, stops the upstream and reports success for the account', async () => {
    const { ask, pool, wire } = setup([{ chunks: ['one EN', 'D two', 'stall'] }]);
    const answer = await ask(conversation('x', { output: { ...output, stopSequences: ['END'] } }));
    const events = await eventsOf(answer);
    expect(events.at(-1)).toMatchObject({
      type: 'reply-end',
      stopReason: 'stop-sequence',
      stopSequence: 'END',
      usage: { inputTokens: { value: 7 }, outputTokens: { provenance: 'estimated' } },
    });
    expect(events.map((event) => (event.type === 'text-delta' ? event.text.plain : '')).join('')).toBe('one ');
    expect(answer.adjustments.map(({ rule }) => rule)).toContain('stop-emulated');
    expect(pool.releases).toEqual(['a1:ok']);
    expect(wire.abandoned()).toBe(1);
  });

  it('is not also reported as ignored', async () => {
    const { ask, upstream } = setup([GOOD]);
    const { encodeChat } = upstream;
    const ignored = [adjustment('parallel-tool-use-ignored', 'x'), adjustment('other', 'x')];
    upstream.encodeChat = function* (...args) {
      return { ...(yield* encodeChat(...args)), adjustments: ignored };
    };
    const tools = [{ at: 'tools[0]', name: 'look', description: '', inputSchema: undefined }];
    const answer = await ask(conversation('x', { tools, parallelToolUse: false }));
    expect(answer.adjustments.map(({ rule }) => rule)).toEqual(['parsed', 'other', 'parallel-tool-use-emulated']);
  });

  it('does not cause an empty reply when the stop sequence comes first', async () => {
    const { ask, pool } = setup([{ chunks: ['END and more'] }]);
    const events = await eventsOf(await ask(conversation('x', { output: { ...output, stopSequences: ['END'] } })));
    expect(events.map(({ type }) => type)).toEqual(['reply-start', 'text-start', 'text-end', 'reply-end']);
    expect(pool.releases).toEqual(['a1:ok']);
  });
});

describe('the record of the attempts', () => {
  it('names the account, the error and the upstream request of each', async () => {
    const { ask, attempts, clock } = setup([refused('quota_exhausted', { 'x-amzn-requestid': 'up-0' }), GOOD]);
    const answer = await ask();
    const [first, second] = attempts;
    expect(first).toMatchObject({ accountId: 'a1', error: { code: 'quota_exhausted' }, endedMs: clock.now() });
    expect(second).toMatchObject({ accountId: 'a2', modelId: 'some-model', endedMs: undefined, wireProfile: 'fake' });
    await textOf(answer);
    expect(second).toMatchObject({ upstreamRequestId: 'up-1', endedMs: clock.now(), error: undefined });
    expect(attempts).toHaveLength(2);
  });

  it('ends with the reason when the client leaves in the middle of a reply', async () => {
    const { ask, attempts, gone } = setup([{ ...GOOD, chunks: ['Hel', 'lo'] }]);
    await ask();
    gone.abort();
    expect(attempts).toMatchObject([
      { accountId: 'a1', endedMs: expect.any(Number), error: { code: 'client_closed' } },
    ]);
  });
});
