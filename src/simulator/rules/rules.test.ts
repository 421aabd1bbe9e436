/** One case per rule: a request that violates only this rule, and the service's error. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_MODELS } from '../catalogue.ts';
import { type Flavour, Refused, writeRefusal } from '../refusal.ts';
import { Signatures } from '../signatures.ts';
import { BODY_RULES } from './body.ts';
import { CHAT_RULES, checkBody, checkChat } from './check.ts';

type Json = Record<string, unknown>;

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const signatures = new Signatures('rules');

const tool = (name: string, schema: Json = { type: 'object', properties: {} }, description = 'd') => ({
  toolSpecification: { name, description, inputSchema: { json: schema } },
});
const use = (toolUseId: string, input: unknown = {}, name = 'look') => ({ toolUseId, name, input });
const result = (toolUseId: string, more: Json = {}) => ({
  toolUseId,
  content: [{ text: 'ok' }],
  status: 'success',
  ...more,
});
const user = (content: string, more: Json = {}) => ({ userInputMessage: { content, ...more } });
const assistant = (content: string, more: Json = {}) => ({ assistantResponseMessage: { content, ...more } });
const image = (format = 'png', bytes = PNG) => ({ format, source: { bytes } });
const document = (name: string, format = 'txt', bytes = 'aGk=') => ({ name, format, source: { bytes } });

/** A valid request like an agent's in mid-session, with every optional member. */
function soundRequest(): Json {
  return {
    conversationState: {
      chatTriggerType: 'MANUAL',
      conversationId: 'c-1',
      agentTaskType: 'vibe',
      history: [
        user('Be terse.', { origin: 'AI_EDITOR', modelId: 'claude-sonnet-5' }),
        assistant('Understood.'),
        user('Look around.', { images: [image()], documents: [document('notes')] }),
        assistant('Looking.', {
          toolUses: [use('t1', { path: 'a', list: [], nothing: null }), use('t2')],
          reasoningContent: { reasoningText: { text: 'Hm.', signature: signatures.sign('Hm.') } },
        }),
      ],
      currentMessage: user('', {
        modelId: 'claude-sonnet-5',
        origin: 'AI_EDITOR',
        cachePoint: { type: 'default' },
        userInputMessageContext: {
          toolResults: [result('t1'), result('t2', { content: [{ json: { a: null } }], status: 'error' })],
          tools: [
            tool('look', { type: 'object', properties: { path: { type: 'string', default: null } } }),
            tool('go'),
          ],
          envState: { operatingSystem: 'linux', currentWorkingDirectory: '/home' },
        },
      }),
    },
    profileArn: 'arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL',
    additionalModelRequestFields: { output_config: { effort: 'high' }, thinking: { type: 'adaptive' } },
  };
}

interface Parts {
  readonly request: Json;
  readonly state: Json;
  readonly history: Json[];
  readonly current: Json;
  readonly context: Json;
}

function openRequest(): Parts {
  // The request is the one defined above.
  const request = soundRequest() as {
    conversationState: { history: Json[]; currentMessage: { userInputMessage: Json } };
  } & Json;
  const state = request.conversationState;
  const current = state.currentMessage.userInputMessage;
  return { request, state, history: state.history, current, context: current.userInputMessageContext as Json };
}

/** Without tools and results. */
function plain(parts: Parts): Parts {
  parts.history.splice(2);
  delete parts.current.userInputMessageContext;
  parts.current.content = 'Hello.';
  return parts;
}

const webp = Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1'), Buffer.alloc(16)]).toString('base64');
const widePng = Buffer.from(PNG, 'base64');
widePng.writeUInt32BE(9000, 16);
const hugePng = Buffer.concat([Buffer.from(PNG, 'base64'), Buffer.alloc(10_000_001)]).toString('base64');
const hugeDocument = Buffer.alloc(4_500_001).toString('base64');

interface Row {
  readonly rule: string;
  readonly reason?: string | null;
  readonly message?: string;
  readonly break: (parts: Parts) => unknown;
}

const IMPROPER = 'Improperly formed request.';
const FORMAT = 'Invalid tool use format.';
const LONG = 'Input is too long.';

const ROWS: readonly Row[] = [
  { rule: 'body-json', reason: 'REQUEST_BODY_INVALID_JSON', break: () => '{"conversationState":' },
  { rule: 'body-json', reason: 'REQUEST_BODY_INVALID_JSON', break: () => Buffer.from('{"a":"\xff"}', 'latin1') },
  {
    rule: 'text-well-formed',
    reason: 'REQUEST_BODY_INVALID_JSON',
    break: ({ history }) => (history[0] = user('\ud83c')),
  },
  { rule: 'body-unknown-member', reason: 'REQUEST_BODY_INVALID', break: ({ request }) => (request.systemPrompt = 'x') },
  { rule: 'body-unknown-member', reason: 'REQUEST_BODY_INVALID', break: ({ request }) => (request.agentMode = 'vibe') },
  {
    rule: 'body-unknown-member',
    reason: 'REQUEST_BODY_INVALID',
    break: ({ request }) => (request.inferenceConfig = {}),
  },
  {
    rule: 'body-unknown-member',
    reason: 'REQUEST_BODY_INVALID',
    break: ({ context }) => (context.toolResults = [result('t1', { isError: false }), result('t2')]),
  },
  { rule: 'body-null', break: ({ current }) => (current.userIntent = null) },
  { rule: 'body-null', break: ({ state }) => (state.workspaceId = null) },
  { rule: 'body-required', break: ({ state }) => delete state.chatTriggerType },
  { rule: 'body-required', break: ({ history }) => (history[0] = {}) },
  { rule: 'body-required', break: ({ current }) => delete current.content },
  { rule: 'body-type', break: ({ current }) => (current.content = ['Hello']) },
  { rule: 'body-type', break: ({ current }) => (current.images = [image('png', 'no base64!')]) },
  { rule: 'body-enum', break: ({ state }) => (state.chatTriggerType = 'AUTO') },
  { rule: 'body-enum', break: ({ current }) => (current.origin = 'SOMEWHERE') },
  {
    rule: 'body-enum',
    break: ({ context }) => (context.toolResults = [result('t1', { status: 'failed' }), result('t2')]),
  },
  { rule: 'body-limit', break: ({ state }) => (state.agentContinuationId = 'short') },
  { rule: 'body-limit', break: ({ request }) => (request.profileArn = 'arn:aws:iam::1:role/x') },
  { rule: 'current-user', break: ({ state }) => (state.currentMessage = assistant('And then')) },
  {
    rule: 'conversation-id',
    reason: 'INVALID_CONVERSATION_ID',
    break: ({ state }) => (state.conversationId = 'x'.repeat(129)),
  },
  {
    rule: 'model-known',
    reason: 'INVALID_MODEL_ID',
    message: 'Invalid model. Please select a different model to continue.',
    break: ({ current }) => (current.modelId = 'claude-sonnet-99'),
  },
  {
    rule: 'history-starts-user',
    break: (parts) =>
      parts.history.splice(
        0,
        4,
        user('', { userInputMessageContext: { toolResults: [result('t0')] } }),
        assistant('x', { toolUses: [use('t1'), use('t2')] }),
      ),
  },
  { rule: 'history-alternates', break: ({ history }) => history.splice(1, 1) },
  { rule: 'history-alternates', break: ({ history }) => history.splice(1, 0, assistant('Yes.')) },
  { rule: 'history-ends-assistant', break: (parts) => plain(parts).history.push(user('More.')) },
  { rule: 'content-empty', break: ({ history }) => (history[1] = assistant('')) },
  { rule: 'content-empty', break: (parts) => Object.assign(plain(parts).current, { content: '' }) },
  {
    rule: 'content-length',
    reason: 'CONTENT_LENGTH_EXCEEDS_THRESHOLD',
    message: LONG,
    break: ({ current }) => (current.content = 'x'.repeat(10_000_001)),
  },
  {
    rule: 'model-fields-supported',
    message: 'additionalModelRequestFields is not supported for this model',
    break: ({ current }) => (current.modelId = 'claude-sonnet-4.5'),
  },
  {
    rule: 'model-fields-valid',
    message: 'Invalid additionalModelRequestFields',
    break: ({ request }) => (request.additionalModelRequestFields = { output_config: { effort: 'utmost' } }),
  },
  {
    rule: 'model-fields-valid',
    message: 'Invalid additionalModelRequestFields',
    break: ({ request }) => (request.additionalModelRequestFields = { temperature: 1 }),
  },
  {
    rule: 'model-fields-valid',
    message: 'Invalid additionalModelRequestFields',
    break: ({ request, current }) => {
      current.modelId = 'claude-opus-4.6';
      request.additionalModelRequestFields = { output_config: { effort: 'xhigh' } };
    },
  },
  ...[
    ['claude-opus-5', { max_tokens: 1_023 }],
    ['claude-opus-5', { max_tokens: 128_001 }],
    ['claude-opus-4.8', { max_tokens: 2_000 }],
    ['claude-opus-5.5', { thinking: { type: 'disabled' } }],
  ].map(([modelId, fields]) => ({
    rule: 'model-fields-valid',
    message: 'Invalid additionalModelRequestFields',
    break: ({ current, request }: Parts) =>
      Object.assign(current, { modelId }) && Object.assign(request, { additionalModelRequestFields: fields }),
  })),
  {
    rule: 'reasoning-signature',
    reason: 'THINKING_SIGNATURE_INVALID',
    message: 'Invalid signature in thinking block.',
    break: ({ history }) =>
      (history[1] = assistant('x', {
        reasoningContent: { reasoningText: { text: 'Hm!', signature: signatures.sign('Hm.') } },
      })),
  },
  {
    rule: 'reasoning-signature',
    reason: 'THINKING_SIGNATURE_INVALID',
    message: 'Invalid signature in thinking block.',
    break: ({ history }) => (history[1] = assistant('x', { reasoningContent: { redactedContent: 'Zm9yZWlnbg==' } })),
  },
  {
    rule: 'tools-in-history',
    break: ({ history }) => (history[0] = user('Hi.', { userInputMessageContext: { tools: [tool('look')] } })),
  },
  { rule: 'tool-name', message: FORMAT, break: ({ context }) => (context.tools = [tool('look'), tool('mcp.server')]) },
  {
    rule: 'tool-name',
    message: FORMAT,
    break: ({ context }) => (context.tools = [tool('look'), tool('x'.repeat(65))]),
  },
  {
    rule: 'tool-duplicate',
    reason: 'TOOL_DUPLICATE',
    break: ({ context }) => (context.tools = [tool('look'), tool('Look')]),
  },
  { rule: 'tool-description', break: ({ context }) => (context.tools = [tool('look', undefined, '')]) },
  { rule: 'tool-description', break: ({ context }) => (context.tools = [tool('look', undefined, 'x'.repeat(10_241))]) },
  {
    rule: 'tool-schema-root',
    reason: 'TOOL_SCHEMA_INVALID',
    break: ({ context }) => (context.tools = [tool('look', {})]),
  },
  {
    rule: 'tool-schema-root',
    reason: 'TOOL_SCHEMA_INVALID',
    break: ({ context }) => (context.tools = [tool('look', { type: 'object', properties: null })]),
  },
  {
    rule: 'tool-schema-combinator',
    reason: 'TOOL_SCHEMA_INVALID',
    message: 'input_schema does not support oneOf, allOf, or anyOf at the top level',
    break: ({ context }) => (context.tools = [tool('look', { type: 'object', anyOf: [{ required: ['a'] }] })]),
  },
  {
    rule: 'tool-schema-keyword',
    reason: 'TOOL_SCHEMA_INVALID',
    break: ({ context }) =>
      (context.tools = [tool('look', { type: 'object', $schema: 'https://json-schema.org/draft-07/schema' })]),
  },
  {
    rule: 'tool-schema-keyword',
    reason: 'TOOL_SCHEMA_INVALID',
    break: ({ context }) =>
      (context.tools = [tool('look', { type: 'object', properties: { a: { type: 'string', description: null } } })]),
  },
  {
    rule: 'tool-schema-keyword',
    reason: 'TOOL_SCHEMA_INVALID',
    break: ({ context }) =>
      (context.tools = [tool('look', { type: 'object', properties: { a: { exclusiveMinimum: 0 } } })]),
  },
  {
    rule: 'tool-use-id',
    message: FORMAT,
    break: ({ history, context }) => {
      history[3] = assistant('x', { toolUses: [use('call:1')] });
      context.toolResults = [result('call:1')];
    },
  },
  {
    rule: 'tool-use-duplicate',
    reason: 'TOOL_USE_RESULT_MISMATCH',
    break: ({ history, context }) => {
      history[3] = assistant('x', { toolUses: [use('t1'), use('t1')] });
      context.toolResults = [result('t1'), result('t1')];
    },
  },
  {
    rule: 'tool-use-input',
    break: ({ history }) => (history[3] = assistant('x', { toolUses: [use('t1', '{}'), use('t2')] })),
  },
  {
    rule: 'tool-use-input',
    break: ({ history }) => (history[3] = assistant('x', { toolUses: [use('t1', { a: [{ '': 1 }] }), use('t2')] })),
  },
  { rule: 'tool-config-missing', reason: 'TOOL_CONFIG_MISSING', break: ({ context }) => delete context.tools },
  {
    rule: 'tool-pairing',
    reason: 'TOOL_USE_RESULT_MISMATCH',
    break: ({ context }) => (context.toolResults = [result('t1')]),
  },
  {
    rule: 'tool-pairing',
    reason: 'TOOL_USE_RESULT_MISMATCH',
    break: ({ context }) => (context.toolResults = [result('t1'), result('t2'), result('t3')]),
  },
  {
    rule: 'tool-pairing',
    reason: 'TOOL_USE_RESULT_MISMATCH',
    break: ({ context }) => (context.toolResults = [result('t1'), result('t2'), result('t2')]),
  },
  {
    rule: 'tool-pairing',
    reason: 'TOOL_USE_RESULT_MISMATCH',
    break: ({ history }) => (history[1] = assistant('x', { toolUses: [use('t0')] })),
  },
  {
    rule: 'tool-result-order',
    reason: 'TOOL_USE_RESULT_MISMATCH',
    break: ({ context }) => (context.toolResults = [result('t2'), result('t1')]),
  },
  {
    rule: 'tool-result-content',
    break: ({ context }) => (context.toolResults = [result('t1', { content: [{ text: '' }] }), result('t2')]),
  },
  {
    rule: 'image-count',
    reason: 'IMAGE_COUNT_EXCEEDED',
    break: ({ current }) => (current.images = Array.from({ length: 11 }, () => image())),
  },
  {
    rule: 'image-format',
    reason: 'IMAGE_FORMAT_UNSUPPORTED',
    break: ({ current }) => (current.images = [image('jpg')]),
  },
  { rule: 'image-mime', reason: 'IMAGE_MIME_MISMATCH', break: ({ current }) => (current.images = [image('jpeg')]) },
  {
    rule: 'image-mime',
    reason: 'IMAGE_MIME_MISMATCH',
    break: ({ current }) => (current.images = [image('gif', webp)]),
  },
  {
    rule: 'image-size',
    reason: 'IMAGE_SIZE_EXCEEDED',
    break: ({ current }) => (current.images = [image('png', hugePng)]),
  },
  {
    rule: 'image-dimension',
    reason: 'IMAGE_DIMENSION_EXCEEDED',
    break: ({ current }) => (current.images = [image('png', widePng.toString('base64'))]),
  },
  {
    rule: 'image-model',
    break: ({ current, request }) => {
      delete request.additionalModelRequestFields;
      current.modelId = 'glm-5';
      current.images = [image()];
    },
  },
  {
    rule: 'document-count',
    reason: 'DOCUMENT_COUNT_EXCEEDED',
    break: ({ current }) => (current.documents = [1, 2, 3, 4, 5, 6].map((number) => document(`d${number}`))),
  },
  { rule: 'document-format', break: ({ current }) => (current.documents = [document('a', 'rtf')]) },
  { rule: 'document-format', break: ({ current }) => (current.documents = [document('a.txt')]) },
  {
    rule: 'document-size',
    reason: 'DOCUMENT_SIZE_EXCEEDED',
    break: ({ current }) => (current.documents = [document('big', 'txt', hugeDocument)]),
  },
  {
    rule: 'document-duplicate',
    reason: 'DOCUMENT_DUPLICATE_NAME',
    break: ({ current }) => (current.documents = [document('notes')]),
  },
  {
    rule: 'document-model',
    reason: 'DOCUMENT_MODEL_NOT_SUPPORTED',
    break: ({ current, request }) => {
      delete request.additionalModelRequestFields;
      current.modelId = 'glm-5';
      current.documents = [document('other')];
    },
  },
  {
    rule: 'context-window',
    reason: 'CONTENT_LENGTH_EXCEEDS_THRESHOLD',
    message: LONG,
    break: ({ current }) => (current.content = 'x'.repeat(4_000_100)),
  },
];

/** Rules only for KiroRuntimeService, whose rows are in runtime.test.ts. */
const RUNTIME_ONLY = ['system-prompt', 'body-empty'];

/** The violated rule and its error, or undefined. */
function check(body: unknown, strict = true, flavour: Flavour = 'rest'): Refused | undefined {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  try {
    const options = { strict, models: DEFAULT_MODELS, signatures };
    checkChat(
      checkBody({ family: 'codewhisperer', flavour, operation: 'GenerateAssistantResponse', bytes }, options),
      strict,
    );
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}

function brokenBody(row: Row): unknown {
  const parts = openRequest();
  const replaced = row.break(parts);
  return typeof replaced === 'string' && replaced.startsWith('{"conv')
    ? replaced
    : Buffer.isBuffer(replaced)
      ? replaced
      : parts.request;
}

describe('the rules of a chat request', () => {
  it('accept a valid request', () => {
    expect(check(soundRequest())).toBeUndefined();
  });

  it.each(ROWS)('$rule refuses with its own reason ($reason)', (row) => {
    const refused = check(brokenBody(row));
    expect(refused?.rule).toBe(row.rule);
    const { message = IMPROPER, reason = null } = row;
    expect(refused?.refusal).toEqual({ status: 400, name: 'ValidationException', message, reason });
  });

  it('each have a row', () => {
    const ids = [...BODY_RULES, ...CHAT_RULES].map(({ id }) => id).filter((id) => !RUNTIME_ONLY.includes(id));
    expect(new Set(ROWS.map(({ rule }) => rule))).toEqual(new Set(ids));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('takes empty lists, and calls without text before them, as official clients send them', () => {
    const { request, history, current, context } = openRequest();
    history.push(
      assistant('', { toolUses: [use('t3')] }),
      user('', { userInputMessageContext: { toolResults: [result('t3')] } }),
    );
    history.push(assistant('Done.', { toolUses: [] }));
    context.toolResults = [];
    Object.assign(current, { content: 'Thanks.', images: [] });
    history.splice(4, 0, user('', { userInputMessageContext: { toolResults: [result('t1'), result('t2')] } }));
    expect(check(request)).toBeUndefined();
    const first = plain(openRequest());
    first.state.history = [];
    expect(check(first.request)).toBeUndefined();
  });

  it('accept a history with undeclared tools if some tool is declared', () => {
    const { request, context } = openRequest();
    context.tools = [tool('go')];
    expect(check(request)).toBeUndefined();
  });

  it('accept agentMode as a member of the body in JSON 1.0', () => {
    expect(check({ ...soundRequest(), agentMode: 'vibe' }, true, 'json')).toBeUndefined();
  });

  it('that only some hosts enforce are skipped when not strict', () => {
    expect(check({ ...soundRequest(), systemPrompt: 'x' }, false)).toBeUndefined();
    const { request, state } = openRequest();
    state.chatTriggerType = 'AUTO';
    expect(check(request, false)?.rule).toBe('body-enum');
  });

  it('accept redacted reasoning that was sent before', () => {
    signatures.rememberRedacted('b3BhcXVl');
    const { request, history } = openRequest();
    history[1] = assistant('x', { reasoningContent: { redactedContent: 'b3BhcXVl' } });
    expect(check(request)).toBeUndefined();
  });
});

describe('a refusal', () => {
  const refusal = { status: 400, name: 'ValidationException', message: 'Improperly formed request.', reason: null };

  it('is named by a header in REST, message before reason', () => {
    const { headers, body } = writeRefusal(refusal, { flavour: 'rest', service: '' });
    expect(headers).toEqual({ 'content-type': 'application/json', 'x-amzn-errortype': 'ValidationException' });
    expect(body).toBe('{"message":"Improperly formed request.","reason":null}');
  });

  it('is named by the body in JSON 1.0', () => {
    const { headers, body } = writeRefusal(
      { ...refusal, reason: 'INVALID_MODEL_ID' },
      { flavour: 'json', service: 'AmazonCodeWhispererService' },
    );
    expect(headers).toEqual({ 'content-type': 'application/x-amz-json-1.0' });
    const type = 'com.amazon.aws.codewhisperer#ValidationException';
    expect(body).toBe(`{"__type":"${type}","message":"Improperly formed request.","reason":"INVALID_MODEL_ID"}`);
  });

  it('without a name is bare, as an edge layer’s', () => {
    expect(
      writeRefusal({ status: 502, message: 'Bad Gateway', retryAfterS: 3 }, { flavour: 'rest', service: '' }),
    ).toEqual({
      status: 502,
      headers: { 'retry-after': '3' },
      body: 'Bad Gateway',
    });
  });
});
