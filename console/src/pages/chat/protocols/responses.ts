/** OpenAI Responses. */
import {
  at,
  type ChatProtocol,
  type Message,
  numberAt,
  TOOL_DESCRIPTION,
  TOOL_NAME,
  TOOL_SCHEMA,
  textAt,
} from '../conversation.ts';

export const responses: ChatProtocol = {
  request: (messages, { model, effort, withTool }) => ({
    path: '/v1/responses',
    headers: {},
    body: {
      model,
      stream: true,
      store: false,
      ...(effort !== undefined && { reasoning: { effort } }),
      ...(withTool && {
        tools: [{ type: 'function', name: TOOL_NAME, description: TOOL_DESCRIPTION, parameters: TOOL_SCHEMA }],
      }),
      input: messages.flatMap(toItems),
    },
  }),
  read(data) {
    switch (textAt(data, 'type')) {
      case 'response.output_text.delta':
        return [{ type: 'text', text: textAt(data, 'delta') }];
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return [{ type: 'reasoning', text: textAt(data, 'delta') }];
      case 'response.output_item.added':
        if (textAt(data, 'item', 'type') !== 'function_call') return [];
        return [{ type: 'tool-call', id: textAt(data, 'item', 'call_id'), name: textAt(data, 'item', 'name') }];
      case 'response.function_call_arguments.delta':
        return [{ type: 'tool-json', json: textAt(data, 'delta') }];
      case 'response.completed':
      case 'response.incomplete':
        return [
          {
            type: 'usage',
            usage: {
              inputTokens: numberAt(data, 'response', 'usage', 'input_tokens'),
              outputTokens: numberAt(data, 'response', 'usage', 'output_tokens'),
            },
          },
        ];
      case 'response.failed':
        return [{ type: 'error', message: textAt(data, 'response', 'error', 'message') }];
      case 'error':
        return [{ type: 'error', message: textAt(data, 'message') || textAt(at(data, 'error'), 'message') }];
      default:
        return [];
    }
  },
};

function toItems(message: Message): readonly object[] {
  if (message.role === 'tool')
    return [{ type: 'function_call_output', call_id: message.callId, output: message.output }];
  const kind = message.role === 'user' ? 'input_text' : 'output_text';
  const content = message.parts.flatMap((part): readonly object[] => {
    if (part.type === 'text') return [{ type: kind, text: part.text }];
    if (part.type !== 'image') return [];
    return [{ type: 'input_image', image_url: `data:${part.mediaType};base64,${part.base64}` }];
  });
  const calls = message.parts.flatMap((part) =>
    part.type === 'tool-call'
      ? [{ type: 'function_call', call_id: part.id, name: part.name, arguments: part.json }]
      : [],
  );
  return [...(content.length > 0 ? [{ role: message.role, content }] : []), ...calls];
}
