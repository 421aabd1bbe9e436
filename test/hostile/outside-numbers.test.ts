/** Waits sent by the service: none may become a date centuries ahead. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createHome } from '../support/command.ts';
import { startGatewayProcess } from './gateway-process.ts';
import { measureInput } from './measure.ts';
import { post } from './send.ts';

const CHAT = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hi' }] });
const HOUR_MS = 3_600_000;
const WAITS = [99_999_999_999, Number.MAX_SAFE_INTEGER, 2 ** 31];

it.for(WAITS)('a service that requests a pause of %d seconds', async (retryAfterS, context) => {
  const script = join(createHome(), 'script.json');
  const refuse = { status: 429, name: 'ThrottlingException', message: 'Slow down.', retryAfterS };
  writeFileSync(script, JSON.stringify({ replies: [{ refuse }] }));
  const gateway = await startGatewayProcess({ DRAGOMAN_ADMIN_TOKEN: 'admin-of-the-test' }, script);
  await measureInput(context, gateway, async () => {
    for (let i = 0; i < 10; i++) expect((await post(gateway, '/v1/chat/completions', CHAT)).status).toBe(429);
  });
  const headers = { authorization: 'Bearer admin-of-the-test' };
  const response = await fetch(`${gateway.url}/v2/accounts`, { headers });
  expect(response.status).toBe(200);
  const text = await response.text();
  const dates = text.match(/\d{4}-\d\d-\d\dT[\d:.]+Z/g) ?? [];
  expect(dates.length).toBeGreaterThan(0);
  expect(Math.max(...dates.map(Date.parse))).toBeLessThan(Date.now() + 2 * HOUR_MS);
});
