/**
 * Three workers of one gateway on SQLite serve an account with one-time refresh tokens while one after another is killed:
 * every request is answered or its connection breaks, and no token is wasted.
 */
import { expect, it, vi } from 'vitest';
import { environmentFor } from '../../src/simulator/environment.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { startCommand } from '../support/command.ts';
import { printCounts, scaled } from '../support/scale.ts';
import { ask, Refused, servedAt } from './client.ts';
import { refreshesOf } from './refreshes.ts';

const WORKERS = 3;
const CLIENTS = 6;
const REQUESTS = scaled({ usual: 10, full: 500 });
const KILLS = scaled({ usual: 2, full: 12 });
const API_KEY = 'sk-workers';

it('three workers on SQLite, of which some are killed', { timeout: 120_000 + CLIENTS * REQUESTS * 500 }, async () => {
  // So short-lived that every request needs a refresh.
  await using simulator = await startSimulator({ accessTokenLifeS: 30, keepRequests: 100_000 });
  const gateway = startCommand(['serve', '--port', '0', '--json', '--workers', String(WORKERS)], {
    ...environmentFor(simulator.url),
    DRAGOMAN_API_KEYS: API_KEY,
  });
  let log = '';
  gateway.child.stderr.on('data', (data) => {
    log += String(data);
  });
  const url = servedAt(await gateway.nextLine());
  const started = () => [...log.matchAll(/"worker":(\d+),"pid":(\d+),"msg":"a worker serves"/g)];
  await vi.waitFor(() => expect(started()).toHaveLength(WORKERS), 10_000);
  const refused: string[] = [];
  let answered = 0;
  let broken = 0;
  const clients = Array.from({ length: CLIENTS }, async () => {
    for (let request = 0; request < REQUESTS; request++) {
      await ask(url, API_KEY).then(
        () => answered++,
        (cause: unknown) => {
          if (cause instanceof Refused) refused.push(String(cause));
          else broken++;
        },
      );
    }
  });
  for (let kill = 0; kill < KILLS; kill++) {
    const [, , pid] = started().findLast(([, worker]) => Number(worker) === 1 + (kill % WORKERS)) ?? [];
    process.kill(Number(pid), 'SIGKILL');
    await vi.waitFor(() => expect(started()).toHaveLength(WORKERS + kill + 1), { timeout: 60_000 });
  }
  await Promise.all(clients);
  const { code } = await gateway.end('SIGTERM');
  const refreshes = refreshesOf(simulator);
  printCounts(`${WORKERS} workers`, { answered, broken, kills: KILLS, ...refreshes });
  expect(code).toBe(0);
  expect(refused).toEqual([]);
  expect(answered).toBeGreaterThan((CLIENTS * REQUESTS) / 2);
  expect(refreshes.refused).toBe(0);
});
