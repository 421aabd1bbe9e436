/**
 * `kill -9` at random instants while the gateway serves and refreshes, with refresh tokens which are good once: after
 * each restart every account works, and none was lost.
 */
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SOCIAL_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { environmentFor } from '../../src/simulator/environment.ts';
import { startSimulator } from '../../src/simulator/index.ts';
import { createHome, type Running, startCommand } from '../support/command.ts';
import { refreshesOf } from './refreshes.ts';
import { chaos, tell } from './scale.ts';

const ROUNDS = chaos({ usual: 8, full: 200 });
const LONGEST_LIFE_MS = 1_500;
const CLIENTS = 4;
/** Far below the time before its end at which a token is made anew: so every request needs a refresh. */
const TOKEN_LIFE_S = 30;
const API_KEY = 'sk-chaos';

/** The account which answered. */
async function ask(url: string): Promise<string> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}` },
    body: JSON.stringify({ model: 'claude-sonnet-4.5', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
  });
  const text = await response.text();
  if (!response.ok || !text.includes('[DONE]')) throw new Refused(`${response.status} ${text}`);
  return /account="([^"]+)"/.exec(response.headers.get('x-dragoman-route') ?? '')?.[1] ?? '';
}

/** The gateway said something else than a reply, other than by being killed. */
class Refused extends Error {}

it(
  `every account works after each of ${ROUNDS} kills`,
  async () => {
    await using simulator = await startSimulator({ accessTokenLifeS: TOKEN_LIFE_S });
    const home = createHome();
    const kiroFile = join(home, 'kiro-auth-token.json');
    const { refreshToken, accessToken, profileArn } = SOCIAL_ACCOUNT;
    const kiro = { accessToken, refreshToken, profileArn, expiresAt: '2020-01-01T00:00:00Z', authMethod: 'social' };
    writeFileSync(kiroFile, JSON.stringify(kiro), { mode: 0o600 });
    const env = {
      ...environmentFor(simulator.url),
      DRAGOMAN_API_KEYS: API_KEY,
      DRAGOMAN_STRATEGY: 'round-robin',
      DRAGOMAN_KIRO_TOKEN_FILE: kiroFile,
      DRAGOMAN_LOG_LEVEL: 'error',
    };
    const start = async (): Promise<{ gateway: Running; url: string }> => {
      const gateway = startCommand(['serve', '--port', '0', '--json'], env, home);
      const serving: { url: string } = JSON.parse(await gateway.nextLine());
      return { gateway, url: serving.url };
    };
    const count = { served: 0, cut: 0 };
    const refused: string[] = [];
    const began = performance.now();
    for (let round = 0; round < ROUNDS; round++) {
      const { gateway, url } = await start();
      const clients = Array.from({ length: CLIENTS }, async () => {
        for (;;) {
          try {
            await ask(url);
            count.served++;
          } catch (cause) {
            // A connection which broke is the kill.
            if (cause instanceof Refused) refused.push(cause.message);
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
    const accounts = new Set([await ask(url), await ask(url), await ask(url), await ask(url)]);
    const { code, err } = await gateway.end('SIGTERM');
    const refreshes = refreshesOf(simulator);
    tell(`${ROUNDS} kills`, { ...count, ...refreshes, seconds: Math.round((performance.now() - began) / 1000) });
    expect(refused).toEqual([]);
    expect(refreshes.burnt).toBe(0);
    expect(accounts.size).toBe(2);
    expect([code, err]).toEqual([0, '']);
  },
  ROUNDS * 6_000 + 60_000,
);
