/** The admin API accepts only requests with the admin token from the gateway's own origin. */
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, type AdminGateway, startAdminGateway } from '../support/admin.ts';
import { ADMIN_ROUTES } from '../support/admin-routes.ts';
import { createFakeClock } from '../support/fake-clock.ts';

/** Sends a given Host header, which fetch does not allow. */
function askAs(host: string, { url }: AdminGateway, path = '/v2/accounts'): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host, authorization: `Bearer ${ADMIN_TOKEN}` };
    const request = httpRequest(`${url}${path}`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
    request.end();
  });
}

describe('the admin token', () => {
  it('is needed for every route but the sign-in, in local mode too', async () => {
    const { ask } = await startAdminGateway();
    for (const { method, path } of ADMIN_ROUTES) {
      if (method === 'POST' && path === '/v2/session') continue;
      const answer = await ask(method, path.replace(/:\w+/, 'some'), undefined, { authorization: '' });
      expect([method, path, answer.status, answer.body.error.code]).toEqual([method, path, 401, 'unauthorized']);
      expect(answer.body.error.message).toContain('dragoman admin-token reset');
    }
  });

  it.each([
    ['Bearer wrong-token-0123456789'],
    [`Bearer ${ADMIN_TOKEN}x`],
    [`Bearer ${ADMIN_TOKEN.slice(0, -1)}`],
    [`Basic ${Buffer.from(`admin:${ADMIN_TOKEN}`).toString('base64')}`],
  ])('is not %s', async (authorization) => {
    const { ask } = await startAdminGateway();
    expect((await ask('GET', '/v2/accounts', undefined, { authorization })).status).toBe(401);
  });

  it('is accepted as x-api-key', async () => {
    const { ask } = await startAdminGateway();
    const headers = { authorization: '', 'x-api-key': ADMIN_TOKEN };
    expect((await ask('GET', '/v2/accounts', undefined, headers)).status).toBe(200);
  });

  it('is not a client key, and a client key is not an admin token', async () => {
    const { ask, url } = await startAdminGateway({ env: { DRAGOMAN_API_KEYS: 'client-key' } });
    expect((await ask('GET', '/v2/accounts', undefined, { authorization: 'Bearer client-key' })).status).toBe(401);
    const models = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    expect(models.status).toBe(401);
  });

  it('is protected against guessing', async () => {
    const clock = createFakeClock();
    const { ask } = await startAdminGateway({ clock });
    const wrong = { authorization: 'Bearer wrong-token-0123456789' };
    for (let guess = 0; guess < 9; guess++) expect((await ask('GET', '/v2/keys', undefined, wrong)).status).toBe(401);
    expect(clock.sleeps).toEqual([100, 200, 400, 800]);
    expect((await ask('GET', '/v2/keys')).status).toBe(200);
  });
});

describe('pages of other origins', () => {
  it.each(['https://evil.example', 'http://localhost:1', 'null'])('are rejected: %s', async (origin) => {
    const { ask } = await startAdminGateway({
      env: { DRAGOMAN_CORS_ORIGINS: 'https://evil.example', DRAGOMAN_API_KEYS: 'client-key' },
    });
    const answer = await ask('GET', '/v2/accounts', undefined, { origin });
    expect([answer.status, answer.body.error.code]).toEqual([403, 'forbidden']);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('get no permission from a preflight, unlike on the client API', async () => {
    const { url } = await startAdminGateway({ env: { DRAGOMAN_API_KEYS: 'client-key' } });
    const headers = { origin: 'https://page.example', 'access-control-request-method': 'GET' };
    const admin = await fetch(`${url}/v2/accounts`, { method: 'OPTIONS', headers });
    expect(admin.status).toBe(403);
    const client = await fetch(`${url}/v1/models`, { method: 'OPTIONS', headers });
    expect([client.status, client.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
    for (const { headers: answered } of [admin, await fetch(`${url}/v2/accounts`, { method: 'OPTIONS' })])
      expect([...answered.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  it('are rejected under a host name that points to this machine (DNS rebinding)', async () => {
    const gateway = await startAdminGateway({ env: { DRAGOMAN_API_KEYS: 'client-key' } });
    expect(await askAs('evil.example', gateway)).toBe(403);
    expect(await askAs('localhost:8080', gateway)).toBe(200);
  });

  it.each(['/%762/accounts', '/%76%32/accounts', '//v2//accounts'])('are rejected at %s', async (path) => {
    const gateway = await startAdminGateway({ env: { DRAGOMAN_API_KEYS: 'client-key' } });
    const answer = await gateway.ask('GET', path, undefined, { origin: 'https://evil.example' });
    expect([answer.status, answer.body.error.code]).toEqual([403, 'forbidden']);
    expect(await askAs('evil.example', gateway, path)).toBe(403);
    expect(await askAs('localhost:8080', gateway, path)).toBe(200);
  });

  it('do not include the gateway itself', async () => {
    const { ask, url } = await startAdminGateway();
    const answer = await ask('GET', '/v2/accounts', undefined, { origin: url });
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});
