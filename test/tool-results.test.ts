/**
 * Tool results at every endpoint: two outputs of one call, failures and images, and what reaches the service. The
 * service drops a result's status and the images inside it, so the message has to state both.
 */
import { describe, expect, it } from 'vitest';
import { PNG } from './support/conversations.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const OTHER_PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAYAAAD0In+KAAAAD0lEQVR4nGP4z8DwHwQBEPgD/U6VwW8AAAAASUVORK5CYII=';

interface Output {
  readonly callId: string;
  readonly text?: string;
  readonly image?: string;
  readonly isError?: boolean;
}

interface Endpoint {
  readonly name: string;
  readonly path: string;
  body(calls: readonly string[], outputs: readonly Output[]): object;
}

const schema = { type: 'object', properties: {} };

const ENDPOINTS: readonly Endpoint[] = [
  {
    name: 'Messages, the results in one message',
    path: '/v1/messages',
    body: (calls, outputs) => messagesBody(calls, [outputs.map(anthropicResult)]),
  },
  {
    name: 'Messages, each result in a message of its own',
    path: '/v1/messages',
    body: (calls, outputs) =>
      messagesBody(
        calls,
        outputs.map((output) => [anthropicResult(output)]),
      ),
  },
  {
    name: 'Chat Completions',
    path: '/v1/chat/completions',
    body: (calls, outputs) => ({
      model: 'claude-sonnet-4.5',
      tools: [{ type: 'function', function: { name: 'look', description: 'Looks.', parameters: schema } }],
      messages: [
        { role: 'user', content: 'Look.' },
        {
          role: 'assistant',
          content: null,
          tool_calls: calls.map((id) => ({ id, type: 'function', function: { name: 'look', arguments: '{}' } })),
        },
        ...outputs.map(({ callId, text, image }) => ({
          role: 'tool',
          tool_call_id: callId,
          content: [
            ...(text === undefined ? [] : [{ type: 'text', text }]),
            ...(image === undefined ? [] : [{ type: 'image_url', image_url: { url: dataUrl(image) } }]),
          ],
        })),
      ],
    }),
  },
  {
    name: 'Responses',
    path: '/v1/responses',
    body: (calls, outputs) => ({
      model: 'claude-sonnet-4.5',
      store: false,
      tools: [{ type: 'function', name: 'look', description: 'Looks.', parameters: schema }],
      input: [
        { role: 'user', content: 'Look.' },
        ...calls.map((id) => ({ type: 'function_call', call_id: id, name: 'look', arguments: '{}' })),
        ...outputs.map(({ callId, text, image, isError }) => ({
          type: 'function_call_output',
          call_id: callId,
          ...(isError ? { status: 'failed' } : {}),
          output: [
            ...(text === undefined ? [] : [{ type: 'input_text', text }]),
            ...(image === undefined ? [] : [{ type: 'input_image', image_url: dataUrl(image) }]),
          ],
        })),
      ],
    }),
  },
];

function messagesBody(calls: readonly string[], results: readonly (readonly object[])[]): object {
  return {
    model: 'claude-sonnet-4.5',
    max_tokens: 1_000,
    tools: [{ name: 'look', description: 'Looks.', input_schema: schema }],
    messages: [
      { role: 'user', content: 'Look.' },
      { role: 'assistant', content: calls.map((id) => ({ type: 'tool_use', id, name: 'look', input: {} })) },
      ...results.map((content) => ({ role: 'user', content })),
    ],
  };
}

function anthropicResult({ callId, text, image, isError }: Output): object {
  return {
    type: 'tool_result',
    tool_use_id: callId,
    ...(isError ? { is_error: true } : {}),
    content: [
      ...(text === undefined ? [] : [{ type: 'text', text }]),
      ...(image === undefined
        ? []
        : [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: image } }]),
    ],
  };
}

function dataUrl(base64: string): string {
  return `data:image/png;base64,${base64}`;
}

interface CurrentMessage {
  readonly content: string;
  readonly images?: readonly { readonly source: { readonly bytes: string } }[];
  readonly userInputMessageContext?: {
    readonly toolResults?: readonly {
      readonly toolUseId: string;
      readonly status: string;
      readonly content: readonly { readonly text: string }[];
    }[];
  };
}

/** The upstream request, and the notes of the response. */
async function ask(
  gateway: TestGateway,
  { path, body }: Endpoint,
  calls: readonly string[],
  outputs: readonly Output[],
) {
  const answer = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body(calls, outputs)),
  });
  expect(answer.status, await answer.text()).toBe(200);
  const request = gateway.simulator.requests.findLast(({ rawBody }) => rawBody.startsWith('{"conversationState"'));
  const current: CurrentMessage = JSON.parse(request?.rawBody ?? '').conversationState.currentMessage.userInputMessage;
  return { current, notes: answer.headers.get('x-dragoman-adjustments') ?? '' };
}

describe.each(ENDPOINTS)('tool results: $name', (endpoint) => {
  it('joins two outputs of one call into one result, in order', async () => {
    await using gateway = await startTestGateway();
    const { current, notes } = await ask(
      gateway,
      endpoint,
      ['call_a'],
      [
        { callId: 'call_a', text: 'first half' },
        { callId: 'call_a', text: 'second half' },
      ],
    );
    expect(current.userInputMessageContext?.toolResults).toEqual([
      { toolUseId: 'call_a', status: 'success', content: [{ text: 'first half' }, { text: 'second half' }] },
    ]);
    expect(notes).toContain('tool-results-joined@');
  });

  it('names the owners of images, in the order of the calls', async () => {
    await using gateway = await startTestGateway();
    const { current, notes } = await ask(
      gateway,
      endpoint,
      ['call_a', 'call_b'],
      [
        { callId: 'call_b', image: OTHER_PNG },
        { callId: 'call_a', text: 'seen', image: PNG },
      ],
    );
    expect(current.images?.map(({ source }) => source.bytes)).toEqual([PNG, OTHER_PNG]);
    expect(current.content).toBe('Image 1: result of call look (call_a). Image 2: result of call look (call_b).');
    expect(current.userInputMessageContext?.toolResults?.map(({ toolUseId }) => toolUseId)).toEqual([
      'call_a',
      'call_b',
    ]);
    expect(notes).toContain('tool-result-images-listed@');
  });
});

describe.each(ENDPOINTS.filter(({ path }) => path !== '/v1/chat/completions'))(
  'a failed tool result: $name',
  (endpoint) => {
    it('states it in its text and keeps its status', async () => {
      await using gateway = await startTestGateway();
      const { current, notes } = await ask(
        gateway,
        endpoint,
        ['call_a'],
        [{ callId: 'call_a', text: 'no such file', isError: true }],
      );
      expect(current.userInputMessageContext?.toolResults).toEqual([
        { toolUseId: 'call_a', status: 'error', content: [{ text: 'The tool call failed.\nno such file' }] },
      ]);
      expect(notes).toContain('tool-result-failed-marked@');
    });
  },
);
