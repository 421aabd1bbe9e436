/**
 * The spellings of each concept in OpenAI Chat, OpenAI Responses, Anthropic, MCP and the AI SDK. Clients mix them, so
 * every spelling may appear in a request to any API.
 */

interface ToolDeclaration {
  readonly name: string;
  readonly description: string;
  readonly schema: object;
}

export const TOOL_DIALECTS: Readonly<Record<string, (tool: ToolDeclaration) => object>> = {
  'OpenAI Chat': ({ name, description, schema }) => ({
    type: 'function',
    function: { name, description, parameters: schema },
  }),
  'OpenAI Responses': ({ name, description, schema }) => ({ type: 'function', name, description, parameters: schema }),
  Anthropic: ({ name, description, schema }) => ({ name, description, input_schema: schema }),
  'Anthropic, typed': ({ name, description, schema }) => ({ type: 'custom', name, description, input_schema: schema }),
  MCP: ({ name, description, schema }) => ({ name, description, inputSchema: schema }),
  'AI SDK': ({ name, description, schema }) => ({ type: 'function', name, description, inputSchema: schema }),
};

interface Picture {
  readonly mediaType: string;
  /** Base64. */
  readonly data: string;
}

const dataUrl = ({ mediaType, data }: Picture) => `data:${mediaType};base64,${data}`;

export const IMAGE_DIALECTS: Readonly<Record<string, (picture: Picture) => object>> = {
  'OpenAI Chat': (picture) => ({ type: 'image_url', image_url: { url: dataUrl(picture) } }),
  'OpenAI Chat, a string': (picture) => ({ type: 'image_url', image_url: dataUrl(picture) }),
  'OpenAI Responses': (picture) => ({ type: 'input_image', image_url: dataUrl(picture) }),
  'OpenAI Responses, an object': (picture) => ({ type: 'input_image', image_url: { url: dataUrl(picture) } }),
  Anthropic: ({ mediaType, data }) => ({ type: 'image', source: { type: 'base64', media_type: mediaType, data } }),
  'Anthropic, by address': (picture) => ({ type: 'image', source: { type: 'url', url: dataUrl(picture) } }),
  MCP: ({ mediaType, data }) => ({ type: 'image', data, mimeType: mediaType }),
  'AI SDK': (picture) => ({ type: 'image', image: dataUrl(picture) }),
  'AI SDK, base64': ({ mediaType, data }) => ({ type: 'image', image: data, mediaType }),
  'AI SDK, a file': ({ mediaType, data }) => ({ type: 'file', mediaType, data }),
  'OpenAI Chat, a file': (picture) => ({ type: 'file', file: { filename: 'a.png', file_data: dataUrl(picture) } }),
};

export const TEXT_DIALECTS: Readonly<Record<string, (text: string) => object | string>> = {
  'OpenAI Chat, Anthropic, MCP': (text) => ({ type: 'text', text }),
  'OpenAI Responses': (text) => ({ type: 'input_text', text }),
  'OpenAI Responses, output': (text) => ({ type: 'output_text', text }),
  'a bare string': (text) => text,
};

interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly input: object;
}

interface ToolResult {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  /** Further blocks, such as images, in any dialect. */
  readonly blocks?: readonly object[];
}

/** An assistant's turn with text and calls, as one or several messages or items. */
export const CALL_DIALECTS: Readonly<Record<string, (text: string, calls: readonly ToolCall[]) => readonly object[]>> =
  {
    'OpenAI Chat': (text, calls) => [
      {
        role: 'assistant',
        content: text || null,
        tool_calls: calls.map(({ id, name, input }) => ({
          id,
          type: 'function',
          function: { name, arguments: JSON.stringify(input) },
        })),
      },
    ],
    'OpenAI Responses': (text, calls) => [
      ...(text === ''
        ? []
        : [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text, annotations: [] }] }]),
      ...calls.map(({ id, name, input }) => ({
        type: 'function_call',
        call_id: id,
        name,
        arguments: JSON.stringify(input),
      })),
    ],
    Anthropic: (text, calls) => [
      {
        role: 'assistant',
        content: [
          ...(text === '' ? [] : [{ type: 'text', text }]),
          ...calls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input })),
        ],
      },
    ],
    'AI SDK': (text, calls) => [
      {
        role: 'assistant',
        content: [
          ...(text === '' ? [] : [{ type: 'text', text }]),
          ...calls.map(({ id, name, input }) => ({ type: 'tool-call', toolCallId: id, toolName: name, input })),
        ],
      },
    ],
  };

/** The results of a turn, as one or several messages or items. */
export const RESULT_DIALECTS: Readonly<Record<string, (results: readonly ToolResult[]) => readonly object[]>> = {
  'OpenAI Chat': (results) =>
    results.map(({ id, text, blocks = [] }) => ({
      role: 'tool',
      tool_call_id: id,
      content: blocks.length === 0 ? text : [{ type: 'text', text }, ...blocks],
    })),
  'OpenAI Responses': (results) =>
    results.map(({ id, text, blocks = [] }) => ({
      type: 'function_call_output',
      call_id: id,
      output: blocks.length === 0 ? text : [{ type: 'input_text', text }, ...blocks],
    })),
  Anthropic: (results) => [
    {
      role: 'user',
      content: results.map(({ id, text, blocks = [] }) => ({
        type: 'tool_result',
        tool_use_id: id,
        content: [{ type: 'text', text }, ...blocks],
      })),
    },
  ],
  'AI SDK': (results) => [
    {
      role: 'tool',
      content: results.map(({ id, name, text, blocks = [] }) => ({
        type: 'tool-result',
        toolCallId: id,
        toolName: name,
        output:
          blocks.length === 0
            ? { type: 'text', value: text }
            : { type: 'content', value: [{ type: 'text', text }, ...blocks] },
      })),
    },
  ],
};

type ToolChoiceMeaning = 'auto' | 'required' | 'none' | 'tool';

export const TOOL_CHOICES: readonly {
  readonly name: string;
  readonly means: ToolChoiceMeaning;
  value(tool: string): unknown;
}[] = [
  { name: '"auto"', means: 'auto', value: () => 'auto' },
  { name: '{"type":"auto"}', means: 'auto', value: () => ({ type: 'auto' }) },
  { name: '"required"', means: 'required', value: () => 'required' },
  { name: '"any"', means: 'required', value: () => 'any' },
  { name: '{"type":"any"}', means: 'required', value: () => ({ type: 'any' }) },
  { name: '{"type":"required"}', means: 'required', value: () => ({ type: 'required' }) },
  { name: '"none"', means: 'none', value: () => 'none' },
  { name: '{"type":"none"}', means: 'none', value: () => ({ type: 'none' }) },
  { name: '{"type":"tool","name"}', means: 'tool', value: (name) => ({ type: 'tool', name }) },
  { name: '{"type":"function","name"}', means: 'tool', value: (name) => ({ type: 'function', name }) },
  {
    name: '{"type":"function","function"}',
    means: 'tool',
    value: (name) => ({ type: 'function', function: { name } }),
  },
  { name: '{"type":"tool","toolName"}', means: 'tool', value: (toolName) => ({ type: 'tool', toolName }) },
];
