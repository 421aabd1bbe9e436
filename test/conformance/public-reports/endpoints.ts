/**
 * Sends any body to the three APIs, streamed or not, and reads the answers into the same neutral shape. The readers
 * behave like a client: a tool call counts once it is complete.
 */
import type Anthropic from '@anthropic-ai/sdk';
import type OpenAI from 'openai';
import { parseEvents } from '../../support/event-stream-text.ts';

type EndpointName = 'chat' | 'responses' | 'messages';

export interface Call {
  readonly name: string;
  /** Responses API: the container in which the tool was declared. */
  readonly namespace?: string;
  /** Parsed if they are JSON. */
  readonly input: unknown;
  readonly kind: 'function' | 'custom';
}

export interface Outcome {
  readonly text: string;
  /** Complete calls only. */
  readonly calls: readonly Call[];
  readonly stop: 'end' | 'calls' | 'length' | 'refusal' | 'other' | undefined;
  /** The message of an error, as a response or in mid-stream. */
  readonly error: string | undefined;
}

export interface DeclaredTool {
  readonly name: string;
  readonly description?: string;
  readonly schema: object;
}

export interface Endpoint {
  readonly name: EndpointName;
  readonly path: string;
  /** A question in this API's own format. */
  body(question: string, tools?: readonly DeclaredTool[]): Record<string, unknown>;
  readWhole(body: unknown): Outcome;
  readStream(events: readonly unknown[]): Outcome;
}

const MODEL = 'claude-sonnet-4.5';
const NOTHING: Outcome = { text: '', calls: [], stop: undefined, error: undefined };

export const CHAT: Endpoint = {
  name: 'chat',
  path: '/v1/chat/completions',
  body: (question, tools = []) => ({
    model: MODEL,
    messages: [{ role: 'user', content: question }],
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ schema, ...tool }) => ({ type: 'function', function: { ...tool, parameters: schema } })),
        }),
  }),
  readWhole(body) {
    const { choices } = body as OpenAI.ChatCompletion;
    const [choice] = choices;
    const calls = (choice?.message.tool_calls ?? []).map((call): Call => {
      if (call.type === 'custom') return { name: call.custom.name, input: call.custom.input, kind: 'custom' };
      return { name: call.function.name, input: parsed(call.function.arguments), kind: 'function' };
    });
    return { text: choice?.message.content ?? '', calls, stop: chatStop(choice?.finish_reason), error: undefined };
  },
  readStream(events) {
    let text = '';
    let stop: Outcome['stop'];
    const pieces = new Map<number, { name: string; input: string; kind: Call['kind'] }>();
    for (const { choices } of events as OpenAI.ChatCompletionChunk[]) {
      const [choice] = choices;
      text += choice?.delta.content ?? '';
      for (const delta of choice?.delta.tool_calls ?? []) {
        // The SDK's types lack a custom call's delta.
        const { custom } = delta as { custom?: { name?: string; input?: string } };
        const piece = pieces.get(delta.index) ?? { name: '', input: '', kind: 'function' as const };
        pieces.set(delta.index, {
          name: piece.name + (delta.function?.name ?? custom?.name ?? ''),
          input: piece.input + (delta.function?.arguments ?? custom?.input ?? ''),
          kind: custom ? 'custom' : piece.kind,
        });
      }
      if (choice?.finish_reason) stop = chatStop(choice.finish_reason);
    }
    // This API does not mark the end of a call: clients act when the choice has finished.
    const calls = stop === undefined ? [] : [...pieces.values()];
    return { text, calls: calls.map(withParsedInput), stop, error: undefined };
  },
};

function withParsedInput({ name, input, kind }: { name: string; input: string; kind: Call['kind'] }): Call {
  return { name, input: kind === 'custom' ? input : parsed(input), kind };
}

function chatStop(reason: OpenAI.ChatCompletion.Choice['finish_reason'] | null | undefined): Outcome['stop'] {
  switch (reason) {
    case 'stop':
      return 'end';
    case 'tool_calls':
      return 'calls';
    case 'length':
      return 'length';
    case 'content_filter':
      return 'refusal';
    case undefined:
    case null:
      return undefined;
    default:
      return 'other';
  }
}

export const RESPONSES: Endpoint = {
  name: 'responses',
  path: '/v1/responses',
  body: (question, tools = []) => ({
    model: MODEL,
    input: [{ role: 'user', content: question }],
    ...(tools.length === 0
      ? {}
      : { tools: tools.map(({ schema, ...tool }) => ({ type: 'function', ...tool, parameters: schema })) }),
  }),
  readWhole: (body) => readResponse(body as OpenAI.Responses.Response),
  readStream(events) {
    const items: OpenAI.Responses.ResponseOutputItem[] = [];
    for (const event of events as OpenAI.Responses.ResponseStreamEvent[]) {
      if (event.type === 'response.output_item.done') items.push(event.item);
      if (event.type === 'response.completed' || event.type === 'response.incomplete')
        return readResponse({ ...event.response, output: items });
      if (event.type === 'response.failed')
        return {
          ...readResponse({ ...event.response, output: items }),
          error: event.response.error?.message ?? 'failed',
        };
    }
    return { ...NOTHING, calls: callsOf(items) };
  },
};

function readResponse({ output, status, incomplete_details }: OpenAI.Responses.Response): Outcome {
  const texts = output.flatMap((item) =>
    item.type === 'message' ? item.content.map((part) => (part.type === 'output_text' ? part.text : part.refusal)) : [],
  );
  const calls = callsOf(output);
  const end = calls.length > 0 ? 'calls' : 'end';
  const cut = incomplete_details?.reason === 'max_output_tokens' ? 'length' : 'other';
  const refused = incomplete_details?.reason === 'content_filter' || output.some(isRefusal);
  return {
    text: texts.join(''),
    calls,
    stop: refused ? 'refusal' : status === 'completed' ? end : cut,
    error: undefined,
  };
}

function isRefusal(item: OpenAI.Responses.ResponseOutputItem): boolean {
  return item.type === 'message' && item.content.some(({ type }) => type === 'refusal');
}

function callsOf(items: readonly OpenAI.Responses.ResponseOutputItem[]): Call[] {
  return items.flatMap((item): Call[] => {
    if (item.type === 'custom_tool_call')
      return [{ name: item.name, ...namespaceOf(item), input: item.input, kind: 'custom' }];
    if (item.type !== 'function_call') return [];
    return [{ name: item.name, ...namespaceOf(item), input: parsed(item.arguments), kind: 'function' }];
  });
}

function namespaceOf(item: object): { namespace?: string } {
  const { namespace } = item as { namespace?: string };
  return namespace ? { namespace } : {};
}

export const MESSAGES: Endpoint = {
  name: 'messages',
  path: '/v1/messages',
  body: (question, tools = []) => ({
    model: MODEL,
    max_tokens: 9_000,
    messages: [{ role: 'user', content: question }],
    ...(tools.length === 0 ? {} : { tools: tools.map(({ schema, ...tool }) => ({ ...tool, input_schema: schema })) }),
  }),
  readWhole(body) {
    const { content, stop_reason } = body as Anthropic.Message;
    const text = content.map((block) => (block.type === 'text' ? block.text : '')).join('');
    const calls = content.flatMap((block): Call[] =>
      block.type === 'tool_use' ? [{ name: block.name, input: block.input, kind: 'function' }] : [],
    );
    return { text, calls, stop: messagesStop(stop_reason), error: undefined };
  },
  readStream(events) {
    let text = '';
    let stop: Outcome['stop'];
    const open = new Map<number, { name: string; input: string }>();
    const calls: Call[] = [];
    for (const event of events as Anthropic.MessageStreamEvent[]) {
      if (event.type === 'content_block_start' && event.content_block.type === 'tool_use')
        open.set(event.index, { name: event.content_block.name, input: '' });
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text;
      if (event.type === 'content_block_delta' && event.delta.type === 'input_json_delta') {
        const call = open.get(event.index);
        if (call) call.input += event.delta.partial_json;
      }
      if (event.type === 'content_block_stop') {
        const call = open.get(event.index);
        // Clients read missing input as an empty object.
        if (call) calls.push({ name: call.name, input: parsed(call.input || '{}'), kind: 'function' });
      }
      if (event.type === 'message_delta') stop = messagesStop(event.delta.stop_reason);
    }
    return { text, calls, stop, error: undefined };
  },
};

function messagesStop(reason: Anthropic.StopReason | null): Outcome['stop'] {
  switch (reason) {
    case 'end_turn':
      return 'end';
    case 'tool_use':
      return 'calls';
    case 'max_tokens':
      return 'length';
    case 'refusal':
      return 'refusal';
    case null:
      return undefined;
    default:
      return 'other';
  }
}

const ENDPOINTS: readonly Endpoint[] = [CHAT, RESPONSES, MESSAGES];

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

/** A client's reading of an answer, whatever its status and form. */
export function readAnswer(endpoint: Endpoint, status: number, contentType: string, text: string): Outcome {
  if (contentType.startsWith('text/event-stream')) {
    const events = parseEvents(text);
    const error = events.map(errorMessage).find((message) => message !== undefined);
    const outcome = endpoint.readStream(events.filter((event) => errorMessage(event) === undefined));
    return { ...outcome, error: error ?? outcome.error };
  }
  const body: unknown = JSON.parse(text);
  return status === 200 ? endpoint.readWhole(body) : { ...NOTHING, error: errorMessage(body) ?? text };
}

/** All three have `error.message`, and the Responses API's own event has `message`. */
function errorMessage(event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null) return undefined;
  const { error, type, message } = event as { error?: { message?: string } | null; type?: string; message?: string };
  return error?.message ?? (type === 'error' ? message : undefined);
}

/** Every API, streamed and not streamed. */
export const WAYS = ENDPOINTS.flatMap((endpoint) =>
  [false, true].map((streamed) => ({
    way: `${endpoint.name}, ${streamed ? 'streamed' : 'not streamed'}`,
    endpoint,
    streamed,
  })),
);
