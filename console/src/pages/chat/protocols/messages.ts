/** Anthropic Messages. */
import {
  type ChatProtocol,
  type Message,
  numberAt,
  type Part,
  TOOL_DESCRIPTION,
  TOOL_NAME,
  TOOL_SCHEMA,
  textAt,
} from '../conversation.ts';

/** The API requires a limit. */
const MAX_TOKENS = 16_000;

export const messages: ChatProtocol = {
  request: (all, { model, effort, withTool }) => ({
    path: '/v1/messages',
    headers: { 'anthropic-version': '2023-06-01' },
    body: {
      model,
      stream: true,
      max_tokens: MAX_TOKENS,
      ...thinking(effort),
      ...(withTool && { tools: [{ name: TOOL_NAME, description: TOOL_DESCRIPTION, input_schema: TOOL_SCHEMA }] }),
      messages: all.map(toMessage),
    },
  }),
  read(data) {
    switch (textAt(data, 'type')) {
      case 'content_block_start':
        if (textAt(data, 'content_block', 'type') !== 'tool_use') return [];
        return [
          { type: 'tool-call', id: textAt(data, 'content_block', 'id'), name: textAt(data, 'content_block', 'name') },
        ];
      case 'content_block_delta':
        switch (textAt(data, 'delta', 'type')) {
          case 'text_delta':
            return [{ type: 'text', text: textAt(data, 'delta', 'text') }];
          case 'thinking_delta':
            return [{ type: 'reasoning', text: textAt(data, 'delta', 'thinking') }];
          case 'input_json_delta':
            return [{ type: 'tool-json', json: textAt(data, 'delta', 'partial_json') }];
          default:
            return [];
        }
      case 'message_delta':
        return [
          {
            type: 'usage',
            usage: {
              inputTokens: numberAt(data, 'usage', 'input_tokens'),
              outputTokens: numberAt(data, 'usage', 'output_tokens'),
            },
          },
        ];
      case 'error':
        return [{ type: 'error', message: textAt(data, 'error', 'message') }];
      default:
        return [];
    }
  },
};

function thinking(effort: string | undefined): object {
  if (effort === undefined) return {};
  if (effort === 'none') return { thinking: { type: 'disabled' } };
  return { thinking: { type: 'adaptive' }, output_config: { effort } };
}

function toMessage(message: Message): object {
  if (message.role === 'tool')
    return { role: 'user', content: [{ type: 'tool_result', tool_use_id: message.callId, content: message.output }] };
  return { role: message.role, content: message.parts.flatMap(toBlocks) };
}

function toBlocks(part: Part): readonly object[] {
  switch (part.type) {
    case 'text':
      return [{ type: 'text', text: part.text }];
    case 'image':
      return [{ type: 'image', source: { type: 'base64', media_type: part.mediaType, data: part.base64 } }];
    case 'tool-call':
      return [{ type: 'tool_use', id: part.id, name: part.name, input: JSON.parse(part.json || '{}') }];
    case 'reasoning':
      return [];
  }
}
