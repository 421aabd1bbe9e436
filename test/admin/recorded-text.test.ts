/** `DRAGOMAN_LEDGER_TEXT`: prompts and answers are recorded only if it is set, encrypted, and shown for one request at a time. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DEFAULT_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { startAdminGateway } from '../support/admin.ts';
import { createHome } from '../support/command.ts';
import { createTestDatabase, ask as query } from '../support/postgres.ts';

const PROMPT = 'MARKED-PROMPT';
const REPLY = 'MARKED-REPLY';
const SECRET_KEY = 'k'.repeat(32);

/** A new database, and everything in it as one text. */
const DATABASES = {
  async SQLite() {
    const file = join(createHome(), `${randomUUID()}.db`);
    const dump = async () =>
      readdirSync(dirname(file), { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => readFileSync(join(dirname(file), name)).toString('latin1'))
        .join('\n');
    return { url: `sqlite:${file}`, dump };
  },
  async PostgreSQL() {
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    const dump = async () => {
      const tables = await query(database.url, "select tablename from pg_tables where schemaname = 'public'");
      const rows = await Promise.all(
        tables.map(({ tablename }) => query(database.url, `select * from "${tablename}"`)),
      );
      const values = rows.flat().flatMap((row) => Object.values(row));
      return values.map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value))).join('\n');
    };
    return { url: database.url, dump };
  },
};

async function start(url: string, text: string) {
  const env = { DRAGOMAN_DATABASE_URL: url, DRAGOMAN_SECRET_KEY: SECRET_KEY, DRAGOMAN_LEDGER_TEXT: text };
  const script = { replies: [{ steps: [`${REPLY} begins`, ' and ends.'] }] };
  const gateway = await startAdminGateway({ env, simulator: { script } });
  const { refreshToken, clientId, clientSecret } = DEFAULT_ACCOUNT;
  await gateway.ask('POST', '/v2/accounts', { refreshToken, clientId, clientSecret, label: 'work' });
  const send = async (path: string, body: object) => {
    const init = { method: 'POST', body: JSON.stringify({ model: 'claude-sonnet-4.5', ...body }) };
    const response = await fetch(`${gateway.url}${path}`, init);
    return { id: response.headers.get('x-request-id') ?? '', answer: await response.text() };
  };
  const messages = [{ role: 'user', content: PROMPT }];
  const sendAll = async () => [
    await send('/v1/chat/completions', { messages }),
    await send('/v1/messages', { messages, stream: true, max_tokens: 100 }),
    await send('/v1/responses', { input: PROMPT, store: false }),
  ];
  const shown = (id: string) =>
    vi.waitFor(
      async () => {
        const { status, body } = await gateway.ask('GET', `/v2/requests/${id}`);
        expect([status, body.request?.outcome]).toEqual([200, 'ok']);
        return body.request;
      },
      { timeout: 10_000 },
    );
  return { ...gateway, sendAll, send, shown };
}

describe.each(['SQLite', 'PostgreSQL'] as const)('on %s', (engine) => {
  it('records no text by default', async () => {
    const { url, dump } = await DATABASES[engine]();
    const gateway = await start(url, 'none');
    for (const { id } of await gateway.sendAll()) expect((await gateway.shown(id)).text).toBeNull();
    const all = await dump();
    expect(all).toContain('claude-sonnet-4.5');
    expect(all).not.toContain('MARKED');
    await gateway.stop();
    expect(await dump()).not.toContain('MARKED');
  });

  it('records text encrypted, and shows it only with its request', async () => {
    const { url, dump } = await DATABASES[engine]();
    const gateway = await start(url, 'sealed');
    const sent = await gateway.sendAll();
    for (const { id, answer } of sent) {
      const { text } = await gateway.shown(id);
      if (!text) expect.fail('there was a text');
      expect(JSON.parse(text.request)).toMatchObject({ model: 'claude-sonnet-4.5' });
      expect(text.request).toContain(PROMPT);
      expect(answer).toContain('nds.');
      expect(text).toMatchObject({ reply: `${REPLY} begins and ends.`, isCut: false });
    }
    const all = await dump();
    for (const { id } of sent) expect(all).toContain(id);
    expect(all).not.toContain('MARKED');
    for (const path of ['/v2/requests', '/v2/requests?q=MARKED', '/v2/usage/export?format=csv&by=day', '/v2/activity'])
      expect(JSON.stringify((await gateway.ask('GET', path)).body ?? '')).not.toContain('MARKED');
    expect((await gateway.ask('GET', `/v2/requests/${sent[0]?.id}`, undefined, { authorization: '' })).status).toBe(
      401,
    );
  });
});

it('records the text of a background response with the response', async () => {
  const { url } = await DATABASES.SQLite();
  const gateway = await start(url, 'sealed');
  const { id, answer } = await gateway.send('/v1/responses', { input: PROMPT, background: true });
  const response = await gateway.shown(JSON.parse(answer).id);
  expect(response.text).toMatchObject({ request: expect.stringContaining(PROMPT), reply: `${REPLY} begins and ends.` });
  expect((await gateway.shown(id)).text).toBeNull();
});
