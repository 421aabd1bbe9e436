/** OpenAI Chat Completions. */
import {
  at,
  type ChatProtocol,
  type Delta,
  type Message,
  numberAt,
  type Part,
  TOOL_DESCRIPTION,
  TOOL_NAME,
  TOOL_SCHEMA,
  textAt,
} from '../conversation.ts';

export const chatCompletions: ChatProtocol = {
  request: (messages, { model, effort, withTool }) => ({
    path: '/v1/chat/completions',
    headers: {},
    body: {
      model,
      stream: true,
      stream_options: { include_usage: true },
      ...(effort !== undefined && { reasoning_effort: effort }),
      ...(withTool && {
        tools: [
          {
            type: 'function',
            function: { name: TOOL_NAME, description: TOOL_DESCRIPTION, parameters: TOOL_SCHEMA },
          },
        ],
      }),
      messages: messages.map(toMessage),
    },
  }),
  read(data) {
    if (at(data, 'error') !== undefined) return [{ type: 'error', message: textAt(data, 'error', 'message') }];
    const delta = at(data, 'choices', 0, 'delta');
    const reasoning = textAt(delta, 'reasoning_content') || textAt(delta, 'reasoning');
    const text = textAt(delta, 'content');
    return [
      ...(reasoning ? [{ type: 'reasoning', text: reasoning } as const] : []),
      ...(text ? [{ type: 'text', text } as const] : []),
      ...callsOf(at(delta, 'tool_calls')),
      ...usageOf(at(data, 'usage')),
    ];
  },
};

function callsOf(calls: unknown): readonly Delta[] {
  if (!Array.isArray(calls)) return [];
  return calls.flatMap((call: unknown): readonly Delta[] => {
    const id = textAt(call, 'id');
    const json = textAt(call, 'function', 'arguments');
    return [
      ...(id ? [{ type: 'tool-call', id, name: textAt(call, 'function', 'name') } as const] : []),
      ...(json ? [{ type: 'tool-json', json } as const] : []),
    ];
  });
}

function usageOf(usage: unknown): readonly Delta[] {
  if (typeof usage !== 'object' || usage === null) return [];
  const figures = {
    inputTokens: numberAt(usage, 'prompt_tokens'),
    outputTokens: numberAt(usage, 'completion_tokens'),
  };
  return [{ type: 'usage', usage: figures }];
}

function toMessage(message: Message): object {
  if (message.role === 'tool') return { role: 'tool', tool_call_id: message.callId, content: message.output };
  if (message.role === 'user') return { role: 'user', content: message.parts.flatMap(toContent) };
  const calls = message.parts.flatMap((part) =>
    part.type === 'tool-call'
      ? [{ id: part.id, type: 'function', function: { name: part.name, arguments: part.json } }]
      : [],
  );
  const text = message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  return { role: 'assistant', content: text || null, ...(calls.length > 0 && { tool_calls: calls }) };
}

function toContent(part: Part): readonly object[] {
  if (part.type === 'text') return [{ type: 'text', text: part.text }];
  if (part.type !== 'image') return [];
  return [{ type: 'image_url', image_url: { url: `data:${part.mediaType};base64,${part.base64}` } }];
}
