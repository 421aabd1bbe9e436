/** The API reference: its page, the document that it shows, and the examples in it. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { extractScalar } from '../src/http/reference/scalar.ts';
import { ADMIN_ROUTES } from './support/admin-routes.ts';
import { createFakeGateway, send, serve } from './support/serving.ts';
import { startTestGateway } from './support/test-gateway.ts';

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly example?: unknown } } };
}

interface ApiDocument {
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly 'x-tagGroups': readonly { readonly name: string; readonly tags: readonly string[] }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

async function readDocument(url: string): Promise<ApiDocument> {
  const response = await fetch(`${url}/openapi.json`);
  return JSON.parse(await response.text());
}

function operationsOf({ paths }: ApiDocument) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
}

describe('the API reference', () => {
  it('loads its scripts from this server and allows no other', async () => {
    const server = await serve(createFakeGateway());
    const page = await send(server, '/docs');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const policy = String(page.headers['content-security-policy']).split(';');
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
    const scripts = [...page.text.matchAll(/<script([^>]*)>([^<]*)<\/script>/g)];
    expect(scripts.map(([, attributes, inline]) => [attributes, inline])).toEqual([
      [' src="/docs/scalar.js"', ''],
      [' src="/docs/start.js"', ''],
    ]);
    const addresses = [...page.text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
    expect(addresses.filter((address) => !/^(?:\/|data:,)/.test(address ?? ''))).toEqual([]);
    const start = await send(server, '/docs/start.js');
    expect(start.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(start.text).toMatch(/^Scalar\.createApiReference\('#reference', /);
    for (const option of ['"telemetry":false', '"withDefaultFonts":false', '"persistAuth":false'])
      expect(start.text).toContain(option);
    expect(start.text).not.toContain('proxyUrl');
  });

  it('serves Scalar compressed to browsers, and uncompressed to clients that do not accept that', async () => {
    const server = await serve(createFakeGateway());
    const plain = await send(server, '/docs/scalar.js');
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.text.length).toBeGreaterThan(1_000_000);
    const response = await fetch(`${server.url}/docs/scalar.js`, { headers: { 'accept-encoding': 'br, gzip' } });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect((await response.text()) === plain.text).toBe(true);
    expect(gunzipSync(await extractScalar()).toString() === plain.text).toBe(true);
  });

  it('groups every operation under a described tag', async () => {
    const server = await serve(createFakeGateway());
    const document = await readDocument(server.url);
    const operations = operationsOf(document);
    const grouped = document['x-tagGroups'].flatMap(({ tags }) => tags);
    expect(new Set(operations.flatMap(({ operation }) => operation.tags))).toEqual(new Set(grouped));
    expect(document.tags.filter(({ description = '' }) => description === '')).toEqual([]);
    expect(document['x-tagGroups'].map(({ name }) => name)).toEqual(['Client APIs', 'Admin API', 'Operation']);
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids).toContain('postV1ChatCompletions');
    expect(document.servers).toEqual([{ url: '/' }]);
  });

  it('has an example for every body of the admin API, which its schema accepts', () => {
    const withBody = ADMIN_ROUTES.filter(({ body }) => body !== undefined);
    expect(withBody.length).toBeGreaterThan(8);
    for (const { method, path, body, example } of withBody) {
      expect([method, path, example]).toEqual([method, path, expect.any(Object)]);
      expect([method, path, body?.safeParse(example).error?.issues]).toEqual([method, path, undefined]);
    }
  });

  it('has an example for every body of the client APIs, which the gateway answers', { timeout: 30_000 }, async () => {
    await using gateway = await startTestGateway();
    const operations = operationsOf(await readDocument(gateway.url));
    const withBody = operations.filter(({ path, operation }) => path.startsWith('/v1/') && operation.requestBody);
    expect(withBody.length).toBeGreaterThan(7);
    for (const { path, method, operation } of withBody) {
      const example = operation.requestBody?.content['application/json'].example;
      const response = await fetch(gateway.url + path, {
        method: method.toUpperCase(),
        headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(example),
      });
      expect([path, response.status, await response.json()]).toEqual([path, 200, expect.any(Object)]);
    }
  });
});
