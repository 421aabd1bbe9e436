import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createFakeGateway, post, serve, textReply } from '../../test/support/serving.ts';
import { BodyBudget } from './body-budget.ts';

const KIB = 1024;
const CHAT = '/v1/chat/completions';

function bodyOf(bytes: number): string {
  return JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x'.repeat(bytes) }] });
}

/** A gateway with a budget of 100 KiB whose replies begin when `reply` is called. */
async function setup() {
  const bodies = new BodyBudget(100 * KIB);
  const gateway = createFakeGateway();
  const { promise, resolve } = Promise.withResolvers<void>();
  const answer = createFakeGateway();
  answer.reply = textReply('Hello');
  gateway.reply = async (request, signal) => {
    await promise;
    return answer.ask(request, signal);
  };
  const server = await serve(gateway, { limits: { maxBodyBytes: 400 * KIB, bodies, pingIntervalMs: 10_000 } });
  return { bodies, gateway, server, reply: resolve };
}

describe('the budget of request bodies', () => {
  it('is reserved until the response has ended, and rejects bodies beyond it', async () => {
    const { bodies, gateway, server, reply } = await setup();
    const first = post(server, CHAT, bodyOf(80 * KIB));
    await expect.poll(() => gateway.requests.length).toBe(1);
    expect(bodies.heldBytes).toBeGreaterThan(80 * KIB);

    const refused = await post(server, CHAT, bodyOf(30 * KIB));
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('2');
    expect(JSON.stringify(refused.json())).toContain('DRAGOMAN_MAX_BODIES_BYTES');
    const small = post(server, CHAT, bodyOf(5 * KIB));

    reply();
    expect((await first).status).toBe(200);
    expect((await small).status).toBe(200);
    await expect.poll(() => bodies.heldBytes).toBe(0);
    expect((await post(server, CHAT, bodyOf(80 * KIB))).status).toBe(200);
  });

  it('counts decompressed bytes as they arrive', async () => {
    const { bodies, gateway, server } = await setup();
    const refused = await post(server, CHAT, gzipSync(bodyOf(300 * KIB)), { 'content-encoding': 'gzip' });
    expect(refused.status).toBe(503);
    expect(gateway.requests).toEqual([]);
    expect(bodies.heldBytes).toBe(0);
  });

  it('rejects a body in the format of the Messages API', async () => {
    const { server } = await setup();
    const { status, json } = await post(server, '/v1/messages', bodyOf(300 * KIB));
    expect(status).toBe(529);
    expect(json()).toMatchObject({ error: { type: 'overloaded_error' } });
  });

  it.each([
    ['is not JSON', '{"model"'],
    ['is refused by the API', '{"model":1}'],
    ['is too large', bodyOf(500 * KIB)],
  ])('is released when a body %s', async (_name, body) => {
    const { bodies, server } = await setup();
    expect((await post(server, CHAT, body)).status).toBeGreaterThanOrEqual(400);
    await expect.poll(() => bodies.heldBytes).toBe(0);
  });

  it('is released when the client disconnects', async () => {
    const { bodies, server } = await setup();
    const leaving = new AbortController();
    const sent = fetch(`${server.url}${CHAT}`, { method: 'POST', body: bodyOf(50 * KIB), signal: leaving.signal });
    await expect.poll(() => bodies.heldBytes).toBeGreaterThan(50 * KIB);
    leaving.abort();
    await expect(sent).rejects.toThrow();
    await expect.poll(() => bodies.heldBytes).toBe(0);
  });
});
