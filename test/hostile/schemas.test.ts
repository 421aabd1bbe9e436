/** JSON schemas of a client that take long to compile, or to check the model's answer against. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createHome } from '../support/command.ts';
import { startGatewayProcess } from './gateway-process.ts';
import { measureInput } from './measure.ts';
import { post } from './send.ts';

function requestWith(property: object): string {
  const schema = { type: 'object', properties: { a: property } };
  return JSON.stringify({
    model: 'claude-sonnet-4.5',
    messages: [{ role: 'user', content: 'Answer.' }],
    response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } },
  });
}

it('a pattern that backtracks without an end', async (context) => {
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

it('a schema of 20,000 choices', async (context) => {
  const gateway = await startGatewayProcess();
  const allOf = Array.from({ length: 20_000 }, (_, i) => ({ anyOf: [{ const: i }, { type: 'string' }] }));
  const body = requestWith({ allOf });
  await measureInput(context, gateway, async () => {
    const reply = await post(gateway, '/v1/chat/completions', body);
    expect(reply.status).toBe(400);
    expect(reply.text).toContain('is too complicated to check');
  });
});
