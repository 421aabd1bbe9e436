/**
 * Many processes share one credential with one-time refresh tokens: none is wasted, no account is lost. The same with the
 * file of the Kiro IDE and the database of Kiro CLI, which those programs rotate meanwhile.
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NEW_ACCOUNT } from '../../src/accounts/health.ts';
import { openLinked } from '../../src/accounts/imports/linked.ts';
import type { NewAccount } from '../../src/accounts/ports.ts';
import type { LinkedSource } from '../../src/accounts/sources.ts';
import { DEFAULT_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { openStore } from '../../src/storage/open.ts';
import { systemClock } from '../../src/transport/clock.ts';
import { createHome } from '../support/command.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { printCounts, scaled } from '../support/scale.ts';
import { DATABASE_KEY, writeKiroDatabase } from './owned.ts';
import { startProgram, writeKiroFile } from './processes.ts';
import { refreshesOf } from './refreshes.ts';
import type { RivalReport } from './rival.ts';
import type { WorkerReport } from './worker.ts';

const PROCESSES = scaled({ usual: 3, full: 8 });
const TIMES = scaled({ usual: 10, full: 1_000 });
const TIMEOUT_MS = 60_000 + PROCESSES * TIMES * 100;

interface Storm {
  readonly databaseUrl: string;
  readonly home: string;
  readonly simulator: Simulator;
  readonly account: NewAccount;
}

/** The number of refreshes, and the failures. */
async function rage({ databaseUrl, home, simulator, account }: Storm): Promise<WorkerReport & { seconds: number }> {
  const store = await openStore({ url: databaseUrl, home, secretKey: undefined, clock: systemClock });
  await store.accounts.put(account, 1);
  await store.close();
  const began = performance.now();
  const args = [databaseUrl, home, simulator.url, account.id];
  const programs = Array.from({ length: PROCESSES }, () =>
    startProgram<WorkerReport>('worker.ts', [...args, String(TIMES)]),
  );
  const reports = await Promise.all(programs.map(({ report }) => report));
  return {
    refreshed: reports.reduce((sum, { refreshed }) => sum + refreshed, 0),
    failures: reports.flatMap(({ failures }) => failures),
    seconds: Math.round((performance.now() - began) / 1000),
  };
}

const { refreshToken, clientId, clientSecret, region, startUrl } = DEFAULT_ACCOUNT;
const OWN: NewAccount = {
  id: 'own',
  label: 'own',
  source: { type: 'sign-in' },
  credential: { kind: 'builder-id', refreshToken, clientId, clientSecret, region, startUrl, profileArn: undefined },
  accessToken: undefined,
  health: NEW_ACCOUNT,
};

it.each([
  ['a SQLite file', async (home: string) => ({ url: `sqlite:${join(home, 'dragoman.db')}`, drop: async () => {} })],
  ['PostgreSQL', () => createTestDatabase()],
])(`${PROCESSES} processes make ${TIMES} tokens each over %s`, { timeout: TIMEOUT_MS }, async (name, open) => {
  await using simulator = await startSimulator({ keepRequests: 10 * PROCESSES * TIMES });
  const home = createHome();
  const { url, drop } = await open(home);
  try {
    const storm = { databaseUrl: url, home, simulator, account: OWN };
    const { refreshed, failures, seconds } = await rage(storm);
    const refreshes = refreshesOf(simulator);
    printCounts(`${PROCESSES} × ${TIMES} over ${name}`, {
      refreshed,
      refused: refreshes.refused,
      failures: failures.length,
      seconds,
    });
    expect(failures).toEqual([]);
    expect(refreshes).toEqual({ succeeded: PROCESSES * TIMES, refused: 0 });
    const [after] = await Promise.all([
      startProgram<WorkerReport>('worker.ts', [url, home, simulator.url, 'own', '1']).report,
    ]);
    expect(after).toEqual({ refreshed: 1, failures: [] });
  } finally {
    await drop();
  }
});

const OWNERS = [
  {
    name: 'the Kiro IDE',
    file: 'kiro-auth-token.json',
    write: writeKiroFile,
    sourceOf: (path: string): LinkedSource => ({ type: 'kiro-file', path, imported: true }),
  },
  {
    name: 'Kiro CLI',
    file: 'data.sqlite3',
    write: writeKiroDatabase,
    sourceOf: (path: string): LinkedSource => ({ type: 'cli-database', path, key: DATABASE_KEY }),
  },
];

it.each(OWNERS)(
  `${PROCESSES} processes make ${TIMES} tokens each while $name does so too`,
  {
    timeout: TIMEOUT_MS,
  },
  async ({ name, file, write, sourceOf }) => {
    await using simulator = await startSimulator({ keepRequests: 20 * PROCESSES * TIMES });
    const home = createHome();
    const path = join(home, file);
    write(path);
    const source = sourceOf(path);
    const first = await openLinked(source).read();
    if (!first) expect.fail('the file is of no use');
    const linked: NewAccount = { ...OWN, ...first, id: 'linked', source };
    const rival = startProgram<RivalReport>('rival.ts', [path, simulator.url]);
    const databaseUrl = `sqlite:${join(home, 'dragoman.db')}`;
    const { refreshed, failures, seconds } = await rage({ databaseUrl, home, simulator, account: linked });
    rival.stop();
    const { refreshed: byRival, beaten, stuck } = await rival.report;
    printCounts(`${PROCESSES} × ${TIMES} beside ${name}`, {
      refreshed,
      byRival,
      beaten,
      stuck,
      failures: failures.length,
      seconds,
    });
    expect(failures).toEqual([]);
    expect(refreshed).toBe(PROCESSES * TIMES);
    expect(byRival).toBeGreaterThan(0);
    expect(stuck).toBe(0);
    expect(refreshesOf(simulator).succeeded).toBe(refreshed + byRival);
    // The last writer leaves a file that both can use.
    const last = await openLinked(source).read();
    const rest = startProgram<WorkerReport>('worker.ts', [databaseUrl, home, simulator.url, 'linked', '1']);
    expect(last).toBeDefined();
    expect(await rest.report).toEqual({ refreshed: 1, failures: [] });
  },
);
