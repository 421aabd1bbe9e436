/**
 * Conversations for tests: short builders, and seeded arbitraries that are as messy as clients (consecutive roles, split
 * and orphan results, prefills, repeated ids, odd names, unknown images). Every text has a marker, so that a test can
 * look for it in the output.
 */
import fc from 'fast-check';
import { Attachment } from '../../src/core/attachment.ts';
import type {
  Conversation,
  DocumentPart,
  ImagePart,
  Part,
  TextPart,
  Tool,
  ToolResultPart,
  ToolUsePart,
  Turn,
} from '../../src/core/conversation.ts';
import type { JsonValue } from '../../src/core/json.ts';

/** A complete 1×1 PNG, base64. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
/** The first bytes of a GIF and of a WebP, enough to recognise them. */
export const GIF = Buffer.from('GIF89a\x01\x00\x01\x00', 'latin1').toString('base64');
export const WEBP = Buffer.from('RIFF\x24\x00\x00\x00WEBPVP8 ', 'latin1').toString('base64');
export const JPEG = Buffer.from('\xff\xd8\xff\xe0\x00\x10JFIF\x00', 'latin1').toString('base64');

export function text(words: string, at = 'messages[0].content[0]'): TextPart {
  return { type: 'text', at, text: words };
}

/** Like the protocols' parsers. Throws if the text is not base64. */
export function attachmentOf(base64: string): Attachment {
  const attachment = Attachment.fromBase64(base64);
  if (!attachment) throw new Error(`not base64: ${base64.slice(0, 40)}`);
  return attachment;
}

export function image(data = PNG, mediaType = 'image/png', at = 'messages[0].content[1]'): ImagePart {
  return { type: 'image', at, mediaType, attachment: attachmentOf(data) };
}

export function documentOf(
  name: string | undefined,
  mediaType: string,
  bytes: string,
  at = 'messages[0].content[1]',
): DocumentPart {
  return {
    type: 'document',
    at,
    name,
    mediaType,
    source: { type: 'attachment', attachment: Attachment.fromBytes(Buffer.from(bytes)) },
  };
}

export function toolUse(
  toolUseId: string,
  name = 'read_file',
  input: JsonValue = { path: 'a.txt' },
  at = `use ${toolUseId}`,
): ToolUsePart {
  return { type: 'tool-use', at, toolUseId, name, input };
}

export function toolResult(
  toolUseId: string,
  content: string | ToolResultPart['content'] = 'done',
  isError = false,
  at = `result ${toolUseId}`,
): ToolResultPart {
  const parts = typeof content === 'string' ? [text(content, at)] : content;
  return { type: 'tool-result', at, toolUseId, content: parts, isError };
}

type TurnContent = string | Part;

export function user(...content: TurnContent[]): Turn {
  return turn('user', content);
}
export function assistant(...content: TurnContent[]): Turn {
  return turn('assistant', content);
}
export function systemTurn(...content: TurnContent[]): Turn {
  return turn('system', content);
}

function turn(role: Turn['role'], content: readonly TurnContent[]): Turn {
  return { at: 'messages[0]', role, parts: content.map((item) => (typeof item === 'string' ? text(item) : item)) };
}

export function tool(name: string, change: Partial<Tool> = {}): Tool {
  const inputSchema = { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] };
  return { at: `tools.${name}`, name, description: `Does ${name}`, inputSchema, ...change };
}

export function conversation(turns: readonly Turn[], change: Partial<Conversation> = {}): Conversation {
  return {
    model: 'claude-sonnet-4.5',
    system: [],
    // Each turn gets its own path, as from a parser.
    turns: turns.map((one, index) => ({ ...one, at: `messages[${index}]` })),
    tools: [],
    toolChoice: { type: 'auto' },
    parallelToolUse: true,
    reasoning: { mode: 'unset' },
    output: { maxTokens: undefined, stopSequences: [], format: { type: 'text' } },
    key: undefined,
    ...change,
  };
}

export interface MarkedConversation {
  readonly conversation: Conversation;
  /** The markers in the texts of users, tools, the assistant and the system. */
  readonly markers: readonly string[];
}

const TOOL_IDS = ['t1', 't2', 'call_9', 'functions.read:0', 'x'.repeat(80), ''];
const TOOL_NAMES = ['read_file', 'Read_File', 'mcp__server.tool', 'böse', '9lives', 'y'.repeat(70), 'shell', ''];
const ODD_TEXTS = ['', ' ', '\n', 'plain words', '读取文件', '\u{1f600} smile', '\ud83d broken', '"quoted" \\ back'];

type Draft = (marker: () => string, at: string) => Part;

const textDraft: fc.Arbitrary<Draft> = fc.constantFrom(...ODD_TEXTS).chain((odd) =>
  fc.boolean().map(
    (isBare): Draft =>
      (marker, at) =>
        text(isBare ? odd : `${odd} ${marker()}`, at),
  ),
);

const imageDraft: fc.Arbitrary<Draft> = fc.constantFrom(PNG, PNG, GIF, WEBP, JPEG).map(
  (data): Draft =>
    (_marker, at) =>
      image(data, 'image/png', at),
);

/** Bytes of an unknown format: the request must be refused with the image's path. */
const brokenImageDraft: fc.Arbitrary<Draft> = fc.constant((_marker, at) => image('AAAA', 'image/png', at));

const documentDraft: fc.Arbitrary<Draft> = fc
  .constantFrom<[string | undefined, string]>(
    ['notes.txt', 'text/plain'],
    ['报告.pdf', 'application/pdf'],
    ['a.json', 'application/json'],
    [undefined, 'text/csv'],
  )
  .map(
    ([name, mediaType]): Draft =>
      (_marker, at) =>
        documentOf(name, mediaType, '{"a":1}', at),
  );

const toolInput: fc.Arbitrary<JsonValue> = fc.constantFrom<JsonValue>(
  { path: 'a' },
  {},
  { '': 'empty key', deep: [{ '': 1 }] },
  'no json {',
  null,
  [1, 2],
);

const toolUseDraft: fc.Arbitrary<Draft> = fc
  .tuple(fc.constantFrom(...TOOL_IDS), fc.constantFrom(...TOOL_NAMES), toolInput)
  .map(
    ([id, name, input]): Draft =>
      (_marker, at) =>
        toolUse(id, name, input, at),
  );

const toolResultDraft: fc.Arbitrary<Draft> = fc
  .tuple(
    fc.constantFrom(...TOOL_IDS),
    fc.array(fc.oneof(textDraft, imageDraft, documentDraft), { maxLength: 3 }),
    fc.boolean(),
  )
  .map(
    ([id, content, isError]): Draft =>
      (marker, at) =>
        toolResult(
          id,
          // Only drafts of text, images and documents are generated above.
          content.map((draft, index) => draft(marker, `${at}.content[${index}]`)) as ToolResultPart['content'],
          isError,
          at,
        ),
  );

const reasoningDraft: fc.Arbitrary<Draft> = fc.constantFrom<Draft>(
  (_marker, at) => ({ type: 'reasoning', at, text: 'thought', signature: 'c2ln' }),
  (_marker, at) => ({ type: 'reasoning', at, text: 'thought' }),
  (_marker, at) => ({ type: 'redacted-reasoning', at, data: 'QUJD' }),
);

const drafts: Record<Turn['role'], fc.Arbitrary<Draft>> = {
  user: fc.oneof(
    { weight: 4, arbitrary: textDraft },
    { weight: 3, arbitrary: toolResultDraft },
    imageDraft,
    documentDraft,
  ),
  assistant: fc.oneof(
    { weight: 3, arbitrary: textDraft },
    { weight: 4, arbitrary: toolUseDraft },
    reasoningDraft,
    // Tools run by another server leave their results in the assistant's turn.
    { weight: 1, arbitrary: toolResultDraft },
  ),
  system: textDraft,
};

interface TurnDraft {
  readonly role: Turn['role'];
  readonly drafts: readonly Draft[];
}

const turnDraft: fc.Arbitrary<TurnDraft> = fc
  .constantFrom<Turn['role']>('user', 'user', 'user', 'assistant', 'assistant', 'assistant', 'system')
  .chain((role) => fc.array(drafts[role], { maxLength: 4 }).map((roleDrafts) => ({ role, drafts: roleDrafts })));

const toolArbitrary: fc.Arbitrary<Tool> = fc
  .tuple(
    fc.constantFrom(...TOOL_NAMES),
    fc.constantFrom('', 'Reads.', 'long '.repeat(3_000)),
    fc.constantFrom<JsonValue | undefined>(
      undefined,
      null,
      { type: 'object', properties: null, required: [] },
      { $schema: 'x', type: 'object', properties: { a: { $ref: '#/$defs/A' } }, $defs: { A: { $ref: '#' } } },
      { oneOf: [{ properties: { a: { type: 'string' } }, required: ['a'] }, { properties: { b: { type: 'null' } } }] },
    ),
  )
  .map(([name, description, inputSchema]) => tool(name, { description, inputSchema }));

const conversationOptions = fc.record({
  systemTexts: fc.array(fc.constantFrom('', 'Be terse.', 'Answer in verse.'), { maxLength: 2 }),
  tools: fc.array(toolArbitrary, { maxLength: 5 }),
  toolChoice: fc.constantFrom<Conversation['toolChoice']>({ type: 'auto' }, { type: 'none' }, { type: 'required' }),
});

/** Anything a client may send that parses: it is encoded, or refused with the path of the field at fault. */
export const messyConversation: fc.Arbitrary<MarkedConversation> = fc
  .tuple(
    fc.array(turnDraft, { maxLength: 12 }),
    conversationOptions,
    fc.oneof({ weight: 12, arbitrary: fc.constant(undefined) }, brokenImageDraft),
  )
  .map(([turns, options, broken]) => {
    const all = broken ? [...turns, { role: 'user' as const, drafts: [broken] }] : turns;
    return build(all, options);
  });

/** As agents send it: alternating turns, calls with their results, known names. With a fault now and then. */
export const plainConversation: fc.Arbitrary<MarkedConversation> = fc
  .tuple(
    fc.array(
      fc.record({
        question: fc.constantFrom('plain words', '读取文件 "quoted"', 'long '.repeat(100), ' '),
        answer: fc.constantFrom('An answer.', '', 'long '.repeat(100)),
        calls: fc.array(fc.constantFrom('read_file', 'shell'), { maxLength: 3 }),
        result: fc.constantFrom('done', '\n', 'long '.repeat(100)),
        isError: fc.boolean(),
        signature: fc.constantFrom(undefined, 'c2ln'),
        isMarked: fc.boolean(),
      }),
      { maxLength: 6 },
    ),
    fc.array(fc.constantFrom('Be terse.', ' '), { maxLength: 2 }),
    fc.constantFrom(['read_file', 'shell'], ['read_file', 'shell', 'Shell'], ['shell']),
    fc.boolean(),
  )
  .map(([steps, systemTexts, names, isMerged]) => {
    const turns = steps.flatMap((step, index): Turn[] => {
      const { question, answer, calls, result, isError, signature, isMarked } = step;
      const at = `messages[${3 * index}]`;
      const marked: TextPart = { ...text(question, at), ...(isMarked ? { cachePoint: true } : {}) };
      const thought: Part[] = signature ? [{ type: 'reasoning', at, text: 'thought', signature }] : [];
      const answerParts = answer === '' ? [] : [text(answer, at)];
      const uses = calls.map((name, call) => toolUse(`use_${index}_${call}`, name));
      const results = calls.map((_name, call) => toolResult(`use_${index}_${call}`, result, isError));
      const asked = { at, role: 'user', parts: [marked] } as const;
      const answered = { at, role: 'assistant', parts: [...thought, ...answerParts, ...uses] } as const;
      if (results.length === 0) return [asked, answered];
      if (isMerged) return [asked, answered, ...results.map((one) => ({ at, role: 'user', parts: [one] }) as const)];
      return [asked, answered, { at, role: 'user', parts: results }, { at, role: 'assistant', parts: [text('Seen.')] }];
    });
    const system = systemTexts.map((words, index) => ({ at: `system[${index}]`, text: words, cachePoint: false }));
    const last: Turn = { at: 'messages[99]', role: 'user', parts: [text('And now?')] };
    const tools = names.map((name) => tool(name));
    return { conversation: conversation([...turns, last], { system, tools }), markers: ['And now?'] };
  });

/**
 * A conversation at turn n and at turn n + 1, after an answer and another user turn. Both are as messy as above, except
 * that the answer is not empty and cache marks stay in place.
 */
export const conversationWithNextTurn: fc.Arbitrary<{
  readonly now: Conversation;
  readonly next: Conversation;
}> = fc
  .tuple(
    fc.array(turnDraft, { maxLength: 8 }),
    fc.array(drafts.user, { minLength: 1, maxLength: 3 }),
    fc.array(drafts.assistant, { maxLength: 3 }),
    fc.array(drafts.user, { minLength: 1, maxLength: 3 }),
    conversationOptions,
  )
  .map(([past, userDrafts, answered, more, options]) => {
    const before: TurnDraft[] = [...past, { role: 'user', drafts: userDrafts }];
    const answer: Draft = (_marker, at) => text('An answer.', at);
    const isOwnPart: TurnDraft = { role: 'assistant', drafts: [answer, ...answered] };
    const after: TurnDraft[] = [...before, isOwnPart, { role: 'user', drafts: more }];
    return { now: build(before, options).conversation, next: build(after, options).conversation };
  });

interface Options {
  readonly systemTexts: readonly string[];
  readonly tools: readonly Tool[];
  readonly toolChoice: Conversation['toolChoice'];
}

function build(turns: readonly TurnDraft[], options: Options): MarkedConversation {
  const markers: string[] = [];
  const marker = () => {
    const text = `marker-${markers.length}-end`;
    markers.push(text);
    return text;
  };
  const system = options.systemTexts.map((words, index) => ({
    at: `system[${index}]`,
    text: words,
    cachePoint: index === 0,
  }));
  const written = turns.map(
    ({ role, drafts: turnDrafts }, index): Turn => ({
      at: `messages[${index}]`,
      role,
      parts: turnDrafts.map((draft, part) => draft(marker, `messages[${index}].content[${part}]`)),
    }),
  );
  const { tools, toolChoice } = options;
  return { conversation: conversation(written, { system, tools, toolChoice }), markers };
}
