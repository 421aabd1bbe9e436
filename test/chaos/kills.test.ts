/**
 * `kill -9` at random times while the gateway serves and refreshes, with one-time refresh tokens: after each restart every
 * account works, and none is lost.
 */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { environmentFor } from '../../src/simulator/environment.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { createHome, type Running, startCommand } from '../support/command.ts';
import { printCounts, scaled } from '../support/scale.ts';
import { ask, Refused, servedAt } from './client.ts';
import { writeKiroFile } from './processes.ts';
import { refreshesOf } from './refreshes.ts';

const ROUNDS = scaled({ usual: 5, full: 200 });
const LONGEST_LIFE_MS = 1_500;
/** Some are killed before they serve. */
const EARLY_EVERY = 5;
const LONGEST_START_MS = 600;
const CLIENTS = 4;
const ACCOUNTS = 2;
/** Far shorter than the margin before expiry at which a token is refreshed, so that every request needs a refresh. */
const TOKEN_LIFE_S = 30;
const API_KEY = 'sk-chaos';

/** Used in turn. */
async function expectAll(url: string): Promise<void> {
  const answered = new Set<string>();
  for (let account = 0; account < ACCOUNTS; account++) answered.add(await ask(url, API_KEY));
  expect(answered.size).toBe(ACCOUNTS);
}

it(
  `every account works after each of ${ROUNDS} kills`,
  async () => {
    await using simulator = await startSimulator({ accessTokenLifeS: TOKEN_LIFE_S });
    const home = createHome();
    const kiroFile = join(home, 'kiro-auth-token.json');
    writeKiroFile(kiroFile);
    const env = {
      ...environmentFor(simulator.url),
      DRAGOMAN_API_KEYS: API_KEY,
      DRAGOMAN_STRATEGY: 'round-robin',
      DRAGOMAN_KIRO_TOKEN_FILE: kiroFile,
      DRAGOMAN_LOG_LEVEL: 'error',
    };
    const start = async (): Promise<{ gateway: Running; url: string }> => {
      const gateway = startCommand(['serve', '--port', '0', '--json'], env, home);
      return { gateway, url: servedAt(await gateway.nextLine()) };
    };
    const count = { served: 0, cut: 0 };
    const troubles: string[] = [];
    const began = performance.now();
    for (let round = 0; round < ROUNDS; round++) {
      if (round % EARLY_EVERY === EARLY_EVERY - 1) {
        const early = startCommand(['serve', '--port', '0', '--json'], env, home);
        await new Promise((resolve) => setTimeout(resolve, randomInt(LONGEST_START_MS)));
        await early.end('SIGKILL');
        continue;
      }
      const { gateway, url } = await start();
      await expectAll(url);
      const clients = Array.from({ length: CLIENTS }, async () => {
        for (;;) {
          try {
            await ask(url, API_KEY);
            count.served++;
          } catch (cause) {
            // A broken connection is the kill.
            if (cause instanceof Refused) troubles.push(cause.message);
            else count.cut++;
            return;
          }
        }
      });
      await new Promise((resolve) => setTimeout(resolve, randomInt(LONGEST_LIFE_MS)));
      await gateway.end('SIGKILL');
      await Promise.all(clients);
    }
    const { gateway, url } = await start();
    await expectAll(url);
    const { code, err } = await gateway.end('SIGTERM');
    const refreshes = refreshesOf(simulator);
    printCounts(`${ROUNDS} kills`, { ...count, ...refreshes, seconds: Math.round((performance.now() - began) / 1000) });
    expect(troubles).toEqual([]);
    expect(refreshes.refused).toBe(0);
    // The last start reports what the kill before it has lost of the ledger.
    const others = err
      .split('\n')
      .filter((line) => line !== '' && !/"lost":\d+,"msg":"requests were not recorded/.test(line));
    expect([code, others]).toEqual([0, []]);
  },
  ROUNDS * 10_000 + 60_000,
);
