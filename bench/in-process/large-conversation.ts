/** The conversation of a long agent session in both client protocols: by default 200 turns, 40 tools, about 1 MB. */
import { seededRandom } from '../statistics.ts';

export interface Size {
  /** An even number: each step is a user turn and an assistant turn. */
  readonly turns: number;
  readonly tools: number;
  readonly charactersPerTurn: number;
  /** Occurs in every turn and tool, so that no two variants have anything in common that could be kept from one to the other. */
  readonly variant: number;
}

const LARGE: Size = { turns: 200, tools: 40, charactersPerTurn: 5_000, variant: 0 };

interface Step {
  readonly question: string;
  readonly answer: string;
  readonly toolUseId: string;
  readonly toolName: string;
  readonly input: { readonly path: string; readonly limit: number };
  readonly result: string;
}

export function largeOpenaiBody(size: Partial<Size> = {}): string {
  const whole = { ...LARGE, ...size };
  const messages = steps(whole).flatMap((step) => [
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
    tools: tools(whole).map(({ name, description, schema }) => ({
      type: 'function',
      function: { name, description, parameters: schema },
    })),
  });
}

export function largeAnthropicBody(size: Partial<Size> = {}): string {
  const whole = { ...LARGE, ...size };
  const all = steps(whole);
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
    tools: tools(whole).map(({ name, description, schema }) => ({ name, description, input_schema: schema })),
  });
}

const SYSTEM =
  'You are an agent which works in a repository. Read before you write, and say what you have changed. '.repeat(60);

function toolResult(step: Step | undefined) {
  return { type: 'tool_result', tool_use_id: step?.toolUseId, content: [{ type: 'text', text: step?.result }] };
}

function steps({ turns, tools: toolCount, charactersPerTurn, variant }: Size): Step[] {
  const random = seededRandom(1);
  const resultCharacters = 2 * charactersPerTurn - 1_700;
  return Array.from({ length: turns / 2 }, (_, index) => ({
    question: `Step ${index} of ${variant}: ${prose(random, 300)}`,
    answer: `${prose(random, 500)} (${variant})`,
    toolUseId: `tooluse_${String(variant).padStart(8, '0')}${String(index).padStart(14, '0')}`,
    toolName: `tool_${Math.floor(random() * toolCount)}`,
    input: { path: `/src/folder/file-${index}.ts`, limit: index + variant },
    result: `${prose(random, resultCharacters)} (${variant})`,
  }));
}

function tools({ tools: count, variant }: Size) {
  return Array.from({ length: count }, (_, index) => ({
    name: `tool_${index}`,
    description:
      `Tool number ${index}. It reads a file and returns a part of it, with the numbers of its lines. `.repeat(8) +
      variant,
    schema: {
      type: 'object',
      properties: {
        path: { type: 'string', description: `The file, from the root of the repository (${variant}).` },
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
