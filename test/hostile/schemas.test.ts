/** JSON schemas that take long to compile, or to check the model's answer against. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { createHome } from '../support/command.ts';
import { residentBytes, startGatewayProcess } from './gateway-process.ts';
import { measureInput } from './measure.ts';
import { post } from './send.ts';

/** 400 and 502: the schema is too complicated, which a busy machine reports sooner. */
const ANSWERS = [200, 400, 502];

function requestWith(property: object): string {
  const schema = { type: 'object', properties: { a: property } };
  return JSON.stringify({
    model: 'claude-sonnet-4.5',
    messages: [{ role: 'user', content: 'Answer.' }],
    response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } },
  });
}

it('a pattern with catastrophic backtracking', async (context) => {
  const script = join(createHome(), 'script.json');
  const answer = JSON.stringify({ a: `${'a'.repeat(60)}!` });
  writeFileSync(script, JSON.stringify({ replies: [{ steps: [answer] }] }));
  const gateway = await startGatewayProcess({}, script);
  const body = requestWith({ type: 'string', pattern: '^(a+)+$' });
  await measureInput(context, gateway, async () => {
    const replies = await Promise.all([1, 2, 3].map(() => post(gateway, '/v1/chat/completions', body)));
    for (const { status, text } of replies) {
      expect(status).toBe(502);
      expect(text).toContain('Simplify the patterns in the schema');
    }
  });
});

it('a schema of 15,000 choices', async (context) => {
  const gateway = await startGatewayProcess();
  const allOf = Array.from({ length: 15_000 }, (_, i) => ({ anyOf: [{ const: i }, { type: 'string' }] }));
  const body = requestWith({ allOf });
  await measureInput(context, gateway, async () => {
    const { text } = await post(gateway, '/v1/chat/completions', body);
    expect(text).toMatch(/is too complicated to check|takes too much time or memory to check/);
  });
});

it('many different schemas of 7 KB', async (context) => {
  const script = join(createHome(), 'script.json');
  writeFileSync(script, JSON.stringify({ replies: [{ steps: ['{"a":"text"}'] }] }));
  const gateway = await startGatewayProcess({}, script);
  let next = 0;
  await measureInput(context, gateway, async () => {
    const bodies = Array.from({ length: 6 }, () => {
      const allOf = Array.from({ length: 150 }, (_, i) => ({ anyOf: [{ const: i + next }, { type: 'string' }] }));
      next += 1;
      return requestWith({ allOf });
    });
    const replies = await Promise.all(bodies.map((body) => post(gateway, '/v1/chat/completions', body)));
    for (const { status } of replies) expect(ANSWERS).toContain(status);
  });
});

it.skipIf(!existsSync('/proc/self/task'))(
  'three large schemas, whose thread then ends (needs /proc)',
  async (context) => {
    const gateway = await startGatewayProcess();
    const allOf = Array.from({ length: 15_000 }, (_, i) => ({ anyOf: [{ const: i }, { type: 'string' }] }));
    const body = requestWith({ allOf });
    const { peakBytes } = await measureInput(context, gateway, async () => {
      for (let i = 0; i < 3; i++) expect(ANSWERS).toContain((await post(gateway, '/v1/chat/completions', body)).status);
    });
    const threads = () => readdirSync(`/proc/${gateway.pid}/task`).length;
    const during = threads();
    await vi.waitFor(() => expect(threads()).toBeLessThan(during), { timeout: 30_000, interval: 500 });
    expect(residentBytes(gateway)).toBeLessThan(peakBytes);
  },
);
