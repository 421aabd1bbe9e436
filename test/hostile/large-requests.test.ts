/** Large but otherwise ordinary requests: each is served, and others are not delayed. */
import { expect, it } from 'vitest';
import { startGatewayProcess } from './gateway-process.ts';
import { measureInput } from './measure.ts';
import { post } from './send.ts';

const MODEL = 'claude-sonnet-4.5';
const LINE = 'It was said that "nothing of it" is known, that is all: 测试 C:\\\\path.\n';

function messages(count: number): object[] {
  return Array.from({ length: count }, (_, i) => ({
    role: i % 2 === 0 ? 'user' : 'assistant',
    content: [{ type: 'text', text: `Turn ${i}. ${LINE}` }],
  }));
}

function toolRounds(count: number): object[] {
  return Array.from({ length: count }, (_, i) => [
    {
      role: 'assistant',
      content: [{ type: 'tool_use', id: `toolu_${i}`, name: 'read', input: { path: `/srv/${i}` } }],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: `toolu_${i}`, content: LINE.repeat(10) }] },
  ]).flat();
}

function tool(name: string): object {
  const property = { type: 'string', description: LINE };
  const properties = Object.fromEntries(['path', 'query', 'mode', 'limit', 'cwd'].map((key) => [key, property]));
  return { name, description: LINE.repeat(4), input_schema: { type: 'object', properties, required: ['path'] } };
}

const USER = { role: 'user', content: 'Go on.' };

const REQUESTS: readonly (readonly [name: string, request: object])[] = [
  ['30 MB of ASCII text in one message', { messages: [{ role: 'user', content: 'word '.repeat(6_000_000) }] }],
  ['30 MB of mixed text in one message', { messages: [{ role: 'user', content: LINE.repeat(380_000) }] }],
  [
    '30 MB of text in 300 messages',
    { messages: [...Array.from({ length: 300 }, () => ({ role: 'user', content: 'word '.repeat(20_000) })), USER] },
  ],
  [
    '30 MB of text in 3,000 messages',
    { messages: [...Array.from({ length: 3_000 }, () => ({ role: 'user', content: 'word '.repeat(2_000) })), USER] },
  ],
  ['5,000 turns', { messages: [...messages(5_000), USER] }],
  ['2,500 tool rounds', { messages: [USER, ...toolRounds(2_500)], tools: [tool('read')] }],
  ['2,000 tools', { messages: [USER], tools: Array.from({ length: 2_000 }, (_, i) => tool(`tool_${i}`)) }],
  [
    '10,000 unanswered calls',
    {
      messages: [
        USER,
        {
          role: 'assistant',
          content: Array.from({ length: 10_000 }, (_, i) => ({
            type: 'tool_use',
            id: `toolu_${i}`,
            name: 'read',
            input: { path: 'a' },
          })),
        },
        USER,
      ],
      tools: [tool('read')],
    },
  ],
];

it.for(REQUESTS)('%s', async ([, request], context) => {
  const gateway = await startGatewayProcess();
  const body = Buffer.from(JSON.stringify({ model: MODEL, max_tokens: 100, ...request }));
  await measureInput(context, gateway, async () => {
    const { status, text } = await post(gateway, '/v1/messages', body);
    // The simulator's model has room for 200,000 tokens, like the service's.
    if (status !== 200) expect(text).toContain('prompt is too long');
  });
});

it('eight conversations of 2,500 turns at once', async (context) => {
  const gateway = await startGatewayProcess();
  const body = Buffer.from(JSON.stringify({ model: MODEL, max_tokens: 100, messages: [...messages(2_500), USER] }));
  await measureInput(context, gateway, async () => {
    const replies = await Promise.all(Array.from({ length: 8 }, () => post(gateway, '/v1/messages', body)));
    for (const { status, text } of replies) if (status !== 200) expect(text).toContain('prompt is too long');
  });
});

it.for(['/v1/chat/completions', '/v1/responses'])('5,000 turns to %s', async (path, context) => {
  const gateway = await startGatewayProcess();
  const turns = Array.from({ length: 5_000 }, (_, i) => ({
    role: i % 2 === 0 ? 'user' : 'assistant',
    content: `Turn ${i}. ${LINE}`,
  }));
  const field = path === '/v1/responses' ? 'input' : 'messages';
  const body = Buffer.from(JSON.stringify({ model: MODEL, [field]: [...turns, USER] }));
  await measureInput(context, gateway, async () => {
    expect([200, 400]).toContain((await post(gateway, path, body)).status);
  });
});
