/** `GET /v2/events`, as a console follows it. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventData } from '../../src/http/admin/contract/events.ts';
import { ADMIN_TOKEN, type AdminGateway, startAdminGateway } from '../support/admin.ts';
import { createHome } from '../support/command.ts';
import { createTestDatabase } from '../support/postgres.ts';

const DATABASES = {
  SQLite: async () => `sqlite:${join(createHome(), `${randomUUID()}.db`)}`,
  async PostgreSQL() {
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    return database.url;
  },
};

interface ReceivedEvent {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** Follows the events until the test ends; `closed` resolves when the gateway ends the stream. */
async function follow({ url }: AdminGateway, headers: Record<string, string> = {}) {
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const response = await fetch(`${url}/v2/events`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
    signal: leaving.signal,
  });
  const events: ReceivedEvent[] = [];
  const read = async () => {
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        const type = field('event');
        if (type !== undefined) events.push({ id: field('id'), type, data: JSON.parse(field('data') ?? '') });
      }
    }
  };
  const closed = read().then(
    () => true,
    () => false,
  );
  return { response, events, closed, leave: () => leaving.abort() };
}

const CHAT = { model: 'auto', messages: [{ role: 'user', content: 'marked-text-of-the-user' }] };

describe('GET /v2/events', () => {
  it('shows requests, accounts, keys and settings as they change, each by its schema and without secrets', async () => {
    const gateway = await startAdminGateway();
    const { ask, url } = gateway;
    const { response, events } = await follow(gateway);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    // The first look at accounts and keys is what later ones are compared with.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const secret = 'ksk_marked_secret_of_this_test';
    const { account } = (await ask('POST', '/v2/accounts', { apiKey: secret, label: 'work' })).body;
    await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(CHAT) });
    const made = await ask('POST', '/v2/keys', { name: 'laptop' });
    const typesOf = () => new Set(events.map(({ type }) => type));
    await expect.poll(typesOf, { timeout: 5_000 }).toEqual(new Set(['account', 'request', 'key', 'ledger']));
    for (const { type, data } of events) eventData()[type as keyof ReturnType<typeof eventData>].parse(data);
    expect(events.find(({ type }) => type === 'request')?.data).toMatchObject({
      kind: 'reply',
      key: 'local',
    });
    expect(events.find(({ type }) => type === 'account')?.data).toMatchObject({ id: account.id });
    // What is read of the plan for a page follows as an event, or why it could not be read.
    await ask('GET', '/v2/accounts?details=true');
    const usage = () => events.find(({ type, data }) => type === 'account' && data.usage !== null)?.data.usage;
    await expect.poll(usage, { timeout: 5_000 }).toMatchObject({ error: { code: expect.any(String) } });
    await ask('DELETE', `/v2/accounts/${account.id}`);
    await expect
      .poll(() => events.filter(({ type }) => type === 'account').at(-1)?.data, { timeout: 5_000 })
      .toMatchObject({ id: account.id, account: null });
    for (const canary of [secret, made.body.secret, ADMIN_TOKEN, 'marked-text-of-the-user'])
      expect(JSON.stringify(events)).not.toContain(canary);
  });

  it('continues after Last-Event-ID, and asks for a reload if it cannot', async () => {
    const gateway = await startAdminGateway();
    const first = await follow(gateway);
    const chat = () => fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(CHAT) });
    await chat();
    await expect.poll(() => first.events.at(-1)?.type, { timeout: 5_000 }).toBe('ledger');
    first.leave();
    await chat();
    const again = await follow(gateway, { 'last-event-id': first.events.at(-1)?.id ?? '' });
    await expect.poll(() => again.events.map(({ type }) => type), { timeout: 5_000 }).toContain('request');
    const lost = await follow(gateway, { 'last-event-id': 'of-another-process' });
    await expect.poll(() => lost.events.map(({ type }) => type)).toEqual(['reload']);
  });

  it.each(['SQLite', 'PostgreSQL'] as const)(
    'shows the requests of another process on the same %s, once',
    async (engine) => {
      const env = { DRAGOMAN_DATABASE_URL: await DATABASES[engine](), DRAGOMAN_SECRET_KEY: 'k'.repeat(32) };
      const one = await startAdminGateway({ env });
      const other = await startAdminGateway({ env, simulator: one.simulator });
      const watching = [await follow(one), await follow(other)];
      const chat = async () => {
        const response = await fetch(`${other.url}/v1/chat/completions`, {
          method: 'POST',
          body: JSON.stringify(CHAT),
        });
        return response.headers.get('x-request-id');
      };
      const sent: (string | null)[] = [];
      const shown = ({ events }: (typeof watching)[number]) =>
        events.flatMap(({ type, data }) => (type === 'request' ? [data.id] : []));
      // The first look at the ledger is what later ones are compared with.
      await expect
        .poll(async () => {
          sent.push(await chat());
          return watching.map((each) => shown(each).length > 0);
        })
        .toEqual([true, true]);
      sent.push(await chat(), await chat());
      for (const each of watching) {
        await expect.poll(() => shown(each)).toEqual(expect.arrayContaining(sent.slice(-2)));
        expect(new Set(shown(each)).size).toBe(shown(each).length);
        for (const { type, data } of each.events) eventData()[type as keyof ReturnType<typeof eventData>].parse(data);
      }
    },
  );

  it('ends when the session ends, within a heartbeat', { timeout: 60_000 }, async () => {
    const gateway = await startAdminGateway();
    const signedIn = await gateway.ask('POST', '/v2/session', { token: ADMIN_TOKEN }, { authorization: '' });
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
    const { closed } = await follow(gateway, { authorization: '', cookie });
    await gateway.ask('DELETE', '/v2/session?all=true');
    expect(await closed).toBe(true);
  });

  it('does not keep the gateway from stopping', async () => {
    const gateway = await startAdminGateway();
    const { closed } = await follow(gateway);
    const stopping = gateway.stop();
    expect(await closed).toBe(true);
    await stopping;
  });

  it('is limited to fifty streams', async () => {
    const gateway = await startAdminGateway();
    const streams = await Promise.all(Array.from({ length: 50 }, () => follow(gateway)));
    const refused = await gateway.ask('GET', '/v2/events');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
    streams[0]?.leave();
    await expect.poll(async () => (await follow(gateway)).response.status).toBe(200);
  });
});
