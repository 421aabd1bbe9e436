/** A database that cannot be written: `/readyz` notices, requests that need it get 503, and the log has the reason. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { environmentFor } from '../src/simulator/environment.ts';
import { startSimulator } from '../src/simulator/server.ts';
import { servedAt } from './chaos/client.ts';
import { createHome, runCommand, startCommand } from './support/command.ts';

const API_KEY = 'sk-not-writable';
const ADMIN_TOKEN = 'marked-admin-token-0123456789';
/** Present on every Linux. */
const [MOUNT, UNMOUNT, UNSHARE] = ['mount', 'umount', 'unshare'] as const;
const MESSAGES = [{ role: 'user', content: 'Hi' }];

async function start(home: string) {
  const simulator = await startSimulator({ script: { replies: [{ steps: ['Hello.'] }] } });
  onTestFinished(() => simulator.close());
  const env = {
    ...environmentFor(simulator.url),
    DRAGOMAN_API_KEYS: API_KEY,
    DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN,
    DRAGOMAN_LOG_LEVEL: 'error',
    DRAGOMAN_LOG_FORMAT: 'json',
  };
  const gateway = startCommand(['serve', '--port', '0', '--json'], env, home);
  const url = servedAt(await gateway.nextLine());
  const post = (path: string, body: unknown, token = API_KEY) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const isReady = async () => (await fetch(`${url}/readyz`)).status === 200;
  return { simulator, gateway, url, post, isReady };
}

const fileOf = (home: string) => join(home, '.dragoman', 'dragoman.db');

describe('/readyz', () => {
  it.each<[string, (home: string) => void, string]>([
    [
      'the database file is deleted',
      (home) => {
        for (const end of ['', '-wal', '-shm']) rmSync(`${fileOf(home)}${end}`, { force: true });
      },
      'was deleted or replaced',
    ],
    [
      'the database file is overwritten',
      (home) => {
        const bytes = Buffer.alloc(100, 'x');
        truncateSync(fileOf(home), 0);
        appendFileSync(fileOf(home), bytes);
      },
      'is damaged',
    ],
    [
      'another process keeps the database locked',
      (home) => {
        const other = new DatabaseSync(fileOf(home));
        onTestFinished(() => other.close());
        other.exec('begin immediate');
      },
      'another process keeps it locked',
    ],
  ])('answers 503 if %s', { timeout: 30_000 }, async (_name, damage, why) => {
    const home = createHome();
    const { gateway, url, isReady } = await start(home);
    expect(await isReady()).toBe(true);
    damage(home);
    await expect.poll(isReady, { timeout: 5_000 }).toBe(false);
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({
      ...{ status: 'not ready', accounts: true, store: false },
    });
    // One log line, for any number of requests.
    for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: 7 }, isReady));
    gateway.child.kill('SIGKILL');
    const { err } = await gateway.end();
    const lines = err.split('\n').filter((line) => line.includes('/readyz answers 503'));
    expect(lines).toEqual([expect.stringContaining(why)]);
  });
});

/** A file system of 2 MB. */
function mountSmall(): string {
  const folder = join(createHome(), 'small');
  mkdirSync(folder);
  execFileSync(MOUNT, ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]);
  onTestFinished(() => void execFileSync(UNMOUNT, ['-l', folder]));
  return folder;
}

function fill(folder: string): { free(): void } {
  const path = join(folder, 'filler');
  try {
    for (;;) appendFileSync(path, Buffer.alloc(1024));
  } catch (cause) {
    expect(cause).toMatchObject({ code: 'ENOSPC' });
  }
  return { free: () => rmSync(path) };
}

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    execFileSync(UNSHARE, ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!canMount())('a full disk (needs root on Linux, to mount one)', () => {
  it('answers 503 in each format, and recovers once there is space', { timeout: 60_000 }, async () => {
    const home = mountSmall();
    const { simulator, gateway, url, post, isReady } = await start(home);
    const chat = (path: string) => post(path, { model: 'claude-sonnet-4.5', max_tokens: 100, messages: MESSAGES });
    expect((await chat('/v1/chat/completions')).status).toBe(200);
    expect(await isReady()).toBe(true);
    const disk = fill(home);
    await expect.poll(isReady, { timeout: 5_000 }).toBe(false);

    simulator.expireAccessTokens('default');
    const openai = await chat('/v1/chat/completions');
    expect(openai.status).toBe(503);
    expect(await openai.json()).toMatchObject({ error: { message: expect.stringContaining('the disk is full') } });
    const anthropic = await chat('/v1/messages');
    expect(anthropic.status).toBe(529);
    expect(await anthropic.json()).toMatchObject({
      error: { type: 'overloaded_error', message: expect.stringContaining('the disk is full') },
    });
    const listed = await fetch(`${url}/v2/accounts`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    const [account] = z.object({ accounts: z.array(z.object({ id: z.string() })) }).parse(await listed.json()).accounts;
    const refresh = await post(`/v2/accounts/${account?.id}/refresh`, undefined, ADMIN_TOKEN);
    expect([refresh.status, await refresh.text()]).toEqual([503, expect.stringContaining('the disk is full')]);

    disk.free();
    await expect.poll(isReady, { timeout: 5_000 }).toBe(true);
    await expect.poll(async () => (await chat('/v1/chat/completions')).status, { timeout: 10_000 }).toBe(200);
    expect((await gateway.end('SIGTERM')).code).toBe(0);
  });

  it('leaves no temporary file of the secret key', { timeout: 20_000 }, async () => {
    const home = mountSmall();
    mkdirSync(join(home, '.dragoman'));
    writeFileSync(join(home, '.dragoman', 'dragoman.db'), '');
    fill(home);
    const { code, err } = await runCommand(['accounts', 'list'], {}, home);
    expect([code, err]).toEqual([1, expect.stringMatching(/Could not write .*\(ENOSPC\)|the disk is full/)]);
    expect(readdirSync(join(home, '.dragoman')).filter((name) => name.startsWith('secret.key'))).toEqual([]);
  });
});
