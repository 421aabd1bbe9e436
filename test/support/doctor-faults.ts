/** A request with 40 tools and 60 turns, and thirty faults that only the service knows. */
import type { ScriptedReply } from '../../src/simulator/script.ts';
import { PNG } from './conversations.ts';

const png = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } };

/** One for each tool, turn and option that a fault may be planted in; the rest is ordinary. */
function schemaOf(index: number): Record<string, unknown> {
  const limited = { type: 'integer', minimum: index, maximum: 1_000 };
  return {
    type: 'object',
    properties: { path: { type: 'string', description: `The path ${index}.` }, [`count_${index}`]: limited },
    required: ['path'],
  };
}

/** For Messages: sixty turns of users, assistants with calls, and results. */
export function largeRequest(): { model: string; tools: Tool[]; messages: Message[] } & Record<string, unknown> {
  const tools = Array.from({ length: 40 }, (_, index) => ({
    name: `tool_number_${index}`,
    description: `Does the work with the number ${index}.`,
    input_schema: schemaOf(index),
  }));
  const messages = Array.from({ length: 61 }, (_, index): Message => {
    const round = Math.floor(index / 4);
    const use = `use_${round}`;
    switch (index % 4) {
      case 0:
        return { role: 'user', content: [{ type: 'text', text: `Question ${index}: what about it?` }] };
      case 1:
        return {
          role: 'assistant',
          content: [
            { type: 'text', text: `Looking, ${index}.` },
            { type: 'tool_use', id: use, name: `tool_number_${round}`, input: { path: `file_${index}` } },
          ],
        };
      case 2:
        return { role: 'user', content: [{ type: 'tool_result', tool_use_id: use, content: `Contents ${index}.` }] };
      default:
        return { role: 'assistant', content: [{ type: 'text', text: `Answer ${index}.` }] };
    }
  });
  return { model: 'claude-opus-5', max_tokens: 4_000, system: 'You are helpful.', tools, messages };
}

interface Tool {
  name: string;
  description: string;
  input_schema: Record<string, unknown>;
  [member: string]: unknown;
}

interface Message {
  role: 'user' | 'assistant';
  content: Record<string, unknown>[];
}

type LargeRequest = ReturnType<typeof largeRequest>;

export interface ServiceFault {
  readonly title: string;
  plant(request: LargeRequest): void;
  /** What the service refuses, without saying so. */
  readonly when: NonNullable<ScriptedReply['when']>;
  /** Of the part that is found. */
  readonly kind: string;
  /** What its path, or the name of the part, begins with. */
  readonly path: string;
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`There is no item ${index}.`);
  return item;
}

const tool = (request: LargeRequest, index: number) => at(request.tools, index);
const block = (request: LargeRequest, message: number, index = 0) => at(at(request.messages, message).content, index);

function toolFault(
  title: string,
  index: number,
  kind: string,
  body: string,
  plant: (tool: Tool) => void,
): ServiceFault {
  return { title, plant: (request) => plant(tool(request, index)), when: { body }, kind, path: `tools[${index}]` };
}

function schemaFault(title: string, index: number, body: string, members: Record<string, unknown>): ServiceFault {
  return toolFault(title, index, 'tool-schema', body, (one) => {
    one.input_schema.properties = { ...(one.input_schema.properties as object), planted: members };
  });
}

function textFault(
  title: string,
  message: number,
  words: string,
  body: string,
  kind = 'text',
  index = 0,
): ServiceFault {
  return {
    title,
    plant: (request) => {
      const planted = block(request, message, index);
      planted['text' in planted ? 'text' : 'content'] = words;
    },
    when: { body },
    kind,
    path: `messages[${message}]`,
  };
}

export const SERVICE_FAULTS: readonly ServiceFault[] = [
  toolFault('a reserved word in a tool name', 0, 'tool-name', '"name":"forbidden_tool"', (one) => {
    one.name = 'forbidden_tool';
  }),
  toolFault('two underscores in a tool name', 17, 'tool-name', '"name":"a__b"', (one) => {
    one.name = 'a__b';
  }),
  toolFault('a tool name of 60 characters', 39, 'tool-name', '"name":"[a-z]{60,}"', (one) => {
    one.name = 'n'.repeat(60);
  }),
  toolFault('an angle bracket in a description', 5, 'tool-description', 'Reads <all>', (one) => {
    one.description = 'Reads <all> files.';
  }),
  toolFault('a description of 5,000 characters', 22, 'tool-description', '"description":"x{5000}', (one) => {
    one.description = 'x'.repeat(5_000);
  }),
  toolFault('an emoji in a description', 38, 'tool-description', '🦊', (one) => {
    one.description = 'Catches a 🦊.';
  }),
  schemaFault('a nested choice', 3, '"oneOf"', { oneOf: [{ type: 'string' }, { type: 'number' }] }),
  schemaFault('a constant', 11, '"const"', { const: 'fixed' }),
  schemaFault('a pattern', 19, '"pattern"', { type: 'string', pattern: '^[a-z]+$' }),
  schemaFault('a format', 27, '"format"', { type: 'string', format: 'date-time' }),
  schemaFault('a default', 33, '"default"', { type: 'string', default: 'x' }),
  schemaFault('an enumeration', 36, '"enum"', { type: 'string', enum: ['a', 'b'] }),
  schemaFault('an array without items', 8, '"type":"array"\\}', { type: 'array' }),
  toolFault('a property with a dot', 14, 'tool-schema', '"a\\.b"', (one) => {
    one.input_schema.properties = { 'a.b': { type: 'string' } };
  }),
  toolFault('a title at the root', 30, 'tool-schema', '"title"', (one) => {
    one.input_schema.title = 'Input';
  }),
  textFault('a control character', 0, 'bell \u0007 rings', '\\\\u0007'),
  textFault('a word of a user', 24, 'please say abracadabra now', 'abracadabra'),
  textFault('a word of the assistant', 31, 'I said simsalabim.', 'simsalabim'),
  textFault('the last message', 60, 'hocus pocus', 'hocus pocus'),
  textFault('markup', 44, 'see <tool_call> here', '<tool_call>'),
  textFault('a result with a null byte', 26, 'binary \u0000 data', '\\\\u0000', 'result'),
  textFault('a long result', 58, 'y'.repeat(20_000), 'y{20000}', 'result'),
  {
    title: 'an id of a call with a hyphen',
    plant: (request) => {
      block(request, 13, 1).id = 'id-with-hyphen';
      block(request, 14).tool_use_id = 'id-with-hyphen';
    },
    when: { body: '"toolUseId":"id-with-hyphen"' },
    kind: 'call-id',
    path: 'messages[13]',
  },
  {
    title: 'a null in arguments',
    plant: (request) => {
      block(request, 37, 1).input = { path: null };
    },
    when: { body: '"input":\\{"path":null\\}' },
    kind: 'call-arguments',
    path: 'messages[37]',
  },
  {
    title: 'an image in the history',
    plant: (request) => void at(request.messages, 20).content.push(png),
    when: { body: '"images":\\[' },
    kind: 'image',
    path: 'messages[20]',
  },
  {
    title: 'a document',
    plant: (request) =>
      void at(request.messages, 40).content.push({
        type: 'document',
        title: 'notes',
        source: { type: 'base64', media_type: 'text/csv', data: Buffer.from('a,b\n').toString('base64') },
      }),
    when: { body: '"documents":\\[' },
    kind: 'document',
    path: 'messages[40]',
  },
  {
    title: 'a cache point',
    plant: (request) => {
      block(request, 48).cache_control = { type: 'ephemeral' };
    },
    when: { body: '"cachePoint"' },
    kind: 'cache-point',
    path: 'messages[48]',
  },
  {
    title: 'the system text',
    plant: (request) => {
      request.system = 'You are a pirate.';
    },
    when: { body: 'You are a pirate' },
    kind: 'system',
    path: 'system',
  },
  {
    title: 'an effort',
    plant: (request) => {
      request.output_config = { effort: 'max' };
    },
    when: { body: '"effort":"max"' },
    kind: 'option',
    path: 'reasoning',
  },
  {
    title: 'more than 31 tools',
    plant: () => {},
    when: { moreTools: 31 },
    kind: 'sum',
    path: 'tools[8]',
  },
];
