/** A locked database while the gateway serves: open replies continue, new requests wait and then get 503. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { environmentFor } from '../src/simulator/environment.ts';
import { startSimulator } from '../src/simulator/server.ts';
import { servedAt } from './chaos/client.ts';
import { refreshesOf } from './chaos/refreshes.ts';
import { createHome, startCommand } from './support/command.ts';

const SLOW = { when: { text: 'slowly' }, steps: ['one ', { gapMs: 9_000 }, 'two'] };
const API_KEY = 'sk-trouble';

it('a locked database stops no reply, loses no token, and is reported after a while', { timeout: 60_000 }, async () => {
  await using simulator = await startSimulator({ script: { replies: [SLOW, { steps: ['at once'] }] } });
  const home = createHome();
  const env = { ...environmentFor(simulator.url), DRAGOMAN_API_KEYS: API_KEY, DRAGOMAN_LOG_LEVEL: 'error' };
  const gateway = startCommand(['serve', '--port', '0', '--json'], env, home);
  const url = servedAt(await gateway.nextLine());
  const ask = (text: string, stream = false) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}` },
      body: JSON.stringify({ model: 'claude-sonnet-4.5', stream, messages: [{ role: 'user', content: text }] }),
    });
  expect((await ask('Hi')).status).toBe(200);
  const slow = await ask('slowly', true);
  const other = new DatabaseSync(join(home, '.dragoman', 'dragoman.db'));
  onTestFinished(() => {
    if (other.isOpen) other.close();
  });
  other.exec('begin immediate');
  // An account with a valid token needs no database.
  expect((await ask('Hi')).status).toBe(200);
  simulator.expireAccessTokens('default');
  const refused = await ask('Hi');
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({
    error: { message: expect.stringContaining('another process keeps it locked') },
  });
  const text = await slow.text();
  expect(text).toContain('two');
  expect(text).toContain('[DONE]');
  other.close();
  expect((await ask('Hi')).status).toBe(200);
  const { code } = await gateway.end('SIGTERM');
  expect(code).toBe(0);
  // The token was kept in memory until it could be stored.
  expect(refreshesOf(simulator)).toEqual({ succeeded: 2, refused: 0 });
});
