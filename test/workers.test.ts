/** `dragoman serve --workers`: several processes that serve one port and are supervised by their parent. */

import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { environmentFor } from '../src/simulator/environment.ts';
import type { ScriptedReply } from '../src/simulator/script.ts';
import { createHome, type Running, startCommand } from './support/command.ts';
import { parseEvents } from './support/event-stream-text.ts';
import { createSimulator } from './support/simulator.ts';

const HELLO: ScriptedReply = { steps: ['Hello.'] };
const SLOW: ScriptedReply = { when: { text: 'Slowly' }, steps: ['Once ', { gapMs: 2_000 }, 'upon a time.'] };
const ENDLESS: ScriptedReply = { steps: ['Once ', { gapMs: 600_000 }] };

interface Gateway extends Running {
  readonly url: string;
  /** The lines of the log so far. */
  log(): Record<string, unknown>[];
  /** By number: the process that serves as this worker now. */
  pids(): Map<unknown, number>;
}

async function serve(...replies: readonly ScriptedReply[]): Promise<Gateway> {
  return serveWith({}, createHome(), replies);
}

async function serveWith(
  env: Readonly<Record<string, string>>,
  home: string,
  replies: readonly ScriptedReply[],
): Promise<Gateway> {
  const simulator = await createSimulator({ script: { replies } });
  const settings = { ...environmentFor(simulator.url), DRAGOMAN_PORT: '0', ...env };
  const running = startCommand(['serve', '--json', '--workers', '2'], settings, home);
  let err = '';
  running.child.stderr.on('data', (data) => {
    err += String(data);
  });
  const log = () =>
    err
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const { url, workers } = JSON.parse(await running.nextLine());
  expect(workers).toBe(2);
  const pids = () =>
    new Map(log().flatMap(({ msg, worker, pid }) => (msg === 'a worker serves' ? [[worker, Number(pid)]] : [])));
  // Log lines may arrive after the banner.
  await vi.waitFor(() => expect(pids().size).toBe(2), 10_000);
  return { ...running, url, log, pids };
}

interface Received {
  readonly status: number;
  /** Rejects if the connection breaks. */
  readonly text: Promise<string>;
  textSoFar(): string;
}

/** On a connection of its own, so that the workers take turns. */
async function send(url: string, options: RequestOptions, body?: object): Promise<Received> {
  const sent = request(url, { ...options, agent: new Agent() });
  sent.end(body && JSON.stringify({ model: 'auto', ...body }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage]; // the event's only argument
  let soFar = '';
  response.setEncoding('utf8').on('data', (piece) => {
    soFar += piece;
  });
  const text = once(response, 'close').then(() => {
    if (response.complete) return soFar;
    throw new Error('The connection broke.');
  });
  text.catch(() => {});
  return { status: response.statusCode ?? 0, text, textSoFar: () => soFar };
}

function post(url: string, path: string, body: object, key = 'any'): Promise<Received> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  return send(`${url}${path}`, { method: 'POST', headers }, body);
}

const CHAT = { messages: [{ role: 'user', content: 'Hi' }] };
const STREAMED_CHAT = { ...CHAT, stream: true };
const SLOW_CHAT = { messages: [{ role: 'user', content: 'Slowly' }], stream: true };
const PATH = '/v1/chat/completions';
const ADMIN_TOKEN = 'marked-admin-token-0123456789';

/** The workers that have answered requests of this path, in the order of their answers. */
function answeredBy(gateway: Gateway, path = PATH): unknown[] {
  return gateway.log().flatMap((line) => (line.path === path ? [line.worker] : []));
}

describe('two workers', { timeout: 120_000 }, () => {
  it('serve one port in turn, and stream a background response that either of them produces', async () => {
    const gateway = await serve(SLOW, HELLO);
    expect(Number(new URL(gateway.url).port)).toBeGreaterThan(0);
    expect(new Set(gateway.pids().values()).size).toBe(2);
    for (let i = 0; i < 6; i++) {
      const answer = await post(gateway.url, PATH, CHAT);
      expect([answer.status, await answer.text]).toEqual([200, expect.stringContaining('Hello.')]);
    }
    await vi.waitFor(() => expect(new Set(answeredBy(gateway))).toEqual(new Set([1, 2])), 10_000);
    const body = { input: 'Slowly', background: true, stream: true };
    const first = await post(gateway.url, '/v1/responses', body);
    await expect.poll(() => first.textSoFar()).toContain('response.created');
    const id = /"id":"(resp_\w+)"/.exec(first.textSoFar())?.[1];
    const path = `/v1/responses/${id}`;
    const again = await Promise.all(Array.from({ length: 6 }, () => send(`${gateway.url}${path}?stream=true`, {})));
    const texts = await Promise.all([first, ...again].map((reply) => reply.text));
    expect(texts[0]).toContain('response.completed');
    expect(texts.map(eventsIn)).toEqual(texts.map(() => eventsIn(texts[0] ?? '')));
    await vi.waitFor(() => expect(new Set(answeredBy(gateway, path))).toEqual(new Set([1, 2])), 10_000);
    expect((await gateway.end('SIGTERM')).code).toBe(0);
  });

  it('do once what is done once, and keep together to the limit of an account', async () => {
    const home = createHome();
    const simulator = await createSimulator({ script: { replies: [ENDLESS] } });
    const env = { ...environmentFor(simulator.url), DRAGOMAN_PORT: '0', DRAGOMAN_SHUTDOWN_TIMEOUT_MS: '0' };
    const running = startCommand(['serve', '--json', '--workers', '2'], env, home);
    const { url, adminToken, accounts } = JSON.parse(await running.nextLine());
    expect(accounts).toEqual({ ready: 1, total: 1 });
    expect(readFileSync(join(home, '.dragoman', 'secret.key'), 'utf8').length).toBeGreaterThan(32);
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
    /** By connections that go to each worker in turn. The admin API reads what other processes have written. */
    const listAccounts = () =>
      Promise.all(
        Array.from({ length: 6 }, async () => {
          const listed = await send(`${url}/v2/accounts`, { headers });
          return JSON.parse(await listed.text).accounts as { id: string; maxConcurrency: number | null }[];
        }),
      );
    const lists = await listAccounts();
    expect(lists).toEqual(lists.map(() => [expect.objectContaining({ id: expect.any(String) })]));
    const id = lists[0]?.[0]?.id;
    const body = JSON.stringify({ maxConcurrency: 2 });
    const patched = await fetch(`${url}/v2/accounts/${id}`, { method: 'PATCH', headers, body });
    expect(await patched.json()).toMatchObject({ maxConcurrency: 2 });
    const changed = await listAccounts();
    expect(changed).toEqual(changed.map(() => [expect.objectContaining({ maxConcurrency: 2 })]));
    const clients = Array.from({ length: 8 }, () => post(url, PATH, STREAMED_CHAT).then((it) => it.text));
    const ends = Promise.allSettled(clients);
    await expect.poll(() => simulator.chatRequests.length, { timeout: 20_000 }).toBe(2);
    // No event shows that no further request is sent.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(simulator.chatRequests).toHaveLength(2);
    const { code, out } = await running.end('SIGTERM');
    expect([code, out.trim().split('\n').length]).toEqual([0, 1]);
    await ends;
  });

  it('are replaced on the same port when they are killed, and refuse it to a second gateway', async () => {
    const gateway = await serve(HELLO);
    const first = gateway.pids();
    process.kill(Number(first.get(1)), 'SIGKILL');
    await gateway.untilLogged('a worker ended; replacing it');
    expect((await post(gateway.url, PATH, CHAT)).status).toBe(200);
    await vi.waitFor(() => expect(gateway.pids().get(1)).not.toBe(first.get(1)), { timeout: 20_000 });
    expect(gateway.pids().get(2)).toBe(first.get(2));
    const second = gateway.pids();
    for (const pid of second.values()) process.kill(pid, 'SIGKILL');
    await vi.waitFor(
      () => expect([...gateway.pids().values()].some((pid) => [...second.values()].includes(pid))).toBe(false),
      { timeout: 20_000 },
    );
    for (let i = 0; i < 4; i++) expect((await post(gateway.url, PATH, CHAT)).status).toBe(200);
    const { port } = new URL(gateway.url);
    const { code, out, err } = await startCommand(['serve', '--workers', '2', '--port', port]).end();
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(`Port ${port} on 127.0.0.1 is in use.`);
    expect((await gateway.end('SIGTERM')).code).toBe(0);
  });

  it('finish their open replies on SIGTERM, also when every process gets the signal', async () => {
    const gateway = await serve(SLOW);
    const replies = await Promise.all(Array.from({ length: 6 }, () => post(gateway.url, PATH, SLOW_CHAT)));
    for (const pid of gateway.pids().values()) process.kill(pid, 'SIGTERM');
    const ended = gateway.end('SIGTERM');
    for (const reply of replies) {
      const pieces = parseEvents(await reply.text).map(({ choices }) => choices[0]?.delta.content ?? '');
      expect(pieces.join('')).toBe('Once upon a time.');
    }
    expect((await ended).code).toBe(0);
    expect(new Set(answeredBy(gateway))).toEqual(new Set([1, 2]));
  });

  it('are cut off by a second signal', async () => {
    const gateway = await serveWith({ DRAGOMAN_SHUTDOWN_TIMEOUT_MS: '600000' }, createHome(), [ENDLESS]);
    const reply = await post(gateway.url, PATH, STREAMED_CHAT);
    const broken = reply.text.catch(() => 'broken');
    const pids = [...gateway.pids().values()];
    gateway.child.kill('SIGTERM');
    await gateway.untilLogged('shutting down');
    expect((await gateway.end('SIGINT')).code).toBe(130);
    expect(await broken).toBe('broken');
    await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), { timeout: 10_000 });
  });

  it('apply new settings on SIGHUP, and so does a replacement', async () => {
    const home = createHome();
    const write = (settings: string) => writeFileSync(join(home, '.env'), settings);
    write('DRAGOMAN_API_KEYS=first-key\n');
    const gateway = await serveWith({}, home, [HELLO]);
    write('DRAGOMAN_API_KEYS=second-key\nDRAGOMAN_STRATEGY=random\n');
    gateway.child.kill('SIGHUP');
    await gateway.untilLogged('"needRestart":["DRAGOMAN_STRATEGY"]');
    const statuses = async (key: string) => {
      const answers = await Promise.all([1, 2, 3, 4].map(() => post(gateway.url, PATH, CHAT, key)));
      return answers.map(({ status }) => status);
    };
    expect(await statuses('first-key')).toEqual([401, 401, 401, 401]);
    expect(await statuses('second-key')).toEqual([200, 200, 200, 200]);
    // A file that cannot be read any longer must not keep a replacement from starting.
    write('DRAGOMAN_STRATEGY=none\n');
    const before = gateway.pids().get(2);
    process.kill(Number(before), 'SIGKILL');
    await vi.waitFor(() => expect(gateway.pids().get(2)).not.toBe(before), { timeout: 20_000 });
    expect(await statuses('second-key')).toEqual([200, 200, 200, 200]);
    const { code, err } = await gateway.end('SIGTERM');
    expect(code).toBe(0);
    expect(err).not.toContain('second-key');
  });

  it('end with their parent', async () => {
    const gateway = await serve(HELLO);
    const pids = [...gateway.pids().values()];
    expect(pids.filter(isRunning)).toHaveLength(2);
    await gateway.end('SIGKILL');
    await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), { timeout: 10_000 });
  });
});

describe('metrics', () => {
  it('have the figures of every worker, whichever of them is read', async () => {
    const gateway = await serve(HELLO);
    const read = async () => (await fetch(`${gateway.url}/metrics`, { headers: { connection: 'close' } })).text();
    const chat = { model: 'auto', messages: [{ role: 'user', content: 'Hi' }] };
    for (let request = 0; request < 4; request++) {
      const response = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify(chat),
      });
      expect(response.status).toBe(200);
      await response.text();
    }
    // Connections are handed out in turn, so that two readings are of two workers.
    for (let reading = 0; reading < 2; reading++) {
      await vi.waitFor(async () => {
        const attempts = [...(await read()).matchAll(/^dragoman_attempts_total\{.*worker="(\d)"\} (\d+)$/gm)];
        expect(new Set(attempts.map(([, worker]) => worker))).toEqual(new Set(['1', '2']));
        expect(attempts.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(4);
      }, 10_000);
    }
    await gateway.end('SIGTERM');
  });
});

describe('the limits of a key', () => {
  it('hold over all workers, also for the requests of one that was killed', async () => {
    const gateway = await serveWith({ DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN }, createHome(), [SLOW, HELLO]);
    const limits = { requestsPerMinute: 6, concurrency: 1 };
    const body = JSON.stringify({ name: 'laptop', ...limits });
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const made = await fetch(`${gateway.url}/v2/keys`, { method: 'POST', headers, body });
    const { secret }: { secret: string } = JSON.parse(await made.text());
    const chat = async () => {
      const { status, text } = await post(gateway.url, PATH, CHAT, secret);
      await text;
      return status;
    };
    const open = await post(gateway.url, PATH, SLOW_CHAT, secret);
    // Connections are handed out in turn: one of these is of the other worker.
    expect([await chat(), await chat()]).toEqual([429, 429]);
    for (const pid of gateway.pids().values()) process.kill(pid, 'SIGKILL');
    await expect(open.text).rejects.toThrow();
    await vi.waitFor(async () => expect(await chat()).toBe(200), { timeout: 20_000, interval: 200 });
    const statuses = [];
    for (let request = 0; request < 6; request++) statuses.push(await chat());
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
    await gateway.end('SIGTERM');
  });
});

describe('the command', () => {
  it('refuses several workers on a database in memory', async () => {
    const { code, err } = await startCommand(['serve', '--workers', '2'], {
      DRAGOMAN_DATABASE_URL: 'sqlite::memory:',
    }).end();
    expect(code).toBe(2);
    expect(err).toContain('flag --workers asks for 2 processes, which cannot share the database sqlite::memory:');
    expect(err).toContain('Choose a file or PostgreSQL with DRAGOMAN_DATABASE_URL');
  });

  it('ends with the error of a worker that cannot start', async () => {
    const home = createHome();
    const env = { DRAGOMAN_DATABASE_URL: `sqlite:${home}/missing/dragoman.db` };
    const { code, out, err } = await startCommand(['serve', '--workers', '2', '--port', '0'], env, home).end();
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^error: Could not open the database/);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});

/** Without the pings. */
function eventsIn(text: string): string[] {
  return text.split('\n\n').filter((event) => event.startsWith('event: '));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
