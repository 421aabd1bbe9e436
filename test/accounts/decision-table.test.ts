/**
 * How each known failure of the service is handled: of two accounts, the first to serve gets the failure. Checks the
 * number of requests per account, the account's state afterwards and the client's response, through the whole program
 * with an official SDK that does not retry.
 */
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AccountState } from '../../src/accounts/health.ts';
import type { ScriptedReply } from '../../src/simulator/script.ts';
import { startTestPool, type TestPool } from '../support/test-pool.ts';

type Refusal = NonNullable<ScriptedReply['refuse']>;

interface Row {
  readonly name: string;
  readonly refuse?: Refusal;
  /** Instead of a refusal. */
  readonly steps?: NonNullable<ScriptedReply['steps']>;
  /** Number of failures; default 1. */
  readonly times?: number;
  /** Chat requests of the failing account and of the other one. */
  readonly asked: readonly [number, number];
  /** Refreshes of the failing account. */
  readonly refreshes?: number;
  /** State of the failing account; default: ready. */
  readonly state?: AccountState['status'];
  /** Cooldown of the failing account in seconds. */
  readonly cooldownS?: number;
  /** Failures counted against it; default 0. */
  readonly failures?: number;
  /** Status; default 200. */
  readonly hears?: number;
  /** Matches the message. */
  readonly says?: RegExp;
}

const validation = (message: string, reason: string | null = null, status = 400): Refusal => ({
  ...{ status, name: 'ValidationException', message, reason },
});
const throttling = (message: string, reason: string | null = null, more: Partial<Refusal> = {}): Refusal => ({
  ...{ status: 429, name: 'ThrottlingException', message, reason },
  ...more,
});
const denied = (message: string, reason: string | null = null): Refusal => ({
  ...{ status: 403, name: 'AccessDeniedException', message, reason },
});

/** An error in the request: one attempt, no account is blamed. */
const clientsFault = (name: string, refuse: Refusal, says?: RegExp, hears = 400): Row => ({
  ...{ name, refuse, asked: [1, 0], hears },
  ...(says ? { says } : {}),
});

const ROWS: readonly Row[] = [
  clientsFault(
    'overflow by its reason',
    validation('Input is too long.', 'CONTENT_LENGTH_EXCEEDS_THRESHOLD'),
    /too long|context/i,
  ),
  clientsFault(
    'overflow by its words, whatever the status',
    validation('Input is too long.', null, 500),
    /too long|context/i,
  ),
  clientsFault('overflow of the prompt', validation('Too long.', 'PROMPT_TOO_LONG'), /too long|context/i),
  clientsFault('tools', validation('Bad.', 'TOOL_SCHEMA_INVALID'), /tools/),
  clientsFault('images, reported as a failure of the service', validation('Bad.', 'IMAGE_SIZE_EXCEEDED', 500), /image/),
  clientsFault('documents', validation('Bad.', 'DOCUMENT_PASSWORD_PROTECTED'), /document/),
  clientsFault('the body', validation('Bad.', 'REQUEST_BODY_INVALID'), /form/),
  clientsFault('the conversation id', validation('Bad.', 'INVALID_CONVERSATION_ID')),
  clientsFault('the model', validation('Invalid model.', 'INVALID_MODEL_ID'), /model/, 404),
  clientsFault('missing tool results', validation('Expected toolResult blocks for …')),
  clientsFault('anything else of 400', validation('Bad request.')),
  {
    name: 'no reason: once more under the safest readings',
    refuse: validation('Improperly formed request.'),
    asked: [2, 0],
  },
  {
    name: 'no reason, and still refused',
    refuse: validation('Improperly formed request.'),
    ...{ times: 2, asked: [2, 0], hears: 400 },
  },
  {
    name: 'an unknown reasoning signature: retried without reasoning',
    refuse: validation('Bad signature.', 'THINKING_SIGNATURE_INVALID'),
    asked: [2, 0],
  },
  {
    name: 'a reasoning signature which is still not known',
    refuse: validation('Bad signature.', 'THINKING_SIGNATURE_INVALID'),
    ...{ times: 2, asked: [2, 0], hears: 400 },
  },
  {
    name: 'a model that always thinks: once more at its lowest effort',
    refuse: validation('thinking.type: disabled is not supported for this model'),
    asked: [2, 0],
  },
  {
    name: 'a model that still refuses',
    refuse: validation('thinking.type: disabled is not supported for this model'),
    ...{ times: 2, asked: [2, 0], hears: 400, says: /cannot turn reasoning off/ },
  },
  {
    name: 'a missing profile',
    refuse: validation('profileArn is required for this request.'),
    ...{ asked: [1, 1], failures: 1 },
  },
  {
    name: 'the plan used up, 402',
    refuse: {
      status: 402,
      name: 'ServiceQuotaExceededException',
      message: 'You have reached the limit.',
      reason: 'MONTHLY_REQUEST_COUNT',
    },
    ...{ asked: [1, 1], state: 'exhausted', failures: 1 },
  },
  {
    name: 'the plan used up, told as throttling under 400',
    refuse: { ...throttling('Maximum Request reached for this month.', 'MONTHLY_REQUEST_COUNT'), status: 400 },
    ...{ asked: [1, 1], state: 'exhausted', failures: 1 },
  },
  {
    name: 'the overage cap used up',
    refuse: {
      status: 402,
      name: 'ServiceQuotaExceededException',
      message: 'You have reached the limit for overages.',
      reason: 'OVERAGE_REQUEST_LIMIT_EXCEEDED',
    },
    ...{ asked: [1, 1], state: 'exhausted', failures: 1 },
  },
  {
    name: '402, whatever it says',
    refuse: { status: 402, name: 'ValidationException', message: 'Input is too long.' },
    ...{ asked: [1, 1], state: 'exhausted', failures: 1 },
  },
  {
    name: 'the plan of Q Developer used up, as throttling under 429',
    refuse: throttling('You have reached the limit.', 'MONTHLY_REQUEST_COUNT'),
    ...{ asked: [1, 1], state: 'exhausted', failures: 1 },
  },
  {
    name: 'a quota exception under 400',
    refuse: { status: 400, name: 'ServiceQuotaExceededException', message: 'x' },
    ...{ asked: [1, 1], state: 'exhausted', failures: 1 },
  },
  ...['HOURLY_REQUEST_COUNT', 'WEEKLY_REQUEST_COUNT', 'USAGE_LIMIT_REACHED'].map(
    (reason): Row => ({
      name: `the reason ${reason} under 403`,
      refuse: denied('No.', reason),
      ...{ asked: [1, 1], state: 'exhausted', failures: 1 },
    }),
  ),
  clientsFault(
    'the limit of one conversation: its account is not put aside, and agents hear that they should compact',
    { status: 402, name: 'ServiceQuotaExceededException', message: 'x', reason: 'CONVERSATION_LIMIT_EXCEEDED' },
    /too long|context/i,
  ),
  {
    name: 'the limit of a day',
    refuse: throttling('Enough for today.', 'DAILY_REQUEST_COUNT'),
    ...{ asked: [1, 1], state: 'exhausted', failures: 1 },
  },
  {
    name: 'a suspension, by its reason',
    refuse: denied('No.', 'TEMPORARILY_SUSPENDED'),
    ...{ asked: [1, 1], state: 'suspended', failures: 1 },
  },
  {
    name: 'a suspension, by its words',
    refuse: denied("Your User ID (x) temporarily is suspended. We've locked your account as a security precaution."),
    ...{ asked: [1, 1], state: 'suspended', failures: 1 },
  },
  {
    name: 'a refused access token: refreshed, then the same account',
    refuse: denied('The bearer token included in the request is invalid.'),
    ...{ asked: [2, 0], refreshes: 1 },
  },
  {
    name: 'an expired access token, 401',
    refuse: { status: 401, name: 'ExpiredTokenException', message: 'The token has expired.' },
    ...{ asked: [2, 0], refreshes: 1 },
  },
  {
    name: 'a new access token refused as well',
    refuse: denied('The bearer token included in the request is invalid.'),
    ...{ times: 2, asked: [2, 1], refreshes: 1, state: 'signed-out', failures: 1 },
  },
  {
    name: 'a feature which is not included',
    refuse: denied('Not in your plan.', 'FEATURE_NOT_SUPPORTED'),
    ...{ asked: [1, 1], failures: 1 },
  },
  {
    name: 'a permission',
    refuse: denied('User is not authorized to make this call.'),
    ...{ asked: [1, 1], failures: 1 },
  },
  {
    name: 'a 403 which says nothing: refreshed once',
    refuse: denied('No.'),
    ...{ asked: [2, 0], refreshes: 1 },
  },
  {
    name: 'a 403 which still says nothing: another account, and no verdict on the credential',
    refuse: denied('No.'),
    ...{ times: 2, asked: [2, 1], refreshes: 1, failures: 1 },
  },
  {
    name: '404, as it is',
    refuse: { status: 404, name: 'ResourceNotFoundException', message: 'Gone.' },
    asked: [1, 0],
    hears: 404,
  },
  {
    name: '409, as it is',
    refuse: { status: 409, name: 'ConflictException', message: 'Conflict.' },
    asked: [1, 0],
    hears: 409,
  },
  {
    name: 'a model without capacity, 429: waited for, not another account',
    refuse: throttling('Busy.', 'INSUFFICIENT_MODEL_CAPACITY'),
    ...{ times: 2, asked: [3, 0] },
  },
  {
    name: 'a model without capacity, for longer',
    refuse: throttling('Busy.', 'INSUFFICIENT_MODEL_CAPACITY'),
    ...{ times: 9, asked: [3, 0], hears: 503, says: /capacity/ },
  },
  {
    name: 'a service under load, 500',
    refuse: {
      status: 500,
      name: 'InternalServerException',
      message: 'Encountered unexpectedly high load when processing the request, please try again.',
    },
    asked: [2, 0],
  },
  {
    name: 'a model which is not available for a while',
    refuse: { status: 500, name: 'InternalServerException', message: 'x', reason: 'MODEL_TEMPORARILY_UNAVAILABLE' },
    asked: [2, 0],
  },
  { name: '503', refuse: { status: 503, name: 'ServiceUnavailableException', message: 'x' }, asked: [2, 0] },
  {
    name: 'more requests than the service bears from anybody',
    refuse: throttling('Busy.', 'SERVICE_REQUEST_RATE_EXCEEDED'),
    ...{ times: 9, asked: [3, 0], hears: 503 },
  },
  {
    name: 'insufficient throughput',
    refuse: throttling('Busy.', 'INSUFFICIENT_THROUGHPUT'),
    ...{ times: 2, asked: [3, 0] },
  },
  {
    name: 'high traffic, by its words',
    refuse: throttling('We are experiencing high traffic.'),
    ...{ times: 2, asked: [3, 0] },
  },
  {
    name: 'a model that is unavailable for longer, 502',
    refuse: { status: 502, name: 'InternalServerException', message: 'x', reason: 'MODEL_TEMPORARILY_UNAVAILABLE' },
    ...{ times: 9, asked: [3, 0], hears: 503, says: /capacity/ },
  },
  {
    name: 'credits used too fast',
    refuse: throttling('Slow down.', 'CREDIT_CONSUMPTION_RATE_EXCEEDED'),
    ...{ asked: [1, 1], state: 'cooling', cooldownS: 300, failures: 1 },
  },
  {
    name: 'credits used too fast, with the wait in the body',
    refuse: throttling('Slow down.', 'CREDIT_CONSUMPTION_RATE_EXCEEDED', {
      members: { retryAfterMilliseconds: 900_000 },
    }),
    ...{ asked: [1, 1], state: 'cooling', cooldownS: 900, failures: 1 },
  },
  {
    name: 'credits used too fast, with an absurd wait in the body',
    refuse: throttling('Slow down.', 'CREDIT_CONSUMPTION_RATE_EXCEEDED', { members: { retryAfterSeconds: 1e300 } }),
    ...{ asked: [1, 1], state: 'cooling', cooldownS: 3_600, failures: 1 },
  },
  {
    name: 'requests sent too fast',
    refuse: throttling('Slow down.', 'USER_REQUEST_RATE_EXCEEDED'),
    ...{ asked: [1, 1], state: 'cooling', cooldownS: 120, failures: 1 },
  },
  {
    name: 'suspicious activity',
    refuse: throttling(
      'Due to suspicious activity, we are imposing temporary limits on how frequently you can send requests.',
    ),
    ...{ asked: [1, 1], state: 'cooling', failures: 1 },
  },
  {
    name: 'throttling: the account is slowed down, another one steps in',
    refuse: throttling('Too many requests, please wait before trying again.', null, { retryAfterS: 5 }),
    asked: [1, 1],
  },
  { name: '408', refuse: { status: 408, message: 'x' }, asked: [2, 0] },
  {
    name: '500, now and then',
    refuse: { status: 500, name: 'InternalServerException', message: 'x' },
    times: 2,
    asked: [3, 0],
  },
  { name: '502, for long', refuse: { status: 502 }, times: 9, asked: [3, 0], hears: 502 },
  { name: 'a connection reset before the first byte', steps: [{ cut: 'reset' }], asked: [2, 0] },
  { name: '524: the edge gave up waiting', refuse: { status: 524 }, asked: [1, 0], hears: 504 },
  { name: 'an answer with nothing in it', steps: [{ stopReason: 'END_TURN' }], asked: [2, 0] },
];

async function openTable(reply: ScriptedReply | undefined, more: object = {}): Promise<TestPool> {
  return startTestPool({
    accounts: [{ id: 'one', ...more }, { id: 'two' }],
    // One wire profile: the table is about accounts.
    env: { DRAGOMAN_STRATEGY: 'fill-first', DRAGOMAN_WIRE_PROFILE: 'q-rest' },
    ...(reply ? { script: { replies: [reply] } } : {}),
  });
}

async function ask(gateway: TestPool, stream: boolean): Promise<{ status: number | undefined; message: string }> {
  const openai = new OpenAI({ apiKey: gateway.apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  const body = { model: 'claude-sonnet-4.5', messages: [{ role: 'user' as const, content: 'Say hello.' }] };
  try {
    if (stream) for await (const chunk of await openai.chat.completions.create({ ...body, stream })) void chunk;
    else await openai.chat.completions.create(body);
    return { status: 200, message: '' };
  } catch (cause) {
    if (cause instanceof OpenAI.APIError) return { status: cause.status, message: cause.message };
    throw cause;
  }
}

describe('a failure of the service', () => {
  it.each(ROWS)('$name', async (row) => {
    const { refuse, steps, times = 1, asked, refreshes = 0, state = 'ready', failures = 0, hears = 200, says } = row;
    const startedAtMs = Date.now();
    const reply = { when: { account: 'one' }, times, ...(refuse ? { refuse } : {}), ...(steps ? { steps } : {}) };
    await using gateway = await openTable(reply);
    const heard = await ask(gateway, false);
    expect(heard).toMatchObject({ status: hears });
    if (says) expect(heard.message).toMatch(says);
    expect(gateway.chatsSeen()).toEqual({ one: asked[0], two: asked[1] });
    expect(gateway.callsSeen('one').CreateToken ?? 0).toBe(refreshes);
    await gateway.stop();
    expect((await gateway.account('one')).health).toMatchObject({ state: { status: state }, failures });
    if (row.cooldownS !== undefined) {
      const { untilMs } = z.object({ untilMs: z.number() }).parse((await gateway.account('one')).health.state);
      expect(untilMs).toBeGreaterThanOrEqual(startedAtMs + row.cooldownS * 1000);
      expect(untilMs).toBeLessThanOrEqual(Date.now() + row.cooldownS * 1000);
    }
    expect((await gateway.account('two')).health.state).toEqual({ status: 'ready' });
  });

  it('a dead credential: the account is signed out, and another one serves', async () => {
    await using gateway = await openTable(undefined, { state: 'revoked' });
    expect(await ask(gateway, false)).toMatchObject({ status: 200 });
    expect(gateway.chatsSeen()).toEqual({ one: 1, two: 1 });
    expect((await gateway.account('one')).health.state).toEqual({ status: 'signed-out' });
    expect(await ask(gateway, false)).toMatchObject({ status: 200 });
    expect(gateway.chatsSeen()).toEqual({ one: 1, two: 2 });
  });

  it('after forwarded output: no retry, the stream ends with an error', async () => {
    await using gateway = await openTable({
      when: { account: 'one' },
      steps: ['Half an answer', { gapMs: 20 }, { cut: 'reset' }],
    });
    const openai = new OpenAI({ apiKey: gateway.apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    const stream = await openai.chat.completions.create({
      model: 'claude-sonnet-4.5',
      messages: [{ role: 'user', content: 'Say hello.' }],
      stream: true,
    });
    let seen = '';
    const reading = (async () => {
      for await (const chunk of stream) seen += chunk.choices[0]?.delta.content ?? '';
    })();
    await expect(reading).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(seen).toBe('Half an answer');
    expect(gateway.chatsSeen()).toEqual({ one: 1, two: 0 });
    expect((await gateway.account('one')).health.state).toEqual({ status: 'ready' });
  });

  it.each<[string, Refusal, number, RegExp]>([
    ['a suspension', denied('No.', 'TEMPORARILY_SUSPENDED'), 503, /suspended/],
    ['suspicious activity', throttling('Due to suspicious activity …'), 429, /suspicious/],
    ['a plan used up', { status: 402, reason: 'MONTHLY_REQUEST_COUNT', message: 'x', name: 'X' }, 429, /used up/],
    ['a feature', denied('Not in your plan.', 'FEATURE_NOT_SUPPORTED'), 403, /Not in your plan/],
  ])('of all accounts is reported: %s', async (_name, refuse, status, message) => {
    await using gateway = await openTable({ refuse });
    const heard = await ask(gateway, false);
    expect(heard.status).toBe(status);
    expect(heard.message).toMatch(message);
    expect(gateway.chatsSeen()).toEqual({ one: 1, two: 1 });
  });

  it('that puts every account into cooldown is reported with the time when the first is ready', async () => {
    await using gateway = await openTable({
      refuse: throttling('Due to suspicious activity …', null, { retryAfterS: 70 }),
    });
    await ask(gateway, false);
    const asked = gateway.chatsSeen();
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'Again.' }] }),
    });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(60);
    expect(await answer.text()).toMatch(/2 cooling down/);
    expect(gateway.chatsSeen()).toEqual(asked);
  });
});
