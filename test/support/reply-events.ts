/**
 * Random replies that obey the grammar of core/reply.ts, for tests that compare a client protocol's writer with an
 * official SDK. The text is difficult on purpose: escapes, line breaks, half surrogate pairs on either side of a cut,
 * text that looks like the protocol; and it is plain or escaped, as from a real decoder.
 */
import fc from 'fast-check';
import { GatewayError } from '../../src/core/errors.ts';
import type { JsonValue } from '../../src/core/json.ts';
import type { ReplyEnd, ReplyEvent, Source, StopReason } from '../../src/core/reply.ts';
import { TextPiece } from '../../src/core/text.ts';
import { derived, estimated, type Figure, measured, type Usage } from '../../src/core/usage.ts';
import type { WebResult, WebSearchOutcome } from '../../src/core/web-search.ts';
import { anyCodePoint } from './code-points.ts';

export interface ReplyEventsOptions {
  /** Names of the tools the model may use; empty: it uses none. */
  readonly toolNames?: readonly string[];
  readonly maxBlocks?: number;
  /** The gateway has searched the web for the model, which cites results. */
  readonly webSearch?: boolean;
  /** The tools' arguments, instead of objects of any shape. */
  readonly toolInput?: fc.Arbitrary<JsonValue>;
}

/** A complete reply, from `reply-start` to `reply-end`. */
export function replyEvents(options: ReplyEventsOptions = {}): fc.Arbitrary<readonly ReplyEvent[]> {
  const { toolNames = ['read_file', 'list-files'], maxBlocks = 6 } = options;
  const kinds: fc.Arbitrary<Piece>[] = [textBlock, textBlock, reasoningBlock, redactedBlock, sourcePiece];
  if (options.webSearch) kinds.push(searchBlock, citedTextBlock);
  if (toolNames.length > 0) {
    const toolBlock = toolUseBlock(fc.constantFrom(...toolNames), options.toolInput ?? toolInput);
    kinds.push(toolBlock, toolBlock);
  }
  return fc
    .record({ inputTokens: figure, pieces: fc.array(fc.oneof(...kinds), { maxLength: maxBlocks }), end: replyEnd })
    .map(({ inputTokens, pieces, end }) => [{ type: 'reply-start', inputTokens }, ...pieces.flat(), end]);
}

/** A reply cut short by a `reply-error` after any of its events but the last. */
export function brokenReplyEvents(options: ReplyEventsOptions = {}): fc.Arbitrary<readonly ReplyEvent[]> {
  return fc.tuple(replyEvents(options), fc.nat(), failure).map(([events, cut, error]) => {
    const kept = events.slice(0, 1 + (cut % (events.length - 1)));
    return [...kept, { type: 'reply-error', error }];
  });
}

/** The text in one more piece than there are cuts; pieces may be empty. */
export function pieces(text: string, cuts: readonly number[]): string[] {
  const sorted = cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b);
  return [...sorted, text.length].map((end, i) => text.slice(sorted[i - 1] ?? 0, end));
}

/** A block's or a source's events. */
type Piece = readonly ReplyEvent[];

const nastyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: anyCodePoint, maxLength: 20 }),
  fc.constantFrom(
    'data: [DONE]\n\n',
    'event: message_stop\ndata: {}\n\n',
    '"quoted" \\ \\\\u0041 \b\f\n\r\t\u0000\u001f',
    'line\u2028separator\u2029and\u0085next',
    '🧑‍🚀🌍 e\u0301',
    '</script><think>',
    ' ',
  ),
);

const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 4 });

/** Escaped by JSON.stringify, or every character as `\u…`: both are valid in a JSON string. */
const spelling = fc.constantFrom<(text: string) => TextPiece>(
  TextPiece.plain,
  (text) => TextPiece.escaped(JSON.stringify(text).slice(1, -1)),
  (text) => TextPiece.escaped(asNumbers(text)),
);

function asNumbers(text: string): string {
  return [...Array(text.length).keys()].map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
}

const textPieces = (text: fc.Arbitrary<string>): fc.Arbitrary<TextPiece[]> =>
  fc.tuple(text, cuts, spelling).map(([content, at, spell]) => pieces(content, at).map(spell));

const textBlock: fc.Arbitrary<Piece> = textPieces(nastyText).map((texts) => [
  { type: 'text-start' },
  ...texts.map((text): ReplyEvent => ({ type: 'text-delta', text })),
  { type: 'text-end' },
]);

const webResult: fc.Arbitrary<WebResult> = fc.record({
  url: fc.webUrl(),
  title: nastyText,
  snippet: fc.option(nastyText, { nil: undefined }),
  publishedAtMs: fc.option(fc.nat({ max: 1_900_000_000_000 }), { nil: undefined }),
});

const outcome: fc.Arbitrary<WebSearchOutcome> = fc.oneof(
  fc.record({ type: fc.constant('found' as const), results: fc.array(webResult, { maxLength: 3 }) }),
  fc.record({
    type: fc.constant('failed' as const),
    reason: fc.constantFrom('unavailable', 'throttled', 'max-uses', 'bad-input' as const),
  }),
);

const searchBlock: fc.Arbitrary<Piece> = fc
  .record({ id: fc.uuid(), query: nastyText, outcome })
  .map(({ id, query, outcome: found }): Piece => {
    const search = { searchId: `srvtoolu_${id.replaceAll('-', '')}`, query };
    return [
      { type: 'web-search-start', ...search },
      { type: 'web-search-end', ...search, outcome: found },
    ];
  });

const citedTextBlock: fc.Arbitrary<Piece> = fc
  .record({ result: webResult, before: fc.nat({ max: 9 }) })
  .map(({ result: { url, title, snippet = '' }, before }) => [
    { type: 'text-start' },
    { type: 'text-delta', text: TextPiece.plain(`See [it](${url}).`) },
    {
      type: 'text-citation',
      textBefore: before,
      citation: { url, title, citedText: snippet, start: 4, end: 10 + url.length },
    },
    { type: 'text-end' },
  ]);

const reasoningBlock: fc.Arbitrary<Piece> = fc
  .tuple(textPieces(nastyText), fc.option(fc.base64String({ maxLength: 24 }), { nil: undefined }))
  .map(([texts, signature]) => [
    { type: 'reasoning-start' },
    ...texts.map((text): ReplyEvent => ({ type: 'reasoning-delta', text })),
    { type: 'reasoning-end', signature },
  ]);

const redactedBlock: fc.Arbitrary<Piece> = fc
  .base64String({ minLength: 4, maxLength: 24 })
  .map((data) => [{ type: 'redacted-reasoning', data }]);

/** Without keys that are special in JavaScript: those test the SDKs' parsers, not the writers. */
const key = fc.string({ maxLength: 8 }).filter((name) => !(name in {}));

const toolInput: fc.Arbitrary<JsonValue> = fc.dictionary(
  key,
  fc.oneof(nastyText, fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.dictionary(key, nastyText))),
  { maxKeys: 4, noNullPrototype: true },
);

function toolUseBlock(name: fc.Arbitrary<string>, input: fc.Arbitrary<JsonValue>): fc.Arbitrary<Piece> {
  const json = fc
    .tuple(input, fc.constantFrom(undefined, 2))
    .map(([value, indent]) => JSON.stringify(value, undefined, indent));
  return fc
    .record({
      id: fc.uuid(),
      name,
      deltas: fc.oneof({ weight: 5, arbitrary: textPieces(json) }, fc.constant<TextPiece[]>([])),
    })
    .map(({ id, name, deltas }) => [
      { type: 'tool-use-start', toolUseId: `tooluse_${id.replaceAll('-', '')}`, name },
      ...deltas.map((delta): ReplyEvent => ({ type: 'tool-use-delta', json: delta })),
      { type: 'tool-use-end' },
    ]);
}

const source: fc.Arbitrary<Source> = fc.oneof(
  fc.record({
    type: fc.constant('web' as const),
    url: fc.webUrl(),
    title: nastyText,
    snippet: fc.option(nastyText, { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('code' as const),
    licenseName: fc.constantFrom('MIT', undefined),
    repository: fc.constantFrom('example/repository', undefined),
    url: fc.option(fc.webUrl(), { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('document' as const),
    title: fc.option(nastyText, { nil: undefined }),
    text: fc.option(nastyText, { nil: undefined }),
  }),
);

const sourcePiece: fc.Arbitrary<Piece> = source.map((value) => [{ type: 'source', source: value }]);

const figure: fc.Arbitrary<Figure> = fc
  .tuple(fc.nat({ max: 200_000 }), fc.constantFrom(measured, derived, estimated))
  .map(([value, label]) => label(value));

const usage: fc.Arbitrary<Usage> = fc.record(
  {
    inputTokens: figure,
    outputTokens: figure,
    cacheReadTokens: figure,
    cacheWriteTokens: figure,
    reasoningTokens: figure,
    contextPercentage: fc.double({ min: 0, max: 100, noNaN: true }).map(measured),
    credits: fc.double({ min: 0, max: 10, noNaN: true }).map(measured),
    creditUnit: fc.constant('CREDIT'),
    webSearches: fc.nat({ max: 9 }),
  },
  { requiredKeys: ['inputTokens', 'outputTokens'] },
);

const refusalText = fc.option(fc.string({ minLength: 1, maxLength: 20 }), { nil: undefined });

const replyEnd: fc.Arbitrary<ReplyEnd> = fc
  .record({
    reason: fc.constantFrom<StopReason>(
      'end-turn',
      'tool-use',
      'max-tokens',
      'stop-sequence',
      'refusal',
      'context-window',
    ),
    sequence: fc.string({ minLength: 1, maxLength: 8 }),
    refusal: fc.option(fc.record({ category: refusalText, explanation: refusalText }), { nil: undefined }),
    usage,
  })
  .map(({ reason, sequence, refusal, usage }) => ({
    type: 'reply-end',
    stopReason: reason,
    stopSequence: reason === 'stop-sequence' ? sequence : undefined,
    refusal: reason === 'refusal' ? refusal : undefined,
    usage,
  }));

const failure = fc
  .constantFrom('upstream_broken', 'upstream_overloaded', 'tool_use_truncated', 'context_too_long', 'internal' as const)
  .map((code) => new GatewayError(code, `The reply failed: ${code}.`));
