/** The ledger of `dragoman serve`: killed at any instant, and written by several workers. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { environmentFor } from '../src/simulator/environment.ts';
import { createHome, startCommand } from './support/command.ts';
import { createTestDatabase, ask as query } from './support/postgres.ts';
import { createSimulator } from './support/simulator.ts';

const ADMIN_TOKEN = 'admin-token-of-the-test-0123456789';
/** For rows, which are written every second, and for a worker that is replaced. */
const WAIT = { timeout: 20_000, interval: 100 };

async function serve(home: string, flags: readonly string[] = [], more: Readonly<Record<string, string>> = {}) {
  const simulator = await createSimulator();
  const env = { ...environmentFor(simulator.url), DRAGOMAN_PORT: '0', DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN };
  const database = { DRAGOMAN_API_KEYS: '', DRAGOMAN_DATABASE_URL: `sqlite:${join(home, 'dragoman.db')}` };
  const running = startCommand(['serve', '--json', ...flags], { ...env, ...database, ...more }, home);
  const { url }: { url: string } = JSON.parse(await running.nextLine());
  return { ...running, url };
}

/** The id of the request. */
async function chat(url: string): Promise<string> {
  const messages = [{ role: 'user', content: 'Hi' }];
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'claude-sonnet-4.5', messages }),
  });
  await response.text();
  return response.headers.get('x-request-id') ?? '';
}

async function read(url: string, path: string): Promise<unknown> {
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  return response.json();
}

async function lostRows(url: string): Promise<number> {
  const page = await (await fetch(`${url}/metrics`)).text();
  return Number(/^dragoman_ledger_lost_rows_total (\d+)$/m.exec(page)?.[1]);
}

function recordedIds(home: string): Set<string> {
  const database = new DatabaseSync(join(home, 'dragoman-ledger.db'));
  const rows = database.prepare('select request_id from ledger_requests').all();
  database.close();
  return new Set(rows.map(({ request_id }) => String(request_id)));
}

describe('the ledger', () => {
  it('has every request that ended more than a second before the process was killed, and goes on after a restart', async () => {
    const home = createHome();
    const { url, end } = await serve(home);
    const ended: { readonly id: string; readonly atMs: number }[] = [];
    while (ended.filter(({ atMs }) => atMs < Date.now() - 1_500).length < 10) {
      ended.push({ id: await chat(url), atMs: Date.now() });
      await sleep(20);
    }
    // Its event loop has turned since then, so it knows of every request above.
    await fetch(`${url}/health`);
    const killedMs = Date.now();
    await end('SIGKILL');
    const recorded = recordedIds(home);
    const missing = ended.filter(({ id }) => !recorded.has(id)).length;
    const due = ended.filter(({ atMs }) => atMs < killedMs - 1_000);
    expect(due.length).toBeGreaterThan(5);
    expect(due.filter(({ id }) => !recorded.has(id))).toEqual([]);

    const restarted = await serve(home);
    const id = await chat(restarted.url);
    await vi.waitFor(async () => {
      expect(await read(restarted.url, '/v2/activity')).toMatchObject({ lost: missing });
      expect(await lostRows(restarted.url)).toBe(missing);
    }, WAIT);
    await restarted.end('SIGTERM');
    const after = recordedIds(home);
    expect([...recorded, id].filter((each) => !after.has(each))).toEqual([]);
  }, 30_000);

  it('counts what a killed worker has lost on PostgreSQL', async () => {
    const home = createHome();
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    const env = { DRAGOMAN_DATABASE_URL: database.url, DRAGOMAN_HOME: join(home, 'own') };
    const { url, child, end } = await serve(home, ['--workers', '2'], env);
    let log = '';
    child.stderr.on('data', (data) => {
      log += String(data);
    });
    await Promise.all(Array.from({ length: 20 }, () => chat(url)));
    const pid = await vi.waitFor(() => {
      const [, found] = /"pid":(\d+),"msg":"a worker serves"/.exec(log) ?? [];
      expect(found).toBeDefined();
      return Number(found);
    }, WAIT);
    const writers = async () => (await query(database.url, 'select id from ledger_writers')).map(({ id }) => id);
    const before = await vi.waitFor(async () => {
      const both = await writers();
      expect(both).toHaveLength(2);
      return both;
    }, WAIT);
    // The event loops of both workers have turned since then, so they know of every request above.
    for (let turn = 0; turn < 4; turn++) await fetch(`${url}/health`, { headers: { connection: 'close' } });
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => {
      const rows = await query(database.url, 'select count(*)::int as rows from ledger_requests');
      const lost = await query(database.url, 'select coalesce(sum(rows), 0)::int as rows from ledger_losses');
      expect(Number(rows[0]?.rows) + Number(lost[0]?.rows)).toBe(20);
      const now = await writers();
      expect([now.length, now.filter((id) => before.includes(id)).length]).toEqual([2, 1]);
    }, WAIT);
    await end('SIGTERM');
    expect(await query(database.url, 'select * from ledger_writers')).toEqual([]);
  }, 40_000);

  it('has the requests of all workers, and adds up their credits', async () => {
    const home = createHome();
    const { url, end } = await serve(home, ['--workers', '2']);
    const ids = await Promise.all(Array.from({ length: 30 }, () => chat(url)));
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const buckets = await vi.waitFor(async () => {
      const response = await fetch(`${url}/v2/usage/history?by=day&kind=reply`, { headers });
      const history = (await response.json()) as { buckets: { requests: number; credits: number }[] };
      expect(history.buckets.reduce((sum, { requests }) => sum + requests, 0)).toBe(30);
      return history.buckets;
    }, WAIT);
    expect(buckets[0]?.credits).toBeGreaterThan(0);
    await end('SIGTERM');
    const recorded = recordedIds(home);
    expect(ids.filter((id) => !recorded.has(id))).toEqual([]);
  }, 30_000);
});
