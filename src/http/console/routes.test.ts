import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createFakeGateway, send, serve } from '../../../test/support/serving.ts';

const SCRIPT = 'console.log("the console");\n'.repeat(100);

/** A build as tools/console.ts leaves it. */
function createBuild(): string {
  const folder = mkdtempSync(join(tmpdir(), 'console-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(
    join(folder, 'index.html'),
    '<meta property="csp-nonce" nonce="__CSP_NONCE__"><script type="module" src="/assets/index-1a2b.js"></script>',
  );
  const script = join(folder, 'assets/index-1a2b.js');
  writeFileSync(script, SCRIPT);
  writeFileSync(`${script}.br`, brotliCompressSync(SCRIPT));
  writeFileSync(`${script}.gz`, gzipSync(SCRIPT));
  writeFileSync(join(folder, 'assets/icon-3c4d.svg'), '<svg/>');
  return folder;
}

const serveConsole = () => serve(createFakeGateway(), { consoleFolder: createBuild() });
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('the pages of the console', () => {
  it.each([
    '/',
    '/accounts',
    '/accounts/9f1c',
    '/chat',
    '/requests',
    '/requests/req_8fK2',
    '/keys',
    '/models',
    '/connect',
    '/settings',
    '/models?range=7d',
  ])('%s is the same document', async (path) => {
    const { status, headers, text } = await send(await serveConsole(), path, { headers: HTML });
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-store',
    ]);
    expect(text).toContain('src="/assets/index-1a2b.js"');
  });

  it('leave `/models` and `/chat/completions` to programs that do not ask for HTML', async () => {
    const server = await serveConsole();
    for (const accept of ['application/json', '*/*']) {
      const { status, json } = await send(server, '/models', { headers: { accept } });
      expect([status, json()]).toMatchObject([200, { object: 'list' }]);
    }
    expect((await send(server, '/chat/completions', { headers: { accept: '*/*' } })).status).toBe(405);
  });

  it('allow scripts of this server only, and styles with the nonce of the response', async () => {
    const server = await serveConsole();
    const nonces = new Set<string>();
    for (const path of ['/', '/settings']) {
      const { headers, text } = await send(server, path, { headers: HTML });
      const policy = String(headers['content-security-policy']);
      expect(policy).toMatch(/^default-src 'none';script-src 'self'/);
      expect(policy).not.toContain('unsafe');
      expect(policy).toContain("frame-ancestors 'none'");
      const [, nonce = ''] = /nonce="([^"]+)"/.exec(text) ?? [];
      expect(policy).toContain(`'nonce-${nonce}'`);
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(2);
  });

  it('say how to build the console where it has not been built', async () => {
    const { status, text } = await send(await serve(createFakeGateway()), '/', { headers: HTML });
    expect(status).toBe(200);
    expect(text).toContain('npm run build:console');
    expect(text).not.toMatch(/<script|src=/);
  });
});

describe('the assets of the console', () => {
  it.each([
    ['br, gzip', 'br', (bytes: Buffer) => brotliDecompressSync(bytes).toString()],
    ['gzip, deflate', 'gzip', (bytes: Buffer) => gunzipSync(bytes).toString()],
    ['identity', undefined, (bytes: Buffer) => bytes.toString()],
  ] as const)('are sent as they were compressed, for accept-encoding: %s', async (accepted, encoding, decode) => {
    const server = await serveConsole();
    const response = await rawGet(`${server.url}/assets/index-1a2b.js`, { 'accept-encoding': accepted });
    expect(response.headers).toMatchObject({
      'content-type': 'application/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
    });
    expect(response.headers['content-encoding']).toBe(encoding);
    expect(decode(response.body)).toBe(SCRIPT);
  });

  it('are sent uncompressed where the build left them so', async () => {
    const server = await serveConsole();
    const { headers, body } = await rawGet(`${server.url}/assets/icon-3c4d.svg`, { 'accept-encoding': 'br' });
    expect([headers['content-type'], headers['content-encoding'], body.toString()]).toEqual([
      'image/svg+xml',
      undefined,
      '<svg/>',
    ]);
  });

  it.each(['/assets/none.js', '/assets/..%2findex.html', '/assets/%2e%2e%2f%2e%2e%2fpackage.json'])(
    '%s is not one of them',
    async (path) => {
      const { status, text } = await send(await serveConsole(), path);
      expect(status).toBe(404);
      expect(text).toContain('no such file');
    },
  );
});

/** Without decompression, which `fetch` does by itself. */
async function rawGet(url: string, headers: Record<string, string>) {
  return new Promise<{ headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    request(url, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    })
      .on('error', reject)
      .end();
  });
}
