/** The package as it is published: bundled, with everything that runs in a thread or a process of its own. */
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { environmentFor } from '../src/simulator/environment.ts';
import { createHome, startCommand } from './support/command.ts';
import { pdf } from './support/documents.ts';
import type { LoadedModules } from './support/record-modules.ts';
import { createSimulator } from './support/simulator.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '..');
/** Below node_modules, where the packages that are not bundled are found. */
const PACKAGE = join(ROOT, 'node_modules/.cache/package-test');

const RECORDER = pathToFileURL(join(ROOT, 'test/support/record-modules.ts')).href;
const TICK_PRINTER = pathToFileURL(join(ROOT, 'test/support/print-tick-shape.ts')).href;

let built: Promise<string> | undefined;

/** Builds once for all tests. Returns the folder of the programs. */
function builtPackage(): Promise<string> {
  built ??= buildPackage();
  return built;
}

async function buildPackage(): Promise<string> {
  mkdirSync(PACKAGE, { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(PACKAGE, 'package.json'));
  await run(process.execPath, [join(ROOT, 'tools/bundle.ts'), join(PACKAGE, 'dist')]);
  return join(PACKAGE, 'dist');
}

/** Too large to be checked on the event loop. */
const LARGE_SCHEMA = {
  type: 'object',
  properties: Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`field_${index}`, { type: 'integer' }])),
};

it('refreshes tokens, reads documents and checks large JSON schemas', { timeout: 60_000 }, async () => {
  const dist = await builtPackage();
  const simulator = await createSimulator({ script: { replies: [{ steps: ['{"field_7":7}'] }] } });
  const env = { ...environmentFor(simulator.url), DRAGOMAN_PORT: '0' };
  const serve = startCommand(['serve', '--json'], env, createHome(), join(dist, 'main.js'));
  const { url } = JSON.parse(await serve.nextLine());
  const data = pdf(['The harbour opens at six.']).toString('base64');
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'any' },
    body: JSON.stringify({
      model: 'auto',
      max_tokens: 1000,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } },
            { type: 'text', text: 'When does it open?' },
          ],
        },
      ],
      output_config: { format: { type: 'json_schema', schema: LARGE_SCHEMA } },
    }),
  });
  expect(await response.json()).toMatchObject({ content: [{ type: 'text', text: '{"field_7":7}' }] });
  // Only a document that the reading thread could open is sent on.
  expect(simulator.chatRequests[0]?.rawBody.includes(data)).toBe(true);
  const { code, err } = await serve.end('SIGTERM');
  expect(code).toBe(0);
  expect(err).not.toContain('"level":40');
});

it('names its version and carries the licences of the libraries in it', async () => {
  const dist = await builtPackage();
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const main = join(dist, 'main.js');
  chmodSync(main, 0o755);
  // By its first line, as the link that npm installs is run.
  const { stdout } = await run(main, ['--version'], {
    env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
  });
  expect(stdout).toBe(`${version}\n`);
  const licences = readFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
  for (const name of ['ajv', 'fastify', 'kysely', 'react', 'undici', 'zod'])
    expect(licences).toMatch(new RegExp(`^${name} \\d`, 'm'));
  expect(licences).not.toContain('undefined');
});

it('serves the API reference without the packages that it was built from', { timeout: 60_000 }, async () => {
  const dist = await builtPackage();
  const serve = startCommand(['serve', '--json'], { DRAGOMAN_PORT: '0' }, createHome(), join(dist, 'main.js'));
  const { url } = JSON.parse(await serve.nextLine());
  const packaged = gunzipSync(readFileSync(join(dist, 'scalar.js.gz'))).toString();
  expect(packaged).toContain('createApiReference');
  expect((await (await fetch(`${url}/docs/scalar.js`)).text()) === packaged).toBe(true);
  expect(readFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), 'utf8')).toMatch(/^@scalar\/fastify-api-reference \d/m);
  await serve.end('SIGTERM');
});

it('serves with several workers', { timeout: 60_000 }, async () => {
  const dist = await builtPackage();
  const simulator = await createSimulator({ script: { replies: [{ steps: ['Hello.'] }] } });
  const env = { ...environmentFor(simulator.url), DRAGOMAN_PORT: '0' };
  const serve = startCommand(['serve', '--json', '--workers', '2'], env, createHome(), join(dist, 'main.js'));
  const { url } = JSON.parse(await serve.nextLine());
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer any' },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hi' }] }),
  });
  expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'Hello.' } }] });
  expect((await serve.end('SIGTERM')).code).toBe(0);
});

it('starts from few files', async () => {
  const dist = await builtPackage();
  const home = createHome();
  const modulesFile = join(home, 'modules.json');
  const env = { DRAGOMAN_PORT: '0', NODE_OPTIONS: `--import=${RECORDER}`, MODULES_FILE: modulesFile };
  const serve = startCommand(['serve', '--json'], env, home, join(dist, 'main.js'));
  await serve.nextLine();
  expect((await serve.end('SIGTERM')).code).toBe(0);
  const { files }: LoadedModules = JSON.parse(readFileSync(modulesFile, 'utf8'));
  const loaded = files.filter((file) => file.startsWith(pathToFileURL(dist).href)).map((file) => new URL(file));
  const bytes = loaded.reduce((sum, file) => sum + statSync(file).size, 0);
  expect(bytes).toBeGreaterThan(1_000_000);
  // A fifth more than there were on 2026-11-29, 23 files of 3.0 MB.
  expect(loaded.length).toBeLessThanOrEqual(28);
  expect(bytes).toBeLessThanOrEqual(3_600_000);
  const ofAjv = 'async schema referenced by sync schema';
  const isInBundle = (file: string | URL) => readFileSync(file, 'utf8').includes(ofAjv);
  expect(loaded.filter(isInBundle)).toEqual([]);
  expect(readdirSync(dist).filter((name) => name.endsWith('.js') && isInBundle(join(dist, name)))).toHaveLength(1);
});

it('writes compiled code to the cache while it serves, for the next start of a gateway that is killed', async () => {
  const dist = await builtPackage();
  const home = createHome();
  const env = { DRAGOMAN_PORT: '0', XDG_CACHE_HOME: home };
  const serve = startCommand(['serve', '--json'], env, home, join(dist, 'main.js'));
  await serve.nextLine();
  const written = () => readdirSync(join(home, 'dragoman'), { recursive: true, withFileTypes: true });
  await expect.poll(() => written().filter((entry) => entry.isFile()).length).toBeGreaterThan(10);
  await serve.end('SIGKILL');
});

it('keeps what V8 has learned of process.nextTick when the heap is collected', { timeout: 60_000 }, async () => {
  const dist = await builtPackage();
  const env = { DRAGOMAN_PORT: '0', NODE_OPTIONS: `--import=${TICK_PRINTER}` };
  const serve = startCommand(['serve', '--json'], env, createHome(), join(dist, 'main.js'));
  await serve.nextLine();
  serve.child.kill('SIGUSR2');
  await serve.untilLogged('ticks: ');
  const { err } = await serve.end('SIGTERM');
  expect(err).toMatch(/^ticks: MONOMORPHIC(?:,MONOMORPHIC)*$/m);
});
