/**
 * Gateways on one PostgreSQL (two in `npm test`, three in full) serve the same accounts with one-time refresh tokens: every request is answered and no
 * token is wasted, even while the Kiro IDE rotates the credential that it shares with them.
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { environmentFor } from '../../src/simulator/environment.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { createHome, startCommand } from '../support/command.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { printCounts, scaled } from '../support/scale.ts';
import { ask, servedAt } from './client.ts';
import { startProgram, writeKiroFile } from './processes.ts';
import { refreshesOf } from './refreshes.ts';
import type { RivalReport } from './rival.ts';

const REPLICAS = scaled({ usual: 2, full: 3 });
const CLIENTS = 4;
/** Requests per client and replica. */
const REQUESTS = scaled({ usual: 5, full: 250 });
const TIMEOUT_MS = 120_000 + REPLICAS * CLIENTS * REQUESTS * 200;
const SECRET_KEY = 'r'.repeat(32);
const API_KEY = 'sk-replicas';

it.each([
  ['alone', false],
  ['beside the Kiro IDE', true],
])(`${REPLICAS} gateways on one PostgreSQL, %s`, { timeout: TIMEOUT_MS }, async (name, hasRival) => {
  // So short-lived that every request needs a refresh.
  await using simulator = await startSimulator({ accessTokenLifeS: 30, keepRequests: 100_000 });
  const database = await createTestDatabase();
  try {
    const kiroFile = join(createHome(), 'kiro-auth-token.json');
    if (hasRival) writeKiroFile(kiroFile);
    const env = {
      ...environmentFor(simulator.url),
      DRAGOMAN_DATABASE_URL: database.url,
      DRAGOMAN_SECRET_KEY: SECRET_KEY,
      DRAGOMAN_API_KEYS: API_KEY,
      DRAGOMAN_STRATEGY: 'round-robin',
      DRAGOMAN_LOG_LEVEL: 'error',
      DRAGOMAN_KIRO_TOKEN_FILE: hasRival ? kiroFile : 'off',
    };
    const gateways = Array.from({ length: REPLICAS }, () => startCommand(['serve', '--port', '0', '--json'], env));
    const urls = await Promise.all(gateways.map(async (gateway) => servedAt(await gateway.nextLine())));
    const rival = hasRival ? startProgram<RivalReport>('rival.ts', [kiroFile, simulator.url]) : undefined;
    const began = performance.now();
    const used = new Set<string>();
    const troubles: string[] = [];
    await Promise.all(
      urls.flatMap((url) =>
        Array.from({ length: CLIENTS }, async () => {
          for (let request = 0; request < REQUESTS; request++) {
            await ask(url, API_KEY).then(
              (account) => used.add(account),
              (cause: unknown) => troubles.push(String(cause)),
            );
          }
        }),
      ),
    );
    const seconds = Math.round((performance.now() - began) / 1000);
    rival?.stop();
    const report = await rival?.report;
    const ends = await Promise.all(gateways.map((gateway) => gateway.end('SIGTERM')));
    const refreshes = refreshesOf(simulator);
    const requests = REPLICAS * CLIENTS * REQUESTS;
    printCounts(`${REPLICAS} gateways ${name}`, {
      requests,
      ...refreshes,
      troubles: troubles.length,
      ...report,
      seconds,
    });
    expect(troubles).toEqual([]);
    expect(ends.map(({ code, err }) => [code, err])).toEqual(ends.map(() => [0, '']));
    expect(used.size).toBe(hasRival ? 2 : 1);
    expect(report?.stuck ?? 0).toBe(0);
    if (!hasRival) expect(refreshes.refused).toBe(0);
  } finally {
    await database.drop();
  }
});
