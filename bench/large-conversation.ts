/** The conversation of a long agent session in both client protocols: 200 turns, 40 tools, about 1 MB. */
import { seededRandom } from './statistics.ts';

const TURNS = 200;
const TOOLS = 40;
const BODY_BYTES = 1_000_000;

interface Step {
  readonly question: string;
  readonly answer: string;
  readonly toolUseId: string;
  readonly toolName: string;
  readonly input: { readonly path: string; readonly limit: number };
  readonly result: string;
}

export function largeOpenaiBody(): string {
  const messages = steps().flatMap((step) => [
    { role: 'user', content: step.question },
    {
      role: 'assistant',
      content: step.answer,
      tool_calls: [
        {
          id: step.toolUseId,
          type: 'function',
          function: { name: step.toolName, arguments: JSON.stringify(step.input) },
        },
      ],
    },
    { role: 'tool', tool_call_id: step.toolUseId, content: step.result },
  ]);
  return JSON.stringify({
    model: 'claude-sonnet-4.5',
    stream: true,
    messages: [{ role: 'system', content: SYSTEM }, ...messages],
    tools: tools().map(({ name, description, schema }) => ({
      type: 'function',
      function: { name, description, parameters: schema },
    })),
  });
}

export function largeAnthropicBody(): string {
  const all = steps();
  const messages = all.flatMap((step, index) => [
    {
      role: 'user',
      content: [...(index > 0 ? [toolResult(all[index - 1])] : []), { type: 'text', text: step.question }],
    },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: step.answer },
        { type: 'tool_use', id: step.toolUseId, name: step.toolName, input: step.input },
      ],
    },
  ]);
  return JSON.stringify({
    model: 'claude-sonnet-4.5',
    max_tokens: 32_000,
    stream: true,
    system: [{ type: 'text', text: SYSTEM, cache_control: { type: 'ephemeral' } }],
    messages: [...messages, { role: 'user', content: [toolResult(all.at(-1))] }],
    tools: tools().map(({ name, description, schema }) => ({ name, description, input_schema: schema })),
  });
}

const SYSTEM =
  'You are an agent which works in a repository. Read before you write, and say what you have changed. '.repeat(60);

function toolResult(step: Step | undefined) {
  return { type: 'tool_result', tool_use_id: step?.toolUseId, content: [{ type: 'text', text: step?.result }] };
}

/** Each step is two turns: a user turn and an assistant turn. */
function steps(): Step[] {
  const random = seededRandom(1);
  const resultCharacters = Math.floor(BODY_BYTES / (TURNS / 2)) - 1_700;
  return Array.from({ length: TURNS / 2 }, (_, index) => ({
    question: `Step ${index}: ${prose(random, 300)}`,
    answer: prose(random, 500),
    toolUseId: `tooluse_${String(index).padStart(22, '0')}`,
    toolName: `tool_${Math.floor(random() * TOOLS)}`,
    input: { path: `/src/folder/file-${index}.ts`, limit: index },
    result: prose(random, resultCharacters),
  }));
}

function tools() {
  return Array.from({ length: TOOLS }, (_, index) => ({
    name: `tool_${index}`,
    description:
      `Tool number ${index}. It reads a file and returns a part of it, with the numbers of its lines. `.repeat(8),
    schema: {
      type: 'object',
      properties: {
        path: { type: 'string', description: 'The file, from the root of the repository.' },
        limit: { type: 'integer', description: 'At most so many lines.' },
        mode: { type: 'string', enum: ['text', 'binary', 'auto'] },
      },
      required: ['path'],
      additionalProperties: false,
    },
  }));
}

const LINES = [
  'const answer = await ask("what?");\n',
  'the quick path is copied, ',
  '日本語の説明。',
  '\t// said → done\n',
  'return { ok: true };\n',
];

function prose(random: () => number, characters: number): string {
  let text = '';
  while (text.length < characters) text += LINES[Math.floor(random() * LINES.length)] ?? '';
  return text;
}
