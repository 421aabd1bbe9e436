/** `/v2/requests`, `/v2/usage/history`, `/v2/usage/export`: what the ledger has recorded of a gateway's requests. */
import { describe, expect, it, vi } from 'vitest';
import { ADMIN_TOKEN, type AdminGateway, startAdminGateway } from '../support/admin.ts';

const KEYS = { DRAGOMAN_API_KEYS: 'sk-marked-client-key' };
const CLIENT = { authorization: 'Bearer sk-marked-client-key', 'user-agent': 'claude-cli/2.1.328 (external)' };
const MESSAGE = {
  model: 'claude-sonnet-4.5',
  max_tokens: 50,
  top_k: 3,
  messages: [{ role: 'user', content: 'marked question' }],
};

async function start(): Promise<AdminGateway & { chat(body?: object, headers?: object): Promise<Response> }> {
  const gateway = await startAdminGateway({ env: KEYS });
  const { DEFAULT_ACCOUNT } = await import('../../src/simulator/default-accounts.ts');
  const { refreshToken, clientId, clientSecret } = DEFAULT_ACCOUNT;
  await gateway.ask('POST', '/v2/accounts', { refreshToken, clientId, clientSecret, label: 'work' });
  const chat = async (body: object = {}, headers: object = {}) => {
    const response = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { ...CLIENT, ...headers },
      body: JSON.stringify({ ...MESSAGE, ...body }),
    });
    await response.text();
    return response;
  };
  return { ...gateway, chat };
}

/** The list, once it has this many rows. */
async function listed({ ask }: Pick<AdminGateway, 'ask'>, count: number, query = '') {
  return vi.waitFor(
    async () => {
      const { body } = await ask('GET', `/v2/requests?limit=50${query}`);
      expect(body.requests).toHaveLength(count);
      return body.requests;
    },
    { timeout: 5_000 },
  );
}

describe('the requests', () => {
  it('are listed with key, account, model, client, tokens, credits and times, and without their text', async () => {
    const gateway = await start();
    const response = await gateway.chat({ stream: true });
    const [row] = await listed(gateway, 1);
    expect(row).toMatchObject({
      id: response.headers.get('request-id'),
      kind: 'reply',
      outcome: 'ok',
      status: 200,
      code: null,
      route: '/v1/messages',
      protocol: 'anthropic-messages',
      key: expect.stringMatching(/^key-/),
      accountLabel: 'work',
      model: 'claude-sonnet-4.5',
      answeredModel: 'claude-sonnet-4.5',
      client: 'claude-code',
      clientVersion: '2.1.328',
      stream: true,
      firstByteMs: expect.any(Number),
      attemptCount: 1,
      usage: {
        inputTokens: { value: expect.any(Number), provenance: expect.any(String) },
        credits: { value: expect.any(Number), provenance: 'measured' },
        estimatedCredits: expect.any(Number),
        listPriceUsd: expect.any(Number),
      },
    });
    const { body, text } = await gateway.ask('GET', `/v2/requests/${row?.id}`);
    expect(body.request).toMatchObject({
      attempts: [{ account: row?.account, code: null, endedAt: expect.any(String), strategy: expect.any(String) }],
      adjustments: expect.arrayContaining([{ rule: 'parameter-ignored', path: 'top_k', before: '3', after: null }]),
      upstreamIds: [expect.any(String)],
    });
    expect(text).not.toContain('marked');
    const [upstreamId] = body.request.upstreamIds;
    expect((await gateway.ask('GET', `/v2/requests/${upstreamId}`)).body.request.id).toBe(row?.id);
    expect((await listed(gateway, 1, `&q=${upstreamId}`))[0]?.id).toBe(row?.id);
  });

  it('include refused and failed ones, with the reason in words and without what it quotes', async () => {
    const gateway = await start();
    await gateway.chat({}, { authorization: 'Bearer marked-wrong' });
    await gateway.chat({ messages: 'marked' });
    await fetch(`${gateway.url}/v1/nothing`, { headers: CLIENT });
    await fetch(`${gateway.url}/v1/messages`, { method: 'POST', headers: CLIENT, body: '{"marked' });
    await fetch(`${gateway.url}/health`);
    const rows = await listed(gateway, 4);
    expect(rows.map(({ status, outcome, kind }) => [status, outcome, kind])).toEqual([
      [400, 'refused', 'reply'],
      [404, 'refused', 'other'],
      [400, 'refused', 'reply'],
      [401, 'refused', 'reply'],
    ]);
    expect(rows.every(({ error }) => error !== null && error.length > 10)).toBe(true);
    expect(JSON.stringify(rows)).not.toContain('marked');
    expect((await listed(gateway, 1, '&code=unauthorized'))[0]).toMatchObject({ key: null, status: 401 });
    expect(await listed(gateway, 3, '&outcome=error&kind=reply')).toHaveLength(3);
    expect((await listed(gateway, 1, '&q=does%20not%20serve'))[0]?.status).toBe(404);
  });

  it('include those whose client left', async () => {
    const gateway = await start();
    const leaving = new AbortController();
    const response = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: CLIENT,
      body: JSON.stringify({ ...MESSAGE, stream: true, messages: [{ role: 'user', content: 'tell '.repeat(2_000) }] }),
      signal: leaving.signal,
    });
    leaving.abort();
    await response.text().catch(() => {});
    const [row] = await listed(gateway, 1);
    expect(['abandoned', 'ok']).toContain(row?.outcome);
  });

  it('come in pages', async () => {
    const gateway = await start();
    for (let count = 0; count < 5; count++) await fetch(`${gateway.url}/v1/models`, { headers: CLIENT });
    const all = await listed(gateway, 5);
    const first = (await gateway.ask('GET', '/v2/requests?limit=3')).body;
    const second = (await gateway.ask('GET', `/v2/requests?limit=3&cursor=${first.nextCursor}`)).body;
    expect([...first.requests, ...second.requests]).toEqual(all);
    expect(second.nextCursor).toBeNull();
  });

  it.each(['limit=0', 'limit=201', 'limit=x', 'cursor=x', 'from=yesterday', 'unknown=1'])(
    'refuse the query %s',
    async (query) => {
      const { ask } = await startAdminGateway();
      const { status, body } = await ask('GET', `/v2/requests?${query}`);
      expect([status, body.error.param]).toEqual([400, query.split('=')[0]]);
    },
  );

  it('are not recorded with the ledger off', async () => {
    const { ask } = await startAdminGateway({ env: { DRAGOMAN_LEDGER: 'no' } });
    expect((await ask('GET', '/v2/requests')).status).toBe(404);
  });
});

describe('the history of usage', () => {
  it('sums tokens, credits and errors by key', async () => {
    const gateway = await start();
    await gateway.chat();
    await gateway.chat();
    await gateway.chat({ messages: 'wrong' });
    const rows = await listed(gateway, 3);
    const credits = rows.reduce((sum, { usage }) => sum + (usage?.credits?.value ?? 0), 0);
    const { buckets } = (await gateway.ask('GET', '/v2/usage/history?by=hour&group=key')).body;
    expect(buckets).toMatchObject([{ group: rows[0]?.key, requests: 3, errors: 1 }]);
    expect(buckets[0]?.credits).toBeCloseTo(credits, 9);
    const { buckets: byModel } = (await gateway.ask('GET', '/v2/usage/history?group=model&kind=reply')).body;
    expect(byModel.map(({ group }) => group)).toContain('claude-sonnet-4.5');
  });

  it('is exported as CSV and JSON, by day or by request', async () => {
    const gateway = await start();
    await gateway.chat({ model: '=cmd()|x,"y"' });
    await gateway.chat();
    await listed(gateway, 2);
    const download = async (query: string) => {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
      const response = await fetch(`${gateway.url}/v2/usage/export?${query}`, { headers });
      return { type: response.headers.get('content-type'), text: await response.text() };
    };
    const csv = await download('format=csv&by=request');
    expect(csv.type).toContain('text/csv');
    const lines = csv.text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^time,id,kind,outcome,status,/);
    expect(lines[2]).toContain(`,"'=cmd()|x,""y""",`);
    const sumOf = async (query: string) => {
      const { rows } = JSON.parse((await download(`format=json&${query}`)).text);
      return rows.reduce((sum: number, row: { requests: number }) => sum + row.requests, 0);
    };
    expect(await sumOf('by=day')).toBe(2);
    const rowsOf = async (query: string) => JSON.parse((await download(`format=json&by=request&${query}`)).text).rows;
    expect(await rowsOf('model=claude-sonnet-4.5&outcome=ok')).toHaveLength(1);
    expect(await rowsOf('outcome=refused,failed')).toHaveLength(0);
    expect(await rowsOf('q=no-such-text')).toHaveLength(0);
    expect((await gateway.ask('GET', '/v2/usage/export?by=day&q=text')).body.error).toMatchObject({ param: 'q' });
    // Three million days, which are not read one by one.
    const always = 'from=1970-01-01T00:00:00Z&to=9999-12-31T00:00:00Z';
    for (const by of ['hour', 'day', 'month']) expect(await sumOf(`by=${by}&${always}`)).toBe(2);
  });
});
