import { describe, expect, it } from 'vitest';
import type { ChatMessage, ToolSpecification, UserInputMessage } from '../../upstreams/codewhisperer/wire.ts';
import { DEFAULT_MODELS } from '../catalogue.ts';
import type { CheckedChat } from '../rules/rule.ts';
import type { ReplyStep } from '../script.ts';
import { Signatures } from '../signatures.ts';
import { answer } from './answer.ts';

const tool = (name: string, description: string, properties = {}, required: string[] = []): ToolSpecification => ({
  name,
  description,
  inputSchema: { json: { type: 'object', properties, required } },
});
const READ = tool('Read', 'Reads a file from disk.', { file_path: { type: 'string' }, limit: { type: 'number' } }, [
  'file_path',
]);
const BASH = tool('Bash', 'Runs a command in a shell.', { command: { type: 'string' } }, ['command']);
const WRITE = tool('Write', 'Writes a file.', { file_path: { type: 'string' }, content: { type: 'string' } }, [
  'file_path',
  'content',
]);
const WEATHER = tool(
  'get_weather',
  'The present weather in a city.',
  {
    city: { type: 'string' },
    unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
  },
  ['city'],
);

const user = (content: string, more: Partial<UserInputMessage> = {}) => ({ userInputMessage: { content, ...more } });
const assistant = (content: string) => ({ assistantResponseMessage: { content } });

interface Asked {
  readonly tools?: readonly ToolSpecification[];
  readonly history?: readonly ChatMessage[];
  readonly model?: string;
  readonly fields?: CheckedChat['request']['additionalModelRequestFields'];
  readonly current?: Partial<UserInputMessage>;
}

function ask(content: string, { tools = [], history = [], model = 'auto', fields, current = {} }: Asked = {}) {
  const message = user(content, current);
  const chat: CheckedChat = {
    request: {
      conversationState: { chatTriggerType: 'MANUAL', history, currentMessage: message },
      ...(fields ? { additionalModelRequestFields: fields } : {}),
    },
    messages: [...history, message],
    current: message.userInputMessage,
    tools,
    models: DEFAULT_MODELS,
    model: DEFAULT_MODELS.find(({ modelId }) => modelId === model),
    inputTokens: 10,
    signatures: new Signatures('model'),
  };
  return answer(chat);
}

const callsOf = (steps: readonly ReplyStep[]) =>
  steps.flatMap((step) => (typeof step === 'object' && 'tool' in step ? [{ name: step.tool, input: step.input }] : []));
const textOf = (steps: readonly ReplyStep[]) => steps.filter((step) => typeof step === 'string').join('');

/** Runs the conversation, returning each call's arguments as its result, until a turn calls no tool. */
function runSession(prompt: string, tools: readonly ToolSpecification[]) {
  const history: ChatMessage[] = [user('You are a coding agent.'), assistant('Understood.')];
  const turns: ReturnType<typeof callsOf>[] = [];
  let message = user(prompt);
  for (;;) {
    const steps = ask(message.userInputMessage.content, { tools, history, current: message.userInputMessage });
    const calls = callsOf(steps);
    if (calls.length === 0) return { turns, ending: textOf(steps) };
    turns.push(calls);
    const toolUses = calls.map(({ name, input = {} }, index) => ({
      toolUseId: `t${turns.length}-${index}`,
      name,
      input,
    }));
    history.push(message, { assistantResponseMessage: { content: textOf(steps), toolUses } });
    const toolResults = toolUses.map(({ toolUseId, input }) => ({
      toolUseId,
      content: [{ text: JSON.stringify(input) }],
    }));
    message = user(' <system-reminder>Be careful.</system-reminder>', { userInputMessageContext: { toolResults } });
  }
}

describe('the built-in model', () => {
  it('follows a plan in the user’s message, one line per turn, and ends with the last result', () => {
    const prompt = [
      'Please do this:',
      '1. use read {"file_path": "a {b}.txt"}',
      '- use Read {"file_path": "c"} and use Bash {"command": "echo \\"}\\""}',
      'use bash {"command": "ls"}',
    ].join('\n');
    const { turns, ending } = runSession(prompt, [READ, BASH]);
    expect(turns).toEqual([
      [{ name: 'Read', input: { file_path: 'a {b}.txt' } }],
      [
        { name: 'Read', input: { file_path: 'c' } },
        { name: 'Bash', input: { command: 'echo "}"' } },
      ],
      [{ name: 'Bash', input: { command: 'ls' } }],
    ]);
    expect(ending).toContain('All 4 steps');
    expect(ending).toContain('{"command":"ls"}');
  });

  it('continues a turn if only some of its calls were made', () => {
    const toolUses = [{ toolUseId: 't1', name: 'Read', input: {} }];
    const history = [
      user('use Read {"a": 1} and Bash {"b": 2}'),
      { assistantResponseMessage: { content: 'x', toolUses } },
    ];
    const current = { userInputMessageContext: { toolResults: [{ toolUseId: 't1', content: [{ text: 'ok' }] }] } };
    expect(callsOf(ask('', { tools: [READ, BASH], history, current }))).toEqual([{ name: 'Bash', input: { b: 2 } }]);
  });

  it('reports a tool in the plan that was not declared', () => {
    expect(textOf(ask('use Fly {"to": "moon"}', { tools: [READ] }))).toContain('no tool called Fly');
  });

  it.each([
    ['What is the weather in Paris?', 'get_weather', { city: 'Paris' }],
    [
      'What is the weather in New York, in fahrenheit? Use the get_weather tool.',
      'get_weather',
      { city: 'New York', unit: 'fahrenheit' },
    ],
    ['Please read the file src/main.ts for me.', 'Read', { file_path: 'src/main.ts' }],
    ['Read "my notes.md" please', 'Read', { file_path: 'my notes.md' }],
    ['Write "hello" to the file out.txt', 'Write', { file_path: 'out.txt', content: 'hello' }],
    ['Run the bash command `ls -la`.', 'Bash', { command: 'ls -la' }],
  ])('calls a matching tool: %s', (text, name, input) => {
    expect(callsOf(ask(text, { tools: [WRITE, READ, BASH, WEATHER] }))).toEqual([{ name, input }]);
  });

  it.each(['Hello there!', 'Write a poem about the sea.', 'What is the weather like?', 'Thank you, that is all.'])(
    'calls nothing when arguments would have to be made up: %s',
    (text) => {
      const steps = ask(text, { tools: [WRITE, READ, BASH, WEATHER] });
      expect(callsOf(steps)).toEqual([]);
      expect(textOf(steps)).toContain(text);
    },
  );

  it('uses the result of a tool, and reports a failed one', () => {
    const toolUses = [{ toolUseId: 't1', name: 'Read', input: {} }];
    const history = [user('Read a.txt'), { assistantResponseMessage: { content: 'x', toolUses } }];
    const results = (status: 'success' | 'error') => ({
      userInputMessageContext: { toolResults: [{ toolUseId: 't1', status, content: [{ text: 'buy milk' }] }] },
    });
    expect(textOf(ask('', { tools: [READ], history, current: results('success') }))).toContain('answered: “buy milk”');
    expect(textOf(ask('', { tools: [READ], history, current: results('error') }))).toContain(
      'failed and said: “buy milk”',
    );
  });

  it('quotes the question and identifies itself', () => {
    const text = textOf(ask('<system-reminder>secret</system-reminder>What is a dragoman?'));
    expect(text).toContain('simulator');
    expect(text).toContain('“What is a dragoman?”');
    expect(text).not.toContain('secret');
  });

  it('takes no words of a description of the environment for the user’s', () => {
    const context = '<environment_context>\n  <cwd>/tmp/agents/read</cwd>\n</environment_context>\n\n';
    const text = textOf(ask(`${context}Why is the sky blue?`, { tools: [READ] }));
    expect(text).toContain('“Why is the sky blue?”');
    expect(text).not.toContain('environment');
  });

  it('counts the images and documents it sees', () => {
    const source = { bytes: 'aGk=' };
    const current = {
      images: [
        { format: 'png', source },
        { format: 'jpeg', source },
      ] as const,
      documents: [{ name: 'a', format: 'pdf', source }] as const,
    };
    expect(textOf(ask('What is this?', { current }))).toContain('I see 2 images (png, jpeg) and 1 document (pdf).');
  });

  it('writes titles, as JSON if requested', () => {
    const history = (text: string) => ({ history: [user(text), assistant('Understood.')] });
    const system = 'Generate a concise, sentence-case title. Return JSON with a single "title" field.';
    const answered: unknown = JSON.parse(textOf(ask('Fix the login button on mobile screens today', history(system))));
    expect(answered).toEqual({ title: 'Fix the login button on mobile' });
    expect(textOf(ask('Fix the login', history('You are a title generator.')))).toBe('Fix the login');
  });

  it('replies in JSON if requested, after the tools it needs', () => {
    const history = (text: string) => ({ history: [user(text), assistant('Understood.')] });
    const schema = {
      type: 'object',
      properties: { place: { type: 'string' }, sunny: { type: 'boolean' } },
      required: ['place'],
    };
    const instruction = `Answer with JSON which is valid against this JSON Schema, and nothing else:\n${JSON.stringify(schema)}`;
    const value: unknown = JSON.parse(textOf(ask('How is it there?', history(instruction))));
    expect(value).toEqual({ place: 'simulated place', sunny: true });
    const call = ask('What is the weather in Paris?', { ...history(instruction), tools: [WEATHER] });
    expect(callsOf(call)).toHaveLength(1);
    const answered: unknown = JSON.parse(textOf(ask('Hi', history('Your answer must be a single JSON object.'))));
    expect(answered).toEqual({ answer: expect.stringContaining('“Hi”') });
    const title = ask(`Generate a title for "Tea".`, history(instruction));
    expect(JSON.parse(textOf(title))).toHaveProperty('place');
  });

  it('summarises a conversation so that its plan can continue', () => {
    const plan = 'use Read {"file_path": "a"}\nuse Bash {"command": "ls"}';
    const toolUses = [{ toolUseId: 't1', name: 'Read', input: {} }];
    const toolResults = [{ toolUseId: 't1', content: [{ text: 'ok' }] }];
    const history = [user(plan), { assistantResponseMessage: { content: 'x', toolUses } }];
    const current = { userInputMessageContext: { toolResults } };
    const text = textOf(ask('CRITICAL: Respond with TEXT ONLY.', { tools: [READ, BASH], history, current }));
    expect(text).toMatch(/^<analysis>[\s\S]*<\/analysis>\s*<summary>[\s\S]*<\/summary>$/);
    const calls = runSession(`This session goes on from an earlier one.\n${text}`, [READ, BASH]).turns;
    expect(calls).toEqual([[{ name: 'Bash', input: { command: 'ls' } }]]);
    const joined = textOf(ask(`${plan}\n\nCRITICAL: Respond with TEXT ONLY.`, { tools: [READ, BASH] }));
    expect(joined).toContain('use Read {"file_path": "a"}\nuse Bash {"command": "ls"}');
  });

  it('summarises briefly, in Markdown, for an automated request', () => {
    const plan = 'use Read {"file_path": "a"}\nuse Bash {"command": "ls"}';
    const toolUses = [{ toolUseId: 't1', name: 'Read', input: {} }];
    const history = [user(plan), { assistantResponseMessage: { content: 'x', toolUses } }];
    const text = textOf(ask('[NOTE: This is an automated summarization request.] Be concise.', { history }));
    expect(text).toMatch(/^## Conversation Summary\n[\s\S]*\n## Most Recent Topic\n/);
    expect(text).toContain('What is left to do:\nuse Bash {"command": "ls"}');
    expect(text).not.toContain('use Read {"file_path": "a"} and');
  });

  it('follows a plan with HTML-escaped quotes', () => {
    const escaped = 'use Read {&quot;file_path&quot;: &quot;a &amp; b&quot;}';
    expect(runSession(escaped, [READ]).turns).toEqual([[{ name: 'Read', input: { file_path: 'a & b' } }]]);
    const raw = 'use Read {"file_path": "a&amp;b"}';
    expect(runSession(raw, [READ]).turns).toEqual([[{ name: 'Read', input: { file_path: 'a&amp;b' } }]]);
  });

  it('thinks first if requested, as events, as redacted content, or between tags', () => {
    const effort = { output_config: { effort: 'high' } };
    expect(ask('Hi', { model: 'claude-opus-5', fields: effort })[0]).toHaveProperty('reasoning');
    expect(ask('Hi', { model: 'claude-opus-5', fields: { thinking: { type: 'adaptive' } } })[0]).toHaveProperty(
      'reasoning',
    );
    expect(ask('Hi', { model: 'gpt-5.6-sol', fields: { reasoning: { effort: 'high' } } })[0]).toHaveProperty(
      'redacted',
    );
    expect(ask('Hi', { model: 'gpt-5.6-sol', fields: { reasoning: { effort: 'none' } } })[0]).toBeTypeOf('string');
    const history = [
      user('<thinking_mode>enabled</thinking_mode><max_thinking_length>100</max_thinking_length>'),
      assistant('Understood.'),
    ];
    expect(ask('Hi', { history })[0]).toMatch(/^<thinking>.+<\/thinking>\n\n$/);
  });

  it('gives equal replies to equal requests', () => {
    expect(ask('What is the weather in Paris?', { tools: [WEATHER] })).toEqual(
      ask('What is the weather in Paris?', { tools: [WEATHER] }),
    );
  });
});
