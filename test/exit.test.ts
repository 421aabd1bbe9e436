/** What ends a gateway's process and what does not: signals from init systems, terminals and users. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { environmentFor } from '../src/simulator/environment.ts';
import type { ScriptedReply } from '../src/simulator/script.ts';
import { createHome, environmentOf, type Running, startCommand } from './support/command.ts';
import { parseEvents } from './support/event-stream-text.ts';
import { createSimulator } from './support/simulator.ts';
import { LOCAL_MODE, startTestGateway } from './support/test-gateway.ts';

const HELLO: ScriptedReply = { steps: ['Hello.'] };
const ENDLESS: ScriptedReply = { steps: ['Once ', { gapMs: 600_000 }] };
const SLOW: ScriptedReply = { steps: ['Once ', { gapMs: 1_500 }, 'upon a time.'] };

interface Gateway extends Running {
  readonly url: string;
}

async function serve(
  reply: ScriptedReply,
  env: Readonly<Record<string, string>> = {},
  home = createHome(),
): Promise<Gateway> {
  const simulator = await createSimulator({ script: { replies: [reply] } });
  const settings = { ...environmentFor(simulator.url), DRAGOMAN_PORT: '0', ...env };
  const running = startCommand(['serve', '--json'], settings, home);
  const { url } = JSON.parse(await running.nextLine());
  return { ...running, url };
}

/** As a gateway returns it that is started afterwards on the same database. */
async function storedResponse(home: string, id: string | undefined): Promise<unknown> {
  const folder = join(home, '.dragoman');
  await using gateway = await startTestGateway({
    env: {
      ...LOCAL_MODE,
      DRAGOMAN_HOME: folder,
      DRAGOMAN_DATABASE_URL: `sqlite:${join(folder, 'dragoman.db')}`,
      DRAGOMAN_SECRET_KEY: '',
    },
  });
  return (await fetch(`${gateway.url}/v1/responses/${id}`)).json();
}

function post(url: string, path: string, body: object, key = 'any'): Promise<Response> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  return fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify({ model: 'auto', ...body }) });
}

const CHAT = { messages: [{ role: 'user', content: 'Hi' }] };
const chat = (url: string, key?: string) => post(url, '/v1/chat/completions', CHAT, key);

describe('SIGTERM', { timeout: 60_000 }, () => {
  it('ends a gateway whose log and output are not read', async () => {
    const fifo = join(createHome(), 'log');
    execFileSync('mkfifo', [fifo]);
    const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    onTestFinished(() => closeSync(fd));
    const stuck = openSync(fifo, constants.O_WRONLY);
    const simulator = await createSimulator({ script: { replies: [HELLO] } });
    const home = createHome();
    const main = join(import.meta.dirname, '../src/main.ts');
    const child = spawn(process.execPath, [main, 'serve', '--json'], {
      cwd: home,
      env: { ...environmentOf(home), ...environmentFor(simulator.url), DRAGOMAN_PORT: '0' },
      stdio: ['ignore', stuck, stuck],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    closeSync(stuck);
    const first = Buffer.alloc(65_536);
    const length = await vi.waitFor(() => readSync(fd, first), { timeout: 20_000, interval: 50 });
    const { url } = JSON.parse(first.subarray(0, length).toString().split('\n')[0] ?? '');
    fill(fd);
    for (let i = 0; i < 20; i++) expect((await chat(url)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('is not delayed by incomplete requests or keep-alive connections', async () => {
    const gateway = await serve(HELLO, { DRAGOMAN_SHUTDOWN_TIMEOUT_MS: '600000' });
    await (await chat(gateway.url)).text();
    const port = Number(new URL(gateway.url).port);
    for (const bytes of [
      '',
      'GET / HT',
      'POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\n\r\n{',
    ]) {
      const socket = connect(port, '127.0.0.1', () => bytes && socket.write(bytes));
      socket.on('error', () => {});
      await once(socket, 'connect');
      onTestFinished(() => void socket.destroy());
    }
    expect((await gateway.end('SIGTERM')).code).toBe(0);
  });

  it('waits for open replies and background responses, and stores the latter', async () => {
    const home = createHome();
    const gateway = await serve(SLOW, { DRAGOMAN_SHUTDOWN_TIMEOUT_MS: '20000' }, home);
    const { id } = (await (await post(gateway.url, '/v1/responses', { input: 'Hi', background: true })).json()) as {
      id: string;
    };
    const reply = await post(gateway.url, '/v1/chat/completions', { ...CHAT, stream: true });
    const ended = gateway.end('SIGTERM');
    const text = await reply.text();
    const pieces = parseEvents(text).map(({ choices }) => choices[0]?.delta.content ?? '');
    expect(pieces.join('')).toBe('Once upon a time.');
    expect(text).toMatch(/\[DONE\]\s*$/);
    expect((await ended).code).toBe(0);
    const kept = await storedResponse(home, id);
    expect(kept).toMatchObject({ status: 'completed' });
    expect(JSON.stringify(kept)).toContain('Once upon a time.');
  });

  it('fails background responses that take too long, and tells clients that stream them', async () => {
    const home = createHome();
    const gateway = await serve(ENDLESS, { DRAGOMAN_SHUTDOWN_TIMEOUT_MS: '500' }, home);
    const response = await post(gateway.url, '/v1/responses', { input: 'Hi', background: true, stream: true });
    let text = '';
    const read = (async () => {
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += piece;
    })();
    await expect.poll(() => text).toContain('response.output_text.delta');
    expect((await gateway.end('SIGTERM')).code).toBe(0);
    await read;
    expect(text).toMatch(/event: response\.failed\n.*The gateway was stopped/);
    const id = /"id":"(resp_\w+)"/.exec(text)?.[1];
    const kept = await storedResponse(home, id);
    expect(kept).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('stopped') } });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('followed by %s ends the process at once', async (second) => {
    const gateway = await serve(ENDLESS, { DRAGOMAN_SHUTDOWN_TIMEOUT_MS: '600000' });
    const reply = await post(gateway.url, '/v1/chat/completions', { ...CHAT, stream: true });
    const broken = reply.text().catch(() => 'broken');
    gateway.child.kill('SIGTERM');
    await gateway.untilLogged('shutting down');
    expect((await gateway.end(second)).code).toBe(second === 'SIGTERM' ? 143 : 130);
    await broken;
  });
});

describe('SIGHUP', { timeout: 60_000 }, () => {
  const settings = (home: string, text: string) => writeFileSync(join(home, '.env'), text);

  it('reloads API keys, admin token and log level, and names the settings that need a restart', async () => {
    const home = createHome();
    settings(home, 'DRAGOMAN_API_KEYS=first-key\nDRAGOMAN_ADMIN_TOKEN=first-admin-token\n');
    const gateway = await serve(HELLO, {}, home);
    expect((await chat(gateway.url, 'first-key')).status).toBe(200);
    settings(
      home,
      'DRAGOMAN_API_KEYS=second-key\nDRAGOMAN_ADMIN_TOKEN=second-admin-token\nDRAGOMAN_LOG_LEVEL=debug\nDRAGOMAN_STRATEGY=random\n',
    );
    gateway.child.kill('SIGHUP');
    await gateway.untilLogged('"needRestart":["DRAGOMAN_STRATEGY"]');
    expect((await chat(gateway.url, 'first-key')).status).toBe(401);
    expect((await chat(gateway.url, 'second-key')).status).toBe(200);
    const accounts = (token: string) =>
      fetch(`${gateway.url}/v2/accounts`, { headers: { authorization: `Bearer ${token}` } });
    expect((await accounts('first-admin-token')).status).toBe(401);
    expect((await accounts('second-admin-token')).status).toBe(200);
    await fetch(`${gateway.url}/health`);
    const { code, err } = await gateway.end('SIGTERM');
    expect(code).toBe(0);
    // Logged at debug level only.
    expect(err).toContain('GET /health 200');
    expect(err).not.toMatch(/second-(?:key|admin)/);
  });

  it('keeps the process running if the new settings are invalid', async () => {
    const home = createHome();
    const gateway = await serve(HELLO, {}, home);
    settings(home, 'DRAGOMAN_STRATEGY=none\n');
    gateway.child.kill('SIGHUP');
    await gateway.untilLogged('keeping the current ones');
    expect((await chat(gateway.url)).status).toBe(200);
    expect((await gateway.end('SIGTERM')).code).toBe(0);
  });
});

/** Writes until the pipe is full. */
function fill(fd: number): void {
  try {
    for (;;) writeSync(fd, Buffer.alloc(4_096));
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EAGAIN')) throw cause;
  }
}
