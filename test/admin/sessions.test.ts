/** Signing a browser in: the cookie, the protection of changes, logging out. */
import { describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, type AdminGateway, startAdminGateway } from '../support/admin.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const NO_TOKEN = { authorization: '' };

async function signIn({ ask }: AdminGateway, headers: Record<string, string> = {}) {
  const answer = await ask('POST', '/v2/session', { token: ADMIN_TOKEN }, { ...NO_TOKEN, ...headers });
  const setCookie = answer.headers.get('set-cookie') ?? '';
  const cookie = setCookie.split(';')[0] ?? '';
  return { answer, setCookie, cookie, headers: { ...NO_TOKEN, cookie }, csrf: answer.body.csrfToken ?? '' };
}

describe('POST /v2/session', () => {
  it('gives a cookie that scripts cannot read and other sites cannot send', async () => {
    const gateway = await startAdminGateway();
    const { answer, setCookie } = await signIn(gateway);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ as: 'session', session: { signedInBy: 'token' } });
    expect(setCookie).toMatch(
      /^dragoman_session=[\w-]{16}\.[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const behindTls = await signIn(gateway, { 'x-forwarded-proto': 'https' });
    expect(behindTls.setCookie).toContain('; Secure');
    const secret = /\.([\w-]{43});/.exec(setCookie)?.[1] ?? 'none';
    expect(answer.text).not.toContain(secret);
  });

  it('slows down wrong tokens, together with wrong tokens in headers', async () => {
    const clock = createFakeClock();
    const { ask } = await startAdminGateway({ clock });
    const wrong = 'wrong-token-0123456789';
    for (let guess = 0; guess < 4; guess++) {
      const answer = await ask('POST', '/v2/session', { token: wrong }, NO_TOKEN);
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null]);
      expect((await ask('GET', '/v2/keys', undefined, { authorization: `Bearer ${wrong}` })).status).toBe(401);
    }
    expect(clock.sleeps).toEqual([100, 200, 400]);
  });

  it.each([
    ['neither', {}],
    ['both', { token: ADMIN_TOKEN, ticket: 'x' }],
    ['an unknown field', { tokens: ADMIN_TOKEN }],
    ['a long token', { token: 'x'.repeat(1_001) }],
  ])('rejects %s', async (_, body) => {
    const { ask } = await startAdminGateway();
    expect((await ask('POST', '/v2/session', body, NO_TOKEN)).status).toBe(400);
  });

  it('rejects a large body and pages of other origins', async () => {
    const { ask } = await startAdminGateway();
    expect((await ask('POST', '/v2/session', { token: 'x'.repeat(20_000) }, NO_TOKEN)).status).toBe(413);
    const foreign = { ...NO_TOKEN, origin: 'https://evil.example' };
    expect((await ask('POST', '/v2/session', { token: ADMIN_TOKEN }, foreign)).status).toBe(403);
  });
});

describe('a session', () => {
  it('reads and changes, the latter only with its CSRF token', async () => {
    const gateway = await startAdminGateway();
    const { ask } = gateway;
    const { headers, csrf } = await signIn(gateway);
    const who = await ask('GET', '/v2/session', undefined, headers);
    expect([who.status, who.body.csrfToken]).toEqual([200, csrf]);
    expect((await ask('GET', '/v2/accounts', undefined, headers)).status).toBe(200);
    const change = (more: Record<string, string>) =>
      ask('POST', '/v2/keys', { name: 'laptop' }, { ...headers, ...more }).then(({ status }) => status);
    expect(await change({})).toBe(403);
    expect(await change({ 'x-dragoman-csrf': `${csrf}x` })).toBe(403);
    expect(await change({ 'x-dragoman-csrf': csrf, 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await change({ 'x-dragoman-csrf': csrf, origin: 'http://127.0.0.1:1' })).toBe(403);
    expect((await ask('GET', '/v2/keys', undefined, headers)).body.keys).toEqual([]);
    expect(await change({ 'x-dragoman-csrf': csrf, 'sec-fetch-site': 'same-origin', origin: gateway.url })).toBe(201);
  });

  it('has a CSRF token of its own', async () => {
    const gateway = await startAdminGateway();
    const [one, other] = [await signIn(gateway), await signIn(gateway)];
    const headers = { ...one.headers, 'x-dragoman-csrf': other.csrf };
    expect((await gateway.ask('POST', '/v2/keys', { name: 'laptop' }, headers)).status).toBe(403);
  });

  it('is not needed with the admin token, which needs no CSRF token', async () => {
    const { ask } = await startAdminGateway();
    const who = await ask('GET', '/v2/session');
    expect(who.body).toMatchObject({ as: 'token', session: null, csrfToken: null, needsKey: false });
    expect((await ask('POST', '/v2/keys', { name: 'laptop' })).status).toBe(201);
    // The first key ends local mode.
    expect((await ask('GET', '/v2/session')).body).toMatchObject({ needsKey: true });
  });

  it('ends by logging out, here or everywhere', async () => {
    const gateway = await startAdminGateway();
    const { ask } = gateway;
    const [one, two, three] = [await signIn(gateway), await signIn(gateway), await signIn(gateway)];
    const out = await ask('DELETE', '/v2/session', undefined, { ...one.headers, 'x-dragoman-csrf': one.csrf });
    expect([out.status, JSON.parse(out.text)]).toEqual([200, { ended: 1 }]);
    expect(out.headers.get('set-cookie')).toMatch(/^dragoman_session=; Max-Age=0;/);
    expect((await ask('GET', '/v2/accounts', undefined, one.headers)).status).toBe(401);
    expect((await ask('GET', '/v2/accounts', undefined, two.headers)).status).toBe(200);
    const everywhere = { ...two.headers, 'x-dragoman-csrf': two.csrf };
    expect(JSON.parse((await ask('DELETE', '/v2/session?all=true', undefined, everywhere)).text)).toEqual({ ended: 2 });
    for (const { headers } of [two, three])
      expect((await ask('GET', '/v2/accounts', undefined, headers)).status).toBe(401);
  });

  it('ends after twelve hours without use', async () => {
    const clock = createFakeClock();
    const gateway = await startAdminGateway({ clock });
    const { headers } = await signIn(gateway);
    clock.advance(12 * 3_600_000 - 1);
    expect((await gateway.ask('GET', '/v2/session', undefined, headers)).status).toBe(200);
    clock.advance(12 * 3_600_000);
    const ended = await gateway.ask('GET', '/v2/session', undefined, headers);
    expect([ended.status, ended.body.error.code]).toEqual([401, 'unauthorized']);
  });
});

describe('a session on the client API', () => {
  const body = { model: 'auto', messages: [{ role: 'user', content: 'Hi' }] };
  const start = () => startAdminGateway({ env: { DRAGOMAN_API_KEYS: 'sk-of-a-client' } });

  it('needs no client key, so that the console can chat', async () => {
    const gateway = await start();
    const { headers, csrf } = await signIn(gateway);
    const send = (more: Record<string, string>) =>
      fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body), headers: more });
    // Without an account the request gets no further than that.
    expect((await send({ cookie: headers.cookie, 'x-dragoman-csrf': csrf })).status).toBe(503);
    expect((await send({ cookie: headers.cookie })).status).toBe(403);
    expect((await send({ cookie: 'dragoman_session=wrong' })).status).toBe(401);
    expect((await fetch(`${gateway.url}/v1/models`, { headers: { cookie: headers.cookie } })).status).toBe(503);
  });

  it('does not make up for a wrong client key', async () => {
    const gateway = await start();
    const { headers } = await signIn(gateway);
    const wrong = { cookie: headers.cookie, authorization: 'Bearer sk-wrong' };
    expect((await fetch(`${gateway.url}/v1/models`, { headers: wrong })).status).toBe(401);
  });
});
