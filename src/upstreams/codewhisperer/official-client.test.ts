/** Compares every field of a request with what the official client serialises from the same input. */

import {
  CodeWhispererStreamingClient,
  GenerateAssistantResponseCommand,
  type GenerateAssistantResponseCommandInput,
} from '@aws/codewhisperer-streaming-client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INVOCATION, idsOf, listed, OPUS } from '../../../test/support/codewhisperer.ts';
import {
  assistant,
  conversation,
  documentOf,
  image,
  messyConversation,
  PNG,
  text,
  tool,
  toolResult,
  toolUse,
  user,
} from '../../../test/support/conversations.ts';
import type { Conversation } from '../../core/conversation.ts';
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json.ts';
import { runAtOnce } from '../../core/steps.ts';
import type { EncodeContext, UpstreamRequest } from '../upstream.ts';
import { encodeChat } from './encode.ts';

const ARN = 'arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL';
const ID = '0b7c2b6e-5d1c-4d0e-9a3f-3a2f3f1f9e10';

const context: EncodeContext = {
  access: { region: 'us-east-1', profileArn: ARN, wireProfile: 'q-rest', baseUrl: undefined, kind: 'builder-id' },
  model: listed(OPUS),
  ids: idsOf(ID),
  invocation: INVOCATION,
  sendEnvironment: true,
  withoutReasoningHistory: false,
  recoverToolCalls: true,
};

interface Captured {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** Runs the official client up to its last step: captures the request instead of sending it. */
async function serialized(input: GenerateAssistantResponseCommandInput): Promise<Captured> {
  const captured: Captured[] = [];
  const client = new CodeWhispererStreamingClient({
    region: 'us-east-1',
    endpoint: 'https://q.us-east-1.amazonaws.com',
    token: { token: 'test-token' },
    maxAttempts: 1,
    requestHandler: {
      handle(request: Captured) {
        captured.push(request);
        return Promise.reject(new Error('captured'));
      },
    },
  });
  await expect(client.send(new GenerateAssistantResponseCommand(input))).rejects.toThrow('captured');
  const [request] = captured;
  if (!request) throw new Error('the official client sent nothing');
  return request;
}

type State = NonNullable<GenerateAssistantResponseCommandInput['conversationState']>;

/** The members around the messages of every request here. */
function input(
  state: Pick<State, 'history' | 'currentMessage'>,
  fields?: object,
): GenerateAssistantResponseCommandInput {
  return {
    conversationState: {
      chatTriggerType: 'MANUAL',
      conversationId: ID,
      agentContinuationId: ID,
      agentTaskType: 'vibe',
      ...state,
    },
    profileArn: ARN,
    agentMode: 'vibe',
    ...fields,
  };
}

const user$ = { origin: 'AI_EDITOR', modelId: OPUS.id } as const;
const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const schema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
const tools = [
  { toolSpecification: { name: 'read_file', description: 'Does read_file', inputSchema: { json: schema } } },
];
const marked = (words: string) => ({ ...text(words), cachePoint: true });

const cases: { name: string; chat: Conversation; official: GenerateAssistantResponseCommandInput }[] = [
  {
    name: 'text',
    chat: conversation([user('Héllo 读 \u{1f600} "quoted"\n')]),
    official: input({ currentMessage: { userInputMessage: { content: 'Héllo 读 \u{1f600} "quoted"\n', ...user$ } } }),
  },
  {
    name: 'system text and history',
    chat: conversation([user('a'), assistant('b'), user('c')], {
      system: [{ at: 's', text: 'Terse.', cachePoint: false }],
    }),
    official: input({
      history: [
        { userInputMessage: { content: 'Terse.', ...user$ } },
        { assistantResponseMessage: { content: 'Understood.' } },
        { userInputMessage: { content: 'a', ...user$ } },
        { assistantResponseMessage: { content: 'b' } },
      ],
      currentMessage: { userInputMessage: { content: 'c', ...user$ } },
    }),
  },
  {
    name: 'tools and their results, one of them an error',
    chat: conversation(
      [
        user('a'),
        assistant('', toolUse('t1', 'read_file', { path: 'x', deep: [1, null, { a: true }] }), toolUse('t2')),
        user(toolResult('t1', [text('one'), text('two')]), toolResult('t2', 'gone', true)),
      ],
      { tools: [tool('read_file')] },
    ),
    official: input({
      history: [
        { userInputMessage: { content: 'a', ...user$ } },
        {
          assistantResponseMessage: {
            content: '',
            toolUses: [
              { toolUseId: 't1', name: 'read_file', input: { path: 'x', deep: [1, null, { a: true }] } },
              { toolUseId: 't2', name: 'read_file', input: { path: 'a.txt' } },
            ],
          },
        },
      ],
      currentMessage: {
        userInputMessage: {
          content: '',
          userInputMessageContext: {
            toolResults: [
              { toolUseId: 't1', status: 'success', content: [{ text: 'one' }, { text: 'two' }] },
              { toolUseId: 't2', status: 'error', content: [{ text: 'The tool call failed.\ngone' }] },
            ],
            tools,
          },
          ...user$,
        },
      },
    }),
  },
  {
    name: 'images and documents',
    chat: conversation([user(image(), documentOf('report', 'application/pdf', '%PDF-1.7'), 'What is this?')]),
    official: input({
      currentMessage: {
        userInputMessage: {
          content: 'What is this?',
          images: [{ format: 'png', source: { bytes: bytes(PNG) } }],
          documents: [{ name: 'report', format: 'pdf', source: { bytes: new Uint8Array(Buffer.from('%PDF-1.7')) } }],
          ...user$,
        },
      },
    }),
  },
  {
    name: 'reasoning in history, signed and redacted',
    chat: conversation([
      user('a'),
      assistant({ type: 'reasoning', at: 'r', text: 'hm', signature: 'c2ln' }, 'b'),
      user('c'),
      assistant({ type: 'redacted-reasoning', at: 'r', data: 'QUJD' }, 'd'),
      user('e'),
    ]),
    official: input({
      history: [
        { userInputMessage: { content: 'a', ...user$ } },
        {
          assistantResponseMessage: {
            content: 'b',
            reasoningContent: { reasoningText: { text: 'hm', signature: 'c2ln' } },
          },
        },
        { userInputMessage: { content: 'c', ...user$ } },
        { assistantResponseMessage: { content: 'd', reasoningContent: { redactedContent: bytes('QUJD') } } },
      ],
      currentMessage: { userInputMessage: { content: 'e', ...user$ } },
    }),
  },
  {
    name: 'reasoning settings',
    chat: conversation([user('a')], { reasoning: { mode: 'on', effort: 'max', budgetTokens: undefined } }),
    official: input(
      { currentMessage: { userInputMessage: { content: 'a', ...user$ } } },
      {
        additionalModelRequestFields: {
          output_config: { effort: 'max' },
          thinking: { type: 'adaptive', display: 'summarized' },
        },
      },
    ),
  },
  {
    name: 'cache points',
    chat: conversation([user('a'), assistant(marked('b')), user(marked('c'))], {
      system: [{ at: 's', text: 'Terse.', cachePoint: true }],
    }),
    official: input({
      history: [
        { userInputMessage: { content: 'Terse.', ...user$, cachePoint: { type: 'default' } } },
        { assistantResponseMessage: { content: 'Understood.' } },
        { userInputMessage: { content: 'a', ...user$ } },
        { assistantResponseMessage: { content: 'b', cachePoint: { type: 'default' } } },
      ],
      currentMessage: { userInputMessage: { content: 'c', ...user$, cachePoint: { type: 'default' } } },
    }),
  },
  {
    name: 'the working environment',
    chat: conversation([user('Platform: linux\nWorking directory: /srv/app\ngitStatus:\nM a.txt')]),
    official: input({
      currentMessage: {
        userInputMessage: {
          content: 'Platform: linux\nWorking directory: /srv/app\ngitStatus:\nM a.txt',
          userInputMessageContext: {
            envState: { operatingSystem: 'linux', currentWorkingDirectory: '/srv/app' },
            gitState: { status: 'M a.txt' },
          },
          ...user$,
        },
      },
    }),
  },
];

describe('the official client', () => {
  it.each(cases)('serialises the same request for $name', async ({ chat, official }) => {
    expectSame(runAtOnce(encodeChat(chat, context)).request, await serialized(official));
  });

  it('knows every member sent, whatever the conversation', async () => {
    await fc.assert(
      fc.asyncProperty(messyConversation, async ({ conversation: chat }) => {
        const request = encodedOrRefused(chat);
        if (!request) return;
        // The client drops members that its schema does not have.
        const body: GenerateAssistantResponseCommandInput = withBytes(JSON.parse(String(request.body)));
        expectSame(request, await serialized({ ...body, agentMode: 'vibe' }));
      }),
      { seed: 42, numRuns: 100 },
    );
  });
});

function expectSame(ours: UpstreamRequest, theirs: Captured): void {
  expect(JSON.parse(String(ours.body))).toEqual(JSON.parse(new TextDecoder().decode(theirs.body)));
  expect(ours.method).toBe(theirs.method);
  expect(new URL(ours.url).pathname).toBe(theirs.path);
  for (const name of ['content-type', 'x-amzn-kiro-agent-mode']) expect(ours.headers[name]).toBe(theirs.headers[name]);
}

function encodedOrRefused(chat: Conversation): UpstreamRequest | undefined {
  try {
    return runAtOnce(encodeChat(chat, context)).request;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'invalid_request') return undefined;
    throw error;
  }
}

/** The client's input has bytes where the wire has base64. */
function withBytes(value: unknown, key = ''): never {
  // `never` fits any input type: this rebuilds the shape from JSON.parse.
  if (typeof value === 'string') return (key === 'bytes' || key === 'redactedContent' ? bytes(value) : value) as never;
  if (Array.isArray(value)) return value.map((item) => withBytes(item)) as never;
  if (!isJsonObject(value)) return value as never;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withBytes(inner, name)])) as never;
}
