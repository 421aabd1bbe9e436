/** The ledger of `dragoman serve`: killed at any instant, and written by several workers. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { environmentFor } from '../src/simulator/environment.ts';
import { createHome, startCommand } from './support/command.ts';
import { createSimulator } from './support/simulator.ts';

const ADMIN_TOKEN = 'admin-token-of-the-test-0123456789';
/** For rows, which are written every second. */
const WAIT = { timeout: 10_000, interval: 100 };

async function serve(home: string, ...flags: readonly string[]) {
  const simulator = await createSimulator();
  const env = { ...environmentFor(simulator.url), DRAGOMAN_PORT: '0', DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN };
  const database = { DRAGOMAN_API_KEYS: '', DRAGOMAN_DATABASE_URL: `sqlite:${join(home, 'dragoman.db')}` };
  const running = startCommand(['serve', '--json', ...flags], { ...env, ...database }, home);
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
    const untilMs = Date.now() + 3_000;
    while (Date.now() < untilMs) {
      ended.push({ id: await chat(url), atMs: Date.now() });
      await sleep(20);
    }
    const killedMs = Date.now();
    await end('SIGKILL');
    const recorded = recordedIds(home);
    const due = ended.filter(({ atMs }) => atMs < killedMs - 1_000);
    expect(due.length).toBeGreaterThan(5);
    expect(due.filter(({ id }) => !recorded.has(id))).toEqual([]);

    const restarted = await serve(home);
    const id = await chat(restarted.url);
    await restarted.end('SIGTERM');
    const after = recordedIds(home);
    expect([...recorded, id].filter((each) => !after.has(each))).toEqual([]);
  }, 30_000);

  it('has the requests of all workers, and adds up their credits', async () => {
    const home = createHome();
    const { url, end } = await serve(home, '--workers', '2');
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
