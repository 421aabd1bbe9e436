/** An account limited to one request at a time, seen by its clients. */
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { type Log, SILENT } from '../../src/core/log.ts';
import { systemClock } from '../../src/transport/clock.ts';
import { startTestPool, type TestPool } from '../support/test-pool.ts';

const startTestGateway = (env: Record<string, string>, log: Log = SILENT) =>
  startTestPool({
    log,
    accounts: [{ id: 'only' }],
    options: { only: { maxConcurrency: 1 } },
    script: { replies: [{ when: { text: 'long' }, steps: ['Long', { cut: 'stall' }] }] },
    gatewayClock: systemClock,
    env,
  });

function clientOf({ url, apiKey }: TestPool): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
}

const body = (content: string) => ({
  model: 'claude-sonnet-4.5',
  messages: [{ role: 'user' as const, content }],
});

/** Streams until the first text and then stops reading. Aborting the result disconnects. */
async function stay(openai: OpenAI): Promise<AbortController> {
  const gone = new AbortController();
  const stream = await openai.chat.completions.create({ ...body('long'), stream: true }, { signal: gone.signal });
  await stream[Symbol.asyncIterator]().next();
  return gone;
}

async function failure(promise: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const cause: unknown = await promise.then(
    () => expect.fail('expected a rejection'),
    (error: unknown) => error,
  );
  if (cause instanceof OpenAI.APIError) return cause;
  throw cause;
}

describe('a busy account', () => {
  it('queues requests, and sends none for a client that left the queue', async () => {
    const waiting: string[] = [];
    const log = { ...SILENT, debug: (_: object, message: string) => void waiting.push(message) };
    const queued = () => waiting.filter((message) => message === 'a request is waiting for an account').length;
    await using gateway = await startTestGateway({ DRAGOMAN_QUEUE_TIMEOUT_MS: '30000' }, log);
    const openai = clientOf(gateway);
    const first = await stay(openai);
    const gone = new AbortController();
    const leaver = openai.chat.completions.create(body('leaver'), { signal: gone.signal }).catch(() => 'left');
    const stayer = openai.chat.completions.create(body('stayer')).withResponse();
    await expect.poll(queued).toBe(2);
    gone.abort();
    expect(await leaver).toBe('left');
    first.abort();
    const { data, response } = await stayer;
    expect(data.choices[0]?.message.content).toContain('stayer');
    expect(response.headers.get('x-dragoman-route')).toMatch(/, waited=\d+/);
    expect(gateway.simulator.chatRequests.filter(({ rawBody }) => rawBody.includes('leaver'))).toEqual([]);
    expect((await gateway.account('only')).health.failures).toBe(0);
  });

  it('queues a request until its deadline, then rejects it with a retry time', async () => {
    await using gateway = await startTestGateway({ DRAGOMAN_QUEUE_TIMEOUT_MS: '50' });
    const openai = clientOf(gateway);
    await stay(openai);
    const error = await failure(openai.chat.completions.create(body('hello')));
    expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(error.message).toContain('No account became free in time: 1 at its limit of requests.');
    expect(Number(error.headers?.get('retry-after'))).toBeGreaterThan(0);
    expect(gateway.chatsSeen()).toEqual({ only: 1 });
  });

  it('rejects requests when the queue is full', async () => {
    await using gateway = await startTestGateway({ DRAGOMAN_QUEUE_LIMIT: '0' });
    const openai = clientOf(gateway);
    const first = await stay(openai);
    const error = await failure(openai.chat.completions.create(body('hello')));
    expect(error.status).toBe(429);
    expect(error.message).toContain('The queue for accounts is full (0 waiting)');
    first.abort();
    await expect.poll(async () => (await openai.chat.completions.create(body('hello'))).choices.length).toBe(1);
  });
});
