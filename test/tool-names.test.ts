/**
 * Tool names on their way to the service and back, through every API, streamed and whole: aliases for names that the
 * service may refuse, and calls under another spelling than the declared one.
 */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseEvents } from './support/event-stream-text.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const SCHEMA = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };

interface Api {
  readonly name: string;
  readonly path: string;
  body(tools: readonly string[]): object;
  /** Names of the calls, from a complete body or from the data of all events. */
  namesIn(answers: readonly unknown[]): readonly string[];
}

const named = z.object({ name: z.string() });

/** The distinct names of all objects in the answers that `isCall` accepts. */
function namesWhere(answers: readonly unknown[], isCall: (object: Record<string, unknown>) => boolean): string[] {
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const object = value as Record<string, unknown>;
    if (isCall(object)) names.add(named.parse(object).name);
    for (const inner of Object.values(object)) visit(inner);
  };
  visit(answers);
  return [...names];
}

const APIS: readonly Api[] = [
  {
    name: 'Messages',
    path: '/v1/messages',
    body: (tools) => ({
      max_tokens: 1_000,
      messages: [{ role: 'user', content: 'x' }],
      tools: tools.map((name) => ({ name, description: 'Reads.', input_schema: SCHEMA })),
    }),
    namesIn: (answers) => namesWhere(answers, ({ type }) => type === 'tool_use'),
  },
  {
    name: 'Chat Completions',
    path: '/v1/chat/completions',
    body: (tools) => ({
      messages: [{ role: 'user', content: 'x' }],
      tools: tools.map((name) => ({
        type: 'function',
        function: { name, description: 'Reads.', parameters: SCHEMA },
      })),
    }),
    namesIn: (answers) => namesWhere(answers, (object) => typeof object.name === 'string' && 'arguments' in object),
  },
  {
    name: 'Responses',
    path: '/v1/responses',
    body: (tools) => ({
      store: false,
      input: 'x',
      tools: tools.map((name) => ({ type: 'function', name, description: 'Reads.', parameters: SCHEMA })),
    }),
    namesIn: (answers) => namesWhere(answers, ({ type }) => type === 'function_call'),
  },
];

async function post(gateway: TestGateway, path: string, body: object, stream: boolean) {
  const answer = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'claude-sonnet-4.5', ...body, stream }),
  });
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  const answers: unknown[] = stream ? parseEvents(text) : [JSON.parse(text)];
  return { answers, notes: answer.headers.get('x-dragoman-adjustments') ?? '' };
}

const sentTools = z.object({
  conversationState: z.object({
    currentMessage: z.object({
      userInputMessage: z.object({
        userInputMessageContext: z.object({
          tools: z.array(z.object({ toolSpecification: z.object({ name: z.string(), description: z.string() }) })),
        }),
      }),
    }),
  }),
});

function toolsSentTo({ simulator }: TestGateway) {
  const request = simulator.requests.findLast(({ rawBody }) => rawBody.startsWith('{"conversationState"'));
  const { conversationState } = sentTools.parse(JSON.parse(request?.rawBody ?? ''));
  return conversationState.currentMessage.userInputMessage.userInputMessageContext.tools.map(
    ({ toolSpecification }) => toolSpecification,
  );
}

const calling = (tool: string) => ({
  replies: [{ steps: [{ tool, input: { path: 'a' } }] }],
});

const WAYS = APIS.flatMap((api) => [false, true].map((stream) => ({ ...api, stream })));

describe.each(WAYS)('tool names: $name, streamed $stream', ({ path, stream, body, namesIn }) => {
  it.each(['1st', '_x', '-x'])('are sent under an alias that begins with a letter, and restored: %s', async (name) => {
    await using gateway = await startTestGateway();
    await post(gateway, path, body([name]), stream);
    const [sent] = toolsSentTo(gateway);
    expect(sent?.name).toMatch(/^[a-zA-Z][a-zA-Z0-9_-]*$/);
    expect(sent?.description).toBe(`Original name: ${name}\nReads.`);

    await using second = await startTestGateway({ script: calling(sent?.name ?? '') });
    const { answers, notes } = await post(second, path, body([name]), stream);
    expect(namesIn(answers)).toEqual([name]);
    expect(notes).toContain('tool-name-alias@');
    expect(notes).not.toContain('tool-name-respelled');
  });

  it.each([
    ['read', 'mcp__files__read'],
    ['files.read', 'mcp__files__read'],
    ['functions.Read', 'Read'],
    ['functions__Read', 'Read'],
    ['default_api:Read', 'Read'],
    ['WRITE', 'write'],
  ])('are mapped to the declared one: %s', async (written, declared) => {
    await using gateway = await startTestGateway({ script: calling(written) });
    const tools = declared === 'Read' ? ['Read', 'write'] : ['mcp__files__read', 'mcp__files__list', 'write'];
    const { answers, notes } = await post(gateway, path, body(tools), stream);
    expect(namesIn(answers)).toEqual([declared]);
    expect(notes).toContain('tool-name-respelled');
  });

  it.each([
    ['read', ['mcp__files__read', 'mcp__mail__read']],
    ['unheard_of', ['Read']],
  ])('that are ambiguous or unknown are unchanged: %s', async (written, tools) => {
    await using gateway = await startTestGateway({ script: calling(written) });
    const { answers, notes } = await post(gateway, path, body(tools), stream);
    expect(namesIn(answers)).toEqual([written]);
    expect(notes).not.toContain('tool-name-respelled');
  });
});

describe.each([false, true])('tools of Codex, streamed %s', (stream) => {
  const tools = [
    {
      type: 'namespace',
      name: 'collaboration',
      tools: [{ type: 'function', name: 'followup_task', parameters: SCHEMA }],
    },
    { type: 'custom', name: 'run', description: 'free text' },
  ];
  const ask = async (gateway: TestGateway) => {
    const { answers } = await post(gateway, '/v1/responses', { store: false, input: 'x', tools }, stream);
    const done = stream ? answers.at(-1) : { response: answers[0] };
    const output = z.array(z.looseObject({ type: z.string() }));
    return z.object({ response: z.object({ output }) }).parse(done).response.output;
  };

  it.each([
    'followup_task',
    'collaboration.followup_task',
    'collaboration__followup_task',
    'functions.followup_task',
    'Followup_Task',
  ])('are restored with their namespace: %s', async (written) => {
    await using gateway = await startTestGateway({ script: calling(written) });
    expect(await ask(gateway)).toMatchObject([
      { type: 'function_call', name: 'followup_task', namespace: 'collaboration', arguments: '{"path":"a"}' },
    ]);
  });

  it.each(['run', 'functions.run', 'functions__run', 'default_api:run', 'RUN'])(
    'of free text come back as custom tool calls: %s',
    async (written) => {
      await using gateway = await startTestGateway({
        script: { replies: [{ steps: [{ tool: written, input: { input: 'ls' } }] }] },
      });
      const [call] = await ask(gateway);
      expect(call).toMatchObject({ type: 'custom_tool_call', name: 'run', input: 'ls' });
      expect(call).not.toHaveProperty('namespace');
    },
  );
});
