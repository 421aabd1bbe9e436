/** The commands as processes: exit codes, output, signals. See serve.test.ts for those that talk to a service. */

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHome, runCommand, startCommand } from './support/command.ts';

describe('dragoman', () => {
  it('exits with 2 and without a stack trace on a usage error', async () => {
    const { code, out, err } = await startCommand(['serve', '--prot', '1']).end();
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('--port');
    expect(err).not.toMatch(/\n +at /);
  });

  it('reads .env in the current directory', async () => {
    const home = createHome();
    writeFileSync(join(home, '.env'), 'DRAGOMAN_PORT=4321\nDRAGOMAN_API_KEYS=marked-key\n');
    const { code, out } = await runCommand(['config', '--json'], {}, home);
    expect(code).toBe(0);
    expect(JSON.parse(out).DRAGOMAN_PORT).toEqual({ value: 4321, origin: '.env DRAGOMAN_PORT' });
    expect(out).not.toContain('marked-key');
  });

  it('does not start with an unknown setting', async () => {
    const { code, err } = await runCommand(['serve'], { DRAGOMAN_PROT: '1' });
    expect(code).toBe(2);
    expect(err).toContain('Did you mean DRAGOMAN_PORT?');
  });

  it('warns once about unusable values of other programs in the environment, and starts', async () => {
    const foreign = {
      PORT: 'tcp://10.0.0.1:80',
      HOST: 'x86_64-conda-linux-gnu',
      LOG_LEVEL: 'verbose',
      DATABASE_URL: 'mysql://app:hunter2@db/app',
      HTTP_PROXY: 'proxy.corp:3128',
      MAX_ERROR_COUNT: 'many',
    };
    const serving = startCommand(['serve', '--port', '0'], foreign);
    expect(await serving.nextLine()).toContain('http://127.0.0.1:');
    const { code, err } = await serving.end('SIGTERM');
    expect(code).toBe(0);
    // --port decides, so that PORT is never read.
    const { PORT: _, ...read } = foreign;
    for (const name of Object.keys(read)) expect(err.split(`environment ${name} `), name).toHaveLength(2);
    expect(err).not.toContain('hunter2');
    const config = await runCommand(['config', '--json'], foreign);
    expect(config.code).toBe(0);
    expect(JSON.parse(config.out).DRAGOMAN_PORT).toEqual({ value: 8080, origin: 'default' });
    expect(config.err).toContain('warning: environment PORT ("tcp://10.0.0.1:80") is not a whole number');
  });

  it('has no colour in a pipe', async () => {
    expect((await startCommand(['--help']).end()).out).not.toContain('\u001b');
  });
});

describe('dragoman serve', () => {
  it('serves without an account, says how to sign in, and shuts down', async () => {
    const serving = startCommand(['serve', '--port', '0']);
    const first = await serving.nextLine();
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(first)?.[0];
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({
      status: 'healthy',
      accounts: { ready: 0, total: 0 },
    });
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    const asked = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'marked-text' }] }),
    });
    expect(asked.status).toBe(503);
    expect(await asked.text()).toContain('dragoman login');
    const { code, out, err } = await serving.end('SIGTERM');
    expect(code).toBe(0);
    expect(out).toContain('dragoman login');
    expect(err).toContain('POST /v1/chat/completions 503 no_account');
    expect(err).not.toContain('marked-text');
  });

  it('prints its address as JSON', async () => {
    const serving = startCommand(['serve', '--port', '0', '--json'], { DRAGOMAN_API_KEYS: 'a,b' });
    expect(JSON.parse(await serving.nextLine())).toEqual({
      event: 'serving',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      port: expect.any(Number),
      accounts: { ready: 0, total: 0 },
      keys: 2,
      adminToken: expect.stringMatching(/^dgm-admin-[\w-]{43}$/),
    });
    expect((await serving.end('SIGINT')).code).toBe(0);
  });

  it.each([
    ['a port in use', ['--port'], /in use.*--port/],
    ['a non-loopback address without a key', ['--port', '0', '--host', '0.0.0.0'], /DRAGOMAN_API_KEYS/],
    ['an unknown host', ['--port', '0', '--host', 'no.such.host.invalid'], /DRAGOMAN_API_KEYS/],
  ])('does not start on %s', async (_, args, message) => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    const { code, err } = await runCommand(['serve', ...args, ...(args.length === 1 ? [port] : [])]);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n +at /);
  });
});

describe('dragoman health', () => {
  it('exits with 0 while a gateway answers, and with 1 afterwards or while it has no account', async () => {
    const serving = startCommand(['serve', '--port', '0', '--json']);
    const { port } = JSON.parse(await serving.nextLine());
    const check = (...flags: string[]) => runCommand(['health', '--port', `${port}`, ...flags]);
    const healthy = await check('--json', '--host', '0.0.0.0');
    expect(healthy.code).toBe(0);
    expect(JSON.parse(healthy.out)).toMatchObject({ status: 'healthy', accounts: { ready: 0, total: 0 } });
    const ready = await check('--ready');
    expect(ready.code).toBe(1);
    expect(ready.out).toContain('"accounts":false');
    await serving.end('SIGTERM');
    const gone = await check();
    expect(gone.code).toBe(1);
    expect(gone.err).toContain('No gateway responds');
  });
});
