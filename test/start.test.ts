/** What a start of the gateway loads. Each module costs 0.3 ms and 80 KB; what only some requests need is loaded for them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createHome, startCommand } from './support/command.ts';
import type { LoadedModules } from './support/record-modules.ts';

const RECORDER = pathToFileURL(join(import.meta.dirname, 'support/record-modules.ts')).href;
const SOURCES = pathToFileURL(join(import.meta.dirname, '../src/')).href;

const SETTINGS = {
  DRAGOMAN_PORT: '0',
  // Never reached: no request is made.
  DRAGOMAN_UPSTREAM_URL: 'http://127.0.0.1:9',
  KIRO_API_KEY: 'ksk_0000000000000000000000000000000000',
};

/** Starts `serve` with an account, waits until it listens, and stops it. */
async function modulesOfServe(): Promise<LoadedModules> {
  const home = createHome();
  const modulesFile = join(home, 'modules.json');
  const env = { ...SETTINGS, NODE_OPTIONS: `--import=${RECORDER}`, MODULES_FILE: modulesFile };
  const running = startCommand(['serve', '--json'], env, home);
  expect(JSON.parse(await running.nextLine())).toMatchObject({ event: 'serving', accounts: { ready: 1 } });
  expect((await running.end('SIGTERM')).code).toBe(0);
  return JSON.parse(readFileSync(modulesFile, 'utf8'));
}

let recorded: Promise<LoadedModules> | undefined;

/** One start for all tests. */
async function loadedModules(): Promise<LoadedModules & { readonly packages: readonly string[] }> {
  recorded ??= modulesOfServe();
  const { files, builtins, intl, schemas } = await recorded;
  const names = files.map((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  return { files, builtins, intl, schemas, packages: [...new Set(names.filter((name) => name !== undefined))] };
}

/** There were 1,114 on 2026-11-30. A part that only some requests need is better loaded with the first of them. */
const MAX_FILES = 1_150;
/** A tenth more than there were on 2026-11-30, of settings and the clients' APIs. The others would be 1,500 more. */
const MAX_SCHEMAS = 950;

describe('serve, ready and without a request', () => {
  it('has loaded no more files than recorded', async () => {
    const { files } = await loadedModules();
    expect(files.length).toBeGreaterThan(500);
    expect(files.length).toBeLessThanOrEqual(MAX_FILES);
  });

  it('has built no schema of the admin API, the API reference and the wire profiles', async () => {
    const { schemas } = await loadedModules();
    expect(schemas).toBeGreaterThan(200);
    expect(schemas).toBeLessThanOrEqual(MAX_SCHEMAS);
  });

  it('has loaded no data of locales: 13 MB', async () => {
    const { files, intl } = await loadedModules();
    expect(files).toContain(`${SOURCES}protocols/reading/web-search-blocks.ts`);
    expect(intl).toEqual([]);
  });

  it('has loaded the packages of the server and the database', async () => {
    const { packages } = await loadedModules();
    expect(packages).toEqual(expect.arrayContaining(['commander', 'fastify', 'kysely', 'undici', 'zod']));
  });

  it.each([
    '@aws-sdk/client-sso-oidc',
    '@fastify/send',
    '@aws-sdk/credential-providers',
    '@smithy/signature-v4',
    '@clack/prompts',
    '@opentelemetry/sdk-trace',
    '@scalar/fastify-api-reference',
    'ajv',
    'ajv-formats',
    'fflate',
    'html-to-text',
    'mammoth',
    'pg',
    'prom-client',
    'read-excel-file',
    'sharp',
    'unpdf',
  ])('has not loaded %s', async (name) => {
    expect((await loadedModules()).packages).not.toContain(name);
  });

  it('has not loaded the parts of undici for browsers, caches and mocks', async () => {
    const { files } = await loadedModules();
    expect(files.filter((file) => /\/undici\/lib\/(?:web|cache|mock|interceptor)\//.test(file))).toEqual([]);
  });

  it('has not made Node load its own copy of undici', async () => {
    const { builtins } = await loadedModules();
    expect(builtins).toContain('http');
    expect(builtins).not.toContain('internal/deps/undici/undici');
  });

  it.each([
    'cli/accounts.ts',
    'cli/chat.ts',
    'cli/demo.ts',
    'cli/workers/',
    'library/',
    'media/extract/',
    'metrics/registry.ts',
    'simulator/',
    'tracing/',
  ])('has not loaded src/%s', async (path) => {
    const { files } = await loadedModules();
    expect(files).toContain(`${SOURCES}compose.ts`);
    expect(files.filter((file) => file.startsWith(`${SOURCES}${path}`))).toEqual([]);
  });
});
