/** Runs the official AWS client against the simulator, to verify its responses. */
import {
  type ChatResponseStream,
  CodeWhispererStreamingClient,
  type ConversationState,
  GenerateAssistantResponseCommand,
  SendMessageCommand,
} from '@aws/codewhisperer-streaming-client';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_ACCOUNT } from './default-accounts.ts';
import type { ScriptedReply } from './script.ts';
import { type Simulator, startSimulator } from './server.ts';

let simulator: Simulator;
let client: CodeWhispererStreamingClient;

beforeAll(async () => {
  simulator = await startSimulator({ seed: 'official' });
  client = new CodeWhispererStreamingClient({
    region: 'us-east-1',
    endpoint: simulator.url,
    token: { token: DEFAULT_ACCOUNT.accessToken },
    maxAttempts: 1,
  });
});

afterAll(async () => {
  client.destroy();
  await simulator.close();
});

function saying(content: string, modelId?: string): ConversationState {
  const userInputMessage = { content, ...(modelId === undefined ? {} : { modelId }) };
  return { chatTriggerType: 'MANUAL', currentMessage: { userInputMessage } };
}

async function generate(script: ScriptedReply, conversationState = saying('hello')): Promise<ChatResponseStream[]> {
  simulator.clearReplies();
  simulator.addReplies(script);
  const answer = await client.send(new GenerateAssistantResponseCommand({ conversationState }));
  return collect(answer.generateAssistantResponseResponse ?? []);
}

async function collect(
  stream: AsyncIterable<ChatResponseStream> | readonly ChatResponseStream[],
): Promise<ChatResponseStream[]> {
  const events: ChatResponseStream[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

function textOf(events: readonly ChatResponseStream[]): string {
  return events.map((event) => event.assistantResponseEvent?.content ?? '').join('');
}

describe('the official client', () => {
  it('reads text, ids and the closing figures of GenerateAssistantResponse', async () => {
    simulator.clearReplies();
    simulator.addReplies({ steps: ['Grüße, 🌍!'] });
    const answer = await client.send(new GenerateAssistantResponseCommand({ conversationState: saying('hi') }));
    const events = await collect(answer.generateAssistantResponseResponse ?? []);
    expect(textOf(events)).toBe('Grüße, 🌍!');
    expect(answer.conversationId).toMatch(/^[0-9a-f-]{36}$/);
    expect(events[0]?.messageMetadataEvent?.conversationId).toBe(answer.conversationId);
    expect(events.some((event) => (event.contextUsageEvent?.contextUsagePercentage ?? 0) > 0)).toBe(true);
    expect(events.at(-1)?.meteringEvent).toMatchObject({ unit: 'credit', unitPlural: 'credits' });
  });

  it('reads text of SendMessage', async () => {
    simulator.clearReplies();
    simulator.addReplies({ steps: ['Hello.'] });
    const answer = await client.send(new SendMessageCommand({ conversationState: saying('hi') }));
    expect(textOf(await collect(answer.sendMessageResponse ?? []))).toBe('Hello.');
  });

  it('gets the event of a dry run that would have passed', async () => {
    const answer = await client.send(new SendMessageCommand({ conversationState: saying('hi'), dryRun: true }));
    expect(await collect(answer.sendMessageResponse ?? [])).toEqual([{ dryRunSucceedEvent: {} }]);
  });

  it('reads tool calls', async () => {
    const events = await generate({ steps: [{ tool: 'read_file', id: 'tooluse_A', input: { path: 'notes.txt' } }] });
    const calls = events.flatMap((event) => event.toolUseEvent ?? []);
    expect(calls[0]).toEqual({ toolUseId: 'tooluse_A', name: 'read_file' });
    expect(calls.map((call) => call.input ?? '').join('')).toBe('{"path":"notes.txt"}');
    expect(calls.at(-1)?.stop).toBe(true);
  });

  it('reads reasoning and can send it back', async () => {
    const events = await generate({ steps: [{ reasoning: 'Let me think.' }, 'Done.'] });
    const reasoning = events.flatMap((event) => event.reasoningContentEvent ?? []);
    const text = reasoning.map((event) => event.text ?? '').join('');
    const signature = reasoning.find((event) => event.signature)?.signature ?? '';
    expect(text).toBe('Let me think.');
    const history = (signed: string) => [
      { userInputMessage: { content: 'hello' } },
      {
        assistantResponseMessage: {
          content: 'Done.',
          reasoningContent: { reasoningText: { text, signature: signed } },
        },
      },
    ];
    const again = await generate({ steps: ['Yes.'] }, { ...saying('go on'), history: history(signature) });
    expect(textOf(again)).toBe('Yes.');
    await expect(generate({}, { ...saying('go on'), history: history('Zm9yZWlnbg==') })).rejects.toMatchObject({
      name: 'ValidationException',
      reason: 'THINKING_SIGNATURE_INVALID',
    });
  });

  it.each([
    [400, 'ValidationException', 'Improperly formed request.', null],
    [402, 'ServiceQuotaExceededException', 'You have reached the limit.', 'MONTHLY_REQUEST_COUNT'],
    [403, 'AccessDeniedException', 'Suspended.', 'TEMPORARILY_SUSPENDED'],
    [404, 'ResourceNotFoundException', 'No such profile.', undefined],
    [409, 'ConflictException', 'Key disabled.', 'CUSTOMER_KMS_KEY_DISABLED'],
    [429, 'ThrottlingException', 'High volume.', 'INSUFFICIENT_MODEL_CAPACITY'],
    [500, 'InternalServerException', 'High load.', 'MODEL_TEMPORARILY_UNAVAILABLE'],
    [503, 'ServiceUnavailableException', 'Unavailable.', undefined],
  ])('names the error of status %i as %s', async (status, name, message, reason) => {
    const refuse = { status, name, message, ...(reason === undefined ? {} : { reason }) };
    const error = await generate({ refuse }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name, message, $metadata: { httpStatusCode: status } });
    expect(error).toHaveProperty('$metadata.requestId', expect.stringMatching(/^[0-9a-f-]{36}$/));
    if (reason) expect(error).toMatchObject({ reason });
  });

  it('rejects the call if an exception comes first', async () => {
    const exception = { exception: 'ThrottlingException', payload: { message: 'slow' } };
    await expect(generate({ steps: [exception] })).rejects.toMatchObject({ name: 'ThrottlingException' });
  });

  it('rejects while reading if the model fails mid-stream', async () => {
    const payload = { message: 'high load', reason: 'MODEL_TEMPORARILY_UNAVAILABLE' };
    await expect(generate({ steps: ['Half', { exception: 'error', payload }] })).rejects.toMatchObject({
      name: 'InternalServerException',
      reason: 'MODEL_TEMPORARILY_UNAVAILABLE',
    });
  });

  it('rejects while reading an error frame or a wrong checksum', async () => {
    const error = { errorCode: 'InternalError', errorMessage: 'broken' };
    await expect(generate({ steps: ['Half', error] })).rejects.toMatchObject({ name: 'InternalError' });
    await expect(generate({ steps: ['Half', { corrupt: true }] })).rejects.toThrow(/checksum/i);
  });

  it('holds a session with the built-in model: a question, a tool call, its result, an answer', async () => {
    simulator.clearReplies();
    const json = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
    const tools = [{ toolSpecification: { name: 'get_weather', description: 'The weather.', inputSchema: { json } } }];
    const question = { content: 'What is the weather in Paris?', modelId: 'claude-opus-5' };
    const send = async (conversationState: ConversationState) => {
      const additionalModelRequestFields = { output_config: { effort: 'high' } };
      const command = new GenerateAssistantResponseCommand({ conversationState, additionalModelRequestFields });
      return collect((await client.send(command)).generateAssistantResponseResponse ?? []);
    };
    const first = await send({
      chatTriggerType: 'MANUAL',
      currentMessage: { userInputMessage: { ...question, userInputMessageContext: { tools } } },
    });
    const calls = first.flatMap((event) => event.toolUseEvent ?? []);
    const { toolUseId = '', name = '' } = calls[0] ?? {};
    const input: unknown = JSON.parse(calls.map((call) => call.input ?? '').join(''));
    expect([name, input]).toEqual(['get_weather', { city: 'Paris' }]);
    const reasoning = first.flatMap((event) => event.reasoningContentEvent ?? []);
    const text = reasoning.map((event) => event.text ?? '').join('');
    const signature = reasoning.find((event) => event.signature)?.signature ?? '';
    const toolResults = [{ toolUseId, content: [{ text: '21 °C' }], status: 'success' as const }];
    const second = await send({
      chatTriggerType: 'MANUAL',
      history: [
        { userInputMessage: question },
        {
          assistantResponseMessage: {
            content: textOf(first),
            toolUses: [{ toolUseId, name, input: { city: 'Paris' } }],
            reasoningContent: { reasoningText: { text, signature } },
          },
        },
      ],
      currentMessage: {
        userInputMessage: { content: '', modelId: 'claude-opus-5', userInputMessageContext: { tools, toolResults } },
      },
    });
    expect(textOf(second)).toContain('21 °C');
  });

  it('reassembles any text, wherever the seed cuts it', async () => {
    const unit = fc.oneof(
      fc.constantFrom('\n', '"', '\\', '🌍', 'e\u0301', '\u2028'),
      fc.string({ minLength: 1, maxLength: 1 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.string({ unit, minLength: 1, maxLength: 60 }), async (text) => {
        expect(textOf(await generate({ steps: [text] }))).toBe(text);
      }),
      { seed: 42, numRuns: 50 },
    );
  });
});
