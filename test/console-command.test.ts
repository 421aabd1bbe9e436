/** One-time links to the console: from `dragoman console`, and printed by `serve` on a terminal. */
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { printServing } from '../src/cli/banner.ts';
import { createHome, runCommand, startCommand } from './support/command.ts';
import { createTestTerminal } from './support/terminal.ts';

const TICKET = /^(http:\/\/127\.0\.0\.1:\d+)\/#ticket=([\w-]{16}\.[\w-]{43})$/;

function signIn(url: string, body: object): Promise<Response> {
  return fetch(`${url}/v2/session`, { method: 'POST', body: JSON.stringify(body) });
}

describe('dragoman console', () => {
  it('prints a link that signs one browser in, once, beside a running gateway', async () => {
    const home = createHome();
    const serving = startCommand(['serve', '--port', '0', '--json'], {}, home);
    const { port, adminToken: old } = JSON.parse(await serving.nextLine());
    const made = await runCommand(['console', '--no-open', '--port', `${port}`], {}, home);
    expect([made.code, made.err]).toEqual([0, expect.stringContaining('within five minutes; it works once')]);
    const [, url = '', ticket] = TICKET.exec(made.out.trim()) ?? [];
    expect(url).toBe(`http://127.0.0.1:${port}`);
    const first = await signIn(url, { ticket });
    expect([first.status, await first.json()]).toEqual([200, expect.objectContaining({ as: 'session' })]);
    const second = await signIn(url, { ticket });
    expect([second.status, await second.text()]).toEqual([401, expect.stringContaining('dragoman console')]);

    const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
    const who = () => fetch(`${url}/v2/session`, { headers: { cookie } });
    expect((await who()).status).toBe(200);
    const { out: token } = await runCommand(['admin-token', 'reset'], {}, home);
    await expect.poll(async () => (await who()).status).toBe(401);
    await expect.poll(async () => (await signIn(url, { token: token.trim() })).status).toBe(200);
    expect((await signIn(url, { token: old })).status).toBe(401);
    expect((await serving.end('SIGTERM')).code).toBe(0);
  });

  it('prints the link as JSON, for another address if one is given', async () => {
    const home = createHome();
    const address = 'https://dragoman.example.com/';
    const { out } = await runCommand(['console', '--json', '--url', address], {}, home);
    const { url, link, expiresInSeconds } = JSON.parse(out);
    expect([url, expiresInSeconds]).toEqual(['https://dragoman.example.com', 300]);
    expect(link).toMatch(/^https:\/\/dragoman\.example\.com\/#ticket=[\w-]{16}\.[\w-]{43}$/);
    expect(await runCommand(['console', '--url', 'ftp://example.com'], {}, home)).toMatchObject({ code: 2 });
    const inMemory = await runCommand(['console', '--database', 'sqlite::memory:'], {}, home);
    expect([inMemory.code, inMemory.err]).toEqual([2, expect.stringContaining('dragoman serve')]);
  });

  it('is printed by serve on a terminal, with an address that a browser can open', () => {
    const { terminal, written } = createTestTerminal();
    const input = { terminal, overrides: {}, json: false, argument: undefined, args: [], options: {} };
    const server = { url: 'http://0.0.0.0:8080', port: 8080, adminUrl: 'http://[::]:9090' };
    const facts = { server, accounts: { ready: 1, total: 1 }, keys: 1, isLocalMode: false, newAdminToken: undefined };
    printServing(input, { ...facts, ticket: 'the-ticket' });
    expect(written.out).toContain('http://[::1]:9090/#ticket=the-ticket\n');
    written.out = '';
    printServing(input, { ...facts, ticket: undefined });
    expect(written.out).not.toContain('ticket');
    expect(written.out).toContain('  console   http://[::1]:9090\n');
    expect(written.out).toContain('ANTHROPIC_BASE_URL=http://127.0.0.1:8080\n');
  });
});

describe('DRAGOMAN_ADMIN_PORT', () => {
  it('takes the console and the admin API off the port of the clients', async () => {
    const home = createHome();
    const serving = startCommand(['serve', '--port', '0', '--json'], { DRAGOMAN_ADMIN_PORT: '0' }, home);
    const { url, adminUrl, adminToken } = JSON.parse(await serving.nextLine());
    expect(adminUrl).not.toBe(url);
    const headers = { authorization: `Bearer ${adminToken}` };
    const statusOf = async (address: string, init: RequestInit = {}) => (await fetch(address, init)).status;
    expect(await statusOf(`${adminUrl}/v2/accounts`, { headers })).toBe(200);
    expect(await statusOf(`${url}/v2/accounts`, { headers })).toBe(404);
    expect((await signIn(adminUrl, { token: adminToken })).status).toBe(200);
    expect((await signIn(url, { token: adminToken })).status).toBe(404);
    expect([await statusOf(adminUrl), await statusOf(url)]).toEqual([200, 404]);
    expect(await statusOf(url, { method: 'HEAD' })).toBe(200);
    expect([await statusOf(`${url}/health`), await statusOf(`${adminUrl}/health`)]).toEqual([200, 200]);
    const paths = async (address: string) => {
      const document: { paths: object } = JSON.parse(await (await fetch(`${address}/openapi.json`)).text());
      return Object.keys(document.paths).filter((path) => path.startsWith('/v2'));
    };
    expect(await paths(url)).toEqual([]);
    expect(await paths(adminUrl)).toContain('/v2/accounts');
    expect(await foreignHost(adminUrl, headers)).toBe(403);
    expect((await serving.end('SIGTERM')).code).toBe(0);
  });

  it('is named in the error if it is in use', async () => {
    const first = startCommand(['serve', '--port', '0', '--json']);
    const { port } = JSON.parse(await first.nextLine());
    const second = await runCommand(['serve', '--port', '0'], { DRAGOMAN_ADMIN_PORT: `${port}` });
    expect([second.code, second.err]).toEqual([1, expect.stringContaining(`Port ${port} on 127.0.0.1 is in use`)]);
    expect(second.err).toContain('DRAGOMAN_ADMIN_PORT');
    await first.end('SIGTERM');
  });
});

/** As after DNS rebinding. */
function foreignHost(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v2/accounts`, { headers: { ...headers, host: 'evil.example' } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}
