/**
 * What the service may send, one script per row, with the result that a client must get: every event kind, every stop
 * reason, every fault. The same rows go through every client protocol, streamed and not streamed.
 */
import type { ErrorCode } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { StopReason } from '../../src/core/reply.ts';
import type { Refusal, ReplyStep, ScriptedReply } from '../../src/simulator/script.ts';

export interface EventScript {
  readonly name: string;
  readonly steps?: readonly ReplyStep[];
  readonly closing?: ScriptedReply['closing'];
  readonly refuse?: Refusal;
  /** The account has had a complete reply before this one, closing events included. */
  readonly isLater?: boolean;
  readonly expected: ExpectedReply | ExpectedFailure;
}

export interface ExpectedReply {
  readonly text?: string;
  readonly reasoning?: string;
  readonly tools?: readonly { readonly name: string; readonly input: JsonObject }[];
  readonly stop: StopReason;
  /** The explanation, if the client's protocol has a field for it. */
  readonly refusal?: string;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly cacheReadTokens?: number;
}

export interface ExpectedFailure {
  readonly error: ErrorCode;
  /** Text that a streaming client gets before the failure; undefined: the failure is the HTTP response itself. */
  readonly visible?: string;
}

/** The tools declared in every request of the suite. */
export const TOOLS: readonly { name: string; description: string; schema: JsonObject }[] = [
  {
    name: 'read_file',
    description: 'Reads a text file.',
    schema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
  },
  { name: 'list_files', description: 'Lists the files here.', schema: { type: 'object', properties: {} } },
];

const reading = { tool: 'read_file', input: { path: 'notes.txt' } } as const;
const readingResult = { name: 'read_file', input: { path: 'notes.txt' } };
const text = (content: string): ReplyStep => ({ event: 'assistantResponseEvent', payload: { content } });
const toolEvent = (payload: JsonObject): ReplyStep => ({ event: 'toolUseEvent', payload });

const TEXTS: readonly EventScript[] = [
  { name: 'one fragment of text', steps: [{ text: ['Hello.'] }], expected: { text: 'Hello.', stop: 'end-turn' } },
  {
    name: 'many fragments of text',
    steps: [{ text: Array.from({ length: 200 }, (_, index) => `word${index} `) }],
    expected: { text: Array.from({ length: 200 }, (_, index) => `word${index} `).join(''), stop: 'end-turn' },
  },
  {
    name: 'scripts other than Latin, and characters beyond the basic plane',
    steps: [{ text: ['Grüße, ', '你好，', 'привет ', '🌍🧑‍🚀', ' e\u0301'] }],
    expected: { text: 'Grüße, 你好，привет 🌍🧑‍🚀 e\u0301', stop: 'end-turn' },
  },
  {
    name: 'every character that JSON has to escape',
    steps: [
      { text: ['"quoted" \\ back\\\\slash', '\n\r\t\b\f', '\u0001\u001f', '\u2028\u2029', '</script>', '\\u0041'] },
    ],
    expected: { text: '"quoted" \\ back\\\\slash\n\r\t\b\f\u0001\u001f\u2028\u2029</script>\\u0041', stop: 'end-turn' },
  },
  {
    name: 'the same fragment twice in a row, both of which count',
    steps: [{ text: ['ha', 'ha', 'ha', '\n', '\n'] }],
    expected: { text: 'hahaha\n\n', stop: 'end-turn' },
  },
  {
    name: 'empty fragments among others',
    steps: [{ text: ['', 'a', '', 'b', ''] }],
    expected: { text: 'ab', stop: 'end-turn' },
  },
  {
    name: 'text that looks like the end of a stream',
    steps: [{ text: ['data: [DONE]\n\n', 'event: message_stop\n\n'] }],
    expected: { text: 'data: [DONE]\n\nevent: message_stop\n\n', stop: 'end-turn' },
  },
  {
    name: 'unknown keys beside the content',
    steps: [
      { event: 'assistantResponseEvent', payload: { content: 'Hi', modelId: 'claude-sonnet-4.5', messageStatus: 'X' } },
    ],
    expected: { text: 'Hi', stop: 'end-turn' },
  },
  {
    name: 'a payload wrapped in its own name',
    steps: [{ event: 'assistantResponseEvent', payload: { assistantResponseEvent: { content: 'Hi' } } }],
    expected: { text: 'Hi', stop: 'end-turn' },
  },
  {
    name: 'code fragments of the older chat',
    steps: [text('See: '), { event: 'codeEvent', payload: { content: 'x = 1' } }],
    expected: { text: 'See: x = 1', stop: 'end-turn' },
  },
];

const SIDE_EVENTS: readonly EventScript[] = [
  ['messageMetadataEvent', { conversationId: 'c', utteranceId: 'u' }],
  ['codeReferenceEvent', { references: [{ licenseName: 'MIT', repository: 'r', url: 'https://example.com/r' }] }],
  [
    'supplementaryWebLinksEvent',
    { supplementaryWebLinks: [{ url: 'https://example.com/a', title: 'A', snippet: 's' }] },
  ],
  ['citationEvent', { target: { location: 3 }, citationText: 't', citationLink: 'https://example.com/c' }],
  ['documentCitationEvent', { source: 's', title: 'T', location: { web: { url: 'https://example.com/d' } } }],
  ['followupPromptEvent', { followupPrompt: { content: 'Shall I go on?' } }],
  ['intentsEvent', { intents: { SUPPORT: { a: { b: 'c' } } } }],
  [
    'interactionComponentsEvent',
    { interactionComponentEntries: [{ interactionComponent: { text: { content: 'x' } } }] },
  ],
  ['toolResultEvent', { toolResult: { toolUseId: 'server', content: [{ text: 'x' }], status: 'success' } }],
  ['dryRunSucceedEvent', {}],
  ['brandNewEvent', { anything: [1, 2, 3] }],
].map(([event, payload]) => ({
  name: `${event} in the middle leaves the text alone`,
  steps: [text('One '), { event, payload } as ReplyStep, text('two.')],
  expected: { text: 'One two.', stop: 'end-turn' as const },
}));

const REASONING: readonly EventScript[] = [
  {
    name: 'reasoning with its signature, then text',
    steps: [{ reasoning: ['Let me ', 'think.'], signature: 'c2ln' }, 'Done.'],
    expected: { reasoning: 'Let me think.', text: 'Done.', stop: 'end-turn' },
  },
  {
    name: 'a separate signature after the reasoning',
    steps: [
      { event: 'reasoningContentEvent', payload: { text: 'Hm.' } },
      { event: 'reasoningContentEvent', payload: { signature: 'c2ln' } },
      text('Done.'),
    ],
    expected: { reasoning: 'Hm.', text: 'Done.', stop: 'end-turn' },
  },
  {
    name: 'a signature on the last fragment of reasoning',
    steps: [{ event: 'reasoningContentEvent', payload: { text: 'Hm.', signature: 'c2ln' } }, text('Done.')],
    expected: { reasoning: 'Hm.', text: 'Done.', stop: 'end-turn' },
  },
  {
    name: 'redacted reasoning, then text',
    steps: [{ redacted: 'b3BhcXVl' }, 'Done.'],
    expected: { text: 'Done.', stop: 'end-turn' },
  },
  {
    name: 'reasoning, then a tool call',
    steps: [{ reasoning: 'I need the file.', signature: 'c2ln' }, reading],
    expected: { reasoning: 'I need the file.', tools: [readingResult], stop: 'tool-use' },
  },
];

const TOOL_CALLS: readonly EventScript[] = [
  { name: 'one tool call', steps: [reading], expected: { tools: [readingResult], stop: 'tool-use' } },
  {
    name: 'a tool call in many fragments, cut inside an escape and a character',
    steps: [{ tool: 'read_file', fragments: ['{"pa', 'th":"a\\', 'n\\u00', 'e9\\ud83c', '\\udf0d"', '}'] }],
    expected: { tools: [{ name: 'read_file', input: { path: 'a\né🌍' } }], stop: 'tool-use' },
  },
  {
    name: 'a tool call without any input',
    steps: [{ tool: 'list_files', fragments: [] }],
    expected: { tools: [{ name: 'list_files', input: {} }], stop: 'tool-use' },
  },
  {
    name: 'input as an object instead of fragments',
    steps: [
      toolEvent({ toolUseId: 'tooluse_a', name: 'read_file' }),
      toolEvent({ toolUseId: 'tooluse_a', name: 'read_file', input: { path: 'notes.txt' } }),
      toolEvent({ toolUseId: 'tooluse_a', name: 'read_file', stop: true }),
    ],
    expected: { tools: [readingResult], stop: 'tool-use' },
  },
  {
    name: 'a complete tool call in one event',
    steps: [toolEvent({ toolUseId: 'tooluse_a', name: 'read_file', input: '{"path":"notes.txt"}', stop: true })],
    expected: { tools: [readingResult], stop: 'tool-use' },
  },
  {
    name: 'fragments that do not repeat the id',
    steps: [
      toolEvent({ toolUseId: 'tooluse_a', name: 'read_file' }),
      toolEvent({ input: '{"path":' }),
      toolEvent({ input: '"notes.txt"}' }),
      toolEvent({ stop: true }),
    ],
    expected: { tools: [readingResult], stop: 'tool-use' },
  },
  {
    name: 'two tool calls, one after the other',
    steps: [reading, { tool: 'list_files', input: {} }],
    expected: { tools: [readingResult, { name: 'list_files', input: {} }], stop: 'tool-use' },
  },
  {
    name: 'two equal tool calls, both of which count',
    steps: [reading, reading],
    expected: { tools: [readingResult, readingResult], stop: 'tool-use' },
  },
  {
    name: 'a complete call without stop, then another call',
    steps: [
      { ...reading, unfinished: true },
      { tool: 'list_files', input: {} },
    ],
    expected: { tools: [readingResult, { name: 'list_files', input: {} }], stop: 'tool-use' },
  },
  {
    name: 'text, a tool call, and text again',
    steps: [{ text: ['First. '] }, reading, { text: ['And then.'] }],
    expected: { text: 'First. And then.', tools: [readingResult], stop: 'tool-use' },
  },
  {
    name: 'a tool call with the stop reason END_TURN',
    steps: [reading, { stopReason: 'END_TURN' }],
    expected: { tools: [readingResult], stop: 'tool-use' },
  },
  {
    name: 'a tool call that is cut off is an error, never an empty input',
    steps: [{ text: ['Writing.'] }, { tool: 'read_file', fragments: ['{"path":"not'], unfinished: true }],
    expected: { error: 'tool_use_truncated', visible: 'Writing.' },
  },
  {
    name: 'a tool call whose input is not JSON is an error, never an empty input',
    steps: [{ text: ['Writing.'] }, { tool: 'read_file', fragments: ['{"path":"not'] }],
    expected: { error: 'tool_use_truncated', visible: 'Writing.' },
  },
];

const listing = (more: JsonObject) => toolEvent({ toolUseId: 'tooluse_l', name: 'list_files', ...more });
const fragment = (more: JsonObject) => toolEvent({ toolUseId: 'tooluse_r', name: 'read_file', ...more });
const listingResult = { name: 'list_files', input: {} };

/** Calls that the service does not end with `stop`, mixes, or writes in invalid JSON. */
const ODD_TOOL_CALLS: readonly EventScript[] = [
  {
    name: 'a call without arguments and without stop',
    steps: [listing({ input: '', stop: false }), { stopReason: 'TOOL_USE' }],
    expected: { tools: [listingResult], stop: 'tool-use' },
  },
  {
    name: 'parallel calls, the first without arguments',
    steps: [
      listing({ input: '', stop: false }),
      fragment({ input: '', stop: false }),
      fragment({ input: '{"path":"notes.txt"}', stop: false }),
      fragment({ stop: true }),
      { stopReason: 'TOOL_USE' },
    ],
    expected: { tools: [listingResult, readingResult], stop: 'tool-use' },
  },
  {
    name: 'text after a call without arguments',
    steps: [listing({ input: '' }), text('Listed.'), { stopReason: 'TOOL_USE' }],
    expected: { text: 'Listed.', tools: [listingResult], stop: 'tool-use' },
  },
  {
    name: 'fragments of two calls that alternate',
    steps: [
      fragment({ input: '{"path":' }),
      toolEvent({ toolUseId: 'tooluse_s', name: 'read_file', input: '{"path"' }),
      fragment({ input: '"notes.txt"}' }),
      toolEvent({ toolUseId: 'tooluse_s', name: 'read_file', input: ':"b"}', stop: true }),
      fragment({ stop: true }),
    ],
    expected: { tools: [readingResult, { name: 'read_file', input: { path: 'b' } }], stop: 'tool-use' },
  },
  {
    name: 'a complete input without stop',
    steps: [fragment({ input: '{"path":"notes.txt"}', stop: false }), { stopReason: 'END_TURN' }],
    expected: { tools: [readingResult], stop: 'tool-use' },
  },
  {
    name: 'a partial input without stop',
    steps: [text('Reading.'), fragment({ input: '{"path":"', stop: false }), { stopReason: 'TOOL_USE' }],
    expected: { error: 'tool_use_truncated', visible: 'Reading.' },
  },
  {
    name: 'no input although the schema requires one',
    steps: [text('Reading.'), fragment({ input: '', stop: false }), { stopReason: 'TOOL_USE' }],
    expected: { error: 'tool_use_truncated', visible: 'Reading.' },
  },
  {
    name: 'arguments with raw control characters and stray backslashes',
    steps: [fragment({ input: '{"path":"C:\\Use' }), fragment({ input: 'rs\\x\n"}', stop: true })],
    expected: { tools: [{ name: 'read_file', input: { path: 'C:\\Users\\x\n' } }], stop: 'tool-use' },
  },
  {
    name: 'invalid arguments that can be read in two ways',
    steps: [text('Reading.'), fragment({ input: '{"path":"C:\\Users\\new"}', stop: true })],
    expected: { error: 'tool_use_truncated', visible: 'Reading.' },
  },
  {
    name: 'reasoning after a tool call, of which only the signature is sent',
    steps: [
      fragment({ input: '{"path":"notes.txt"}', stop: true }),
      { event: 'reasoningContentEvent', payload: { text: '...', signature: 'c2ln' } },
    ],
    expected: { tools: [readingResult], stop: 'tool-use' },
  },
];

const ENDINGS: readonly EventScript[] = [
  {
    name: 'text without closing events, from an account that has not sent any',
    steps: [text('The first step is to open the')],
    closing: [],
    expected: { text: 'The first step is to open the', stop: 'end-turn' },
  },
  {
    name: 'text without closing events, from an account that has sent them before',
    steps: [text('The first step is to open the')],
    closing: [],
    isLater: true,
    expected: { text: 'The first step is to open the', stop: 'max-tokens' },
  },
  {
    name: 'text with one closing event, from an account that has sent others before',
    steps: [text('Done.')],
    closing: ['metering'],
    isLater: true,
    expected: { text: 'Done.', stop: 'end-turn' },
  },
  {
    name: 'a refusal with its category and explanation',
    steps: [
      text('I'),
      {
        event: 'metadataEvent',
        payload: {
          stopReason: 'CONTENT_FILTERED',
          stopDetails: { refusal: { category: 'REASONING_EXTRACTION', explanation: 'It asks for reasoning.' } },
        },
      },
    ],
    expected: { text: 'I', stop: 'refusal', refusal: 'It asks for reasoning.' },
  },
];

const STOP_REASONS: readonly EventScript[] = (
  [
    ['END_TURN', 'end-turn'],
    ['end_turn', 'end-turn'],
    ['STOP_SEQUENCE', 'end-turn'],
    ['MAX_TOKENS', 'max-tokens'],
    ['MODEL_CONTEXT_WINDOW_EXCEEDED', 'context-window'],
    ['CONTENT_FILTERED', 'refusal'],
    ['GUARDRAIL_INTERVENED', 'refusal'],
    ['SOMETHING_NEW', 'end-turn'],
  ] as const
).map(([stopReason, stop]) => ({
  name: `stop reason ${stopReason}`,
  steps: [{ text: ['Said.'] }, { stopReason }],
  expected: { text: 'Said.', stop },
}));

const FIGURES: readonly EventScript[] = [
  {
    name: 'token counts the service reports',
    steps: ['Hi', { tokenUsage: { uncachedInputTokens: 90, outputTokens: 7, totalTokens: 97 } }],
    expected: { text: 'Hi', stop: 'end-turn', inputTokens: 90, outputTokens: 7 },
  },
  {
    name: 'token counts with a cache',
    steps: [
      'Hi',
      {
        tokenUsage: {
          uncachedInputTokens: 10,
          cacheReadInputTokens: 70,
          cacheWriteInputTokens: 20,
          outputTokens: 7,
          totalTokens: 107,
        },
      },
    ],
    expected: { text: 'Hi', stop: 'end-turn', inputTokens: 100, outputTokens: 7, cacheReadTokens: 70 },
  },
  {
    name: 'credits in two parts',
    steps: ['Hi', { credits: 0.01 }, { credits: 0.02 }],
    expected: { text: 'Hi', stop: 'end-turn' },
  },
];

const FAULTS: readonly EventScript[] = [
  {
    name: 'an exception before anything else',
    steps: [{ exception: 'ThrottlingException', payload: { message: 'Too many requests.' } }],
    expected: { error: 'upstream_throttled' },
  },
  {
    name: 'an error frame before anything else',
    steps: [{ errorCode: 'InternalError', errorMessage: 'broken' }],
    expected: { error: 'upstream_broken' },
  },
  {
    name: 'a model failure in mid-stream',
    steps: [
      { text: ['Half'] },
      { exception: 'error', payload: { message: 'high load', reason: 'MODEL_TEMPORARILY_UNAVAILABLE' } },
    ],
    expected: { error: 'upstream_overloaded', visible: 'Half' },
  },
  {
    name: 'a failure in mid-stream that only its envelope names',
    steps: [
      { text: ['Half'] },
      {
        exception: 'error',
        payload: { __type: 'com.amazon.kiro.runtimeservice#ThrottlingException', message: 'slow' },
      },
    ],
    expected: { error: 'upstream_throttled', visible: 'Half' },
  },
  {
    name: 'throttling in mid-stream',
    steps: [{ text: ['Half'] }, { exception: 'ThrottlingException', payload: { message: 'slow down' } }],
    expected: { error: 'upstream_throttled', visible: 'Half' },
  },
  {
    name: 'late validation',
    steps: [
      { text: ['Half'] },
      { exception: 'ValidationException', payload: { message: 'Improperly formed request.' } },
    ],
    expected: { error: 'upstream_refused', visible: 'Half' },
  },
  {
    name: 'an error frame in mid-stream',
    steps: [{ text: ['Half'] }, { errorCode: 'InternalError', errorMessage: 'broken' }],
    expected: { error: 'upstream_broken', visible: 'Half' },
  },
  {
    name: 'the output limit reported as an exception',
    steps: [{ text: ['Half'] }, { exception: 'ContentLengthExceededException', payload: { message: 'limit' } }],
    expected: { text: 'Half', stop: 'max-tokens' },
  },
  {
    name: 'an invalid state',
    steps: [
      { text: ['Half'] },
      { event: 'invalidStateEvent', payload: { reason: 'INVALID_TASK_ASSIST_PLAN', message: 'm' } },
    ],
    expected: { error: 'upstream_broken', visible: 'Half' },
  },
  {
    name: 'a malformed tool call reported by the service',
    steps: [{ text: ['Half'] }, { stopReason: 'MALFORMED_TOOL_USE' }],
    expected: { error: 'upstream_broken', visible: 'Half' },
  },
  {
    name: 'malformed output reported by the service',
    steps: [{ text: ['Half'] }, { stopReason: 'MALFORMED_MODEL_OUTPUT' }],
    expected: { error: 'upstream_broken', visible: 'Half' },
  },
  {
    name: 'a frame with a wrong checksum',
    steps: [{ text: ['Half'] }, { corrupt: true }, { text: ['never believed'] }],
    expected: { error: 'upstream_broken', visible: 'Half' },
  },
  {
    name: 'a body that ends inside a frame',
    steps: [{ text: ['Half'] }, { cut: 'end', half: true }],
    expected: { error: 'upstream_broken', visible: 'Half' },
  },
  {
    name: 'a connection that breaks',
    steps: [{ text: ['Half'] }, { cut: 'reset' }],
    expected: { error: 'upstream_broken', visible: 'Half' },
  },
  {
    name: 'a connection that breaks before the first visible byte',
    steps: [{ cut: 'reset' }],
    expected: { error: 'upstream_broken' },
  },
  { name: 'an empty reply', steps: [{ text: [] }], expected: { error: 'empty_reply' } },
];

const REFUSALS: readonly EventScript[] = (
  [
    ['Improperly formed request.', 400, 'ValidationException', null, 'upstream_refused'],
    ['Input is too long.', 400, 'ValidationException', 'CONTENT_LENGTH_EXCEEDS_THRESHOLD', 'context_too_long'],
    ['Invalid model.', 400, 'ValidationException', 'INVALID_MODEL_ID', 'unknown_model'],
    ['You have reached the limit.', 402, 'ServiceQuotaExceededException', 'MONTHLY_REQUEST_COUNT', 'quota_exhausted'],
    ['Too many requests.', 429, 'ThrottlingException', null, 'upstream_throttled'],
    ['High volume.', 429, 'ThrottlingException', 'INSUFFICIENT_MODEL_CAPACITY', 'upstream_overloaded'],
    ['High load.', 500, 'InternalServerException', 'MODEL_TEMPORARILY_UNAVAILABLE', 'upstream_overloaded'],
    ['Unavailable.', 503, 'ServiceUnavailableException', null, 'upstream_overloaded'],
  ] as const
).map(([message, status, name, reason, error]) => ({
  name: `refused with ${status} ${name} ${reason ?? ''}`.trim(),
  refuse: { status, name, message, reason },
  expected: { error },
}));

export const EVENT_SCRIPTS: readonly EventScript[] = [
  ...TEXTS,
  ...SIDE_EVENTS,
  ...REASONING,
  ...TOOL_CALLS,
  ...ODD_TOOL_CALLS,
  ...STOP_REASONS,
  ...ENDINGS,
  ...FIGURES,
  ...FAULTS,
  ...REFUSALS,
];
