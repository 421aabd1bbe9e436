/**
 * Reads the events of a reply into blocks, a stop reason and usage, once for all client protocols.
 * Source: the published client @aws/codewhisperer-streaming-client (ChatResponseStream).
 */
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json.ts';
import type { Model } from '../../core/models.ts';
import type { RefusalDetail, ReplyEnd, ReplyEvent, Source, StopReason } from '../../core/reply.ts';
import { TextPiece } from '../../core/text.ts';
import type { Figure, Usage } from '../../core/usage.ts';
import type { Frame } from '../../framing/event-stream.ts';
import type { AnswerContext } from '../upstream.ts';
import { BlockWriter } from './block-writer.ts';
import { EscapedMember } from './escaped-member.ts';
import { eventPayload } from './event-payload.ts';
import { refusalDetail } from './refusal-detail.ts';
import { replyNote } from './reply-rules.ts';
import { citation, codeReferences, documentCitation, webLinks } from './sources.ts';
import { decideStop, parseStopReason, type WireStopReason } from './stop-reason.ts';
import { ThinkingTags } from './thinking-tags.ts';
import { ToolUses } from './tool-uses.ts';
import { UsageTally } from './usage.ts';
import { type EventKind, type EventPayloads, UNSENT_REASONING, type Untrusted } from './wire-events.ts';

/** What decoding needs to know about the request, and about the head of the response. */
export interface DecodeContext extends AnswerContext {
  readonly model: Model | undefined;
  /** Wire name → the client's name, of every tool the model may call. */
  readonly toolNames: ReadonlyMap<string, string>;
  /** Wire name → the properties that the tool's schema requires, for every tool that was offered. */
  readonly requiredArguments: ReadonlyMap<string, readonly string[]>;
  readonly inputTokens: Figure;
  /** The request told the model to think between tags in its text, because it accepts no reasoning settings. */
  readonly thinkingTags: boolean;
}

const NOTHING_SKIPPED: ReadonlyMap<string, number> = new Map();

/** `read` and `finish` throw the GatewayError that ends the reply; `take` still returns the events read before it. */
export class EventReader {
  /** Of the few replies that have any: an empty map takes 180 bytes of each open reply. */
  #skipped: Map<string, number> | undefined = undefined;
  readonly #context: DecodeContext;
  readonly #blocks = new BlockWriter(() => this.skip('reasoningContentEvent: late signature'));
  readonly #tools: ToolUses;
  readonly #usage: UsageTally;
  /** undefined once the model has reasoned natively: from then on, tags are text. */
  #tags: ThinkingTags | undefined;
  readonly #content = new EscapedMember('content');
  readonly #reasoningText = new EscapedMember('text');
  #hasText = false;
  #hasReasoning = false;
  /** The last event was reasoning. */
  #isReasoning = false;
  #hasClosingEvents = false;
  #stopReason: WireStopReason | undefined;
  #refusal: RefusalDetail | undefined;

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#blocks.start(context.inputTokens);
    this.#usage = new UsageTally(context.model, context.inputTokens);
    this.#tools = new ToolUses(this.#blocks, this.#usage, context, {
      repaired: (name) => context.note(replyNote('tool-arguments-repaired', name)),
      respelled: (written, name) =>
        context.note(replyNote('tool-name-respelled', written.slice(0, MAX_KIND_CHARS), name)),
    });
    if (!context.thinkingTags) return;
    this.#tags = new ThinkingTags({
      text: (text) => this.#writeText(TextPiece.plain(text)),
      reasoning: (text) => this.#writeReasoning(TextPiece.plain(text)),
      reasoningEnd: () => this.#blocks.endReasoning(),
    });
  }

  get skipped(): ReadonlyMap<string, number> {
    return this.#skipped ?? NOTHING_SKIPPED;
  }

  /** What the reply has used so far. */
  usage(): Usage {
    return this.#usage.usage();
  }

  /** The events since the last call. */
  take(): ReplyEvent[] {
    return this.#blocks.take();
  }

  read(frame: Frame): void {
    const kind = frame.headers.eventType;
    const handler = EventReader.#handlers.get(kind);
    if (handler) handler(this, frame);
    else this.skip(kind);
  }

  skip(kind: string): void {
    const key = kind.slice(0, MAX_KIND_CHARS);
    this.#skipped ??= new Map();
    const count = this.#skipped.get(key);
    if (count !== undefined || this.#skipped.size < MAX_SKIPPED_KINDS) this.#skipped.set(key, (count ?? 0) + 1);
  }

  stopAtOutputLimit(): void {
    this.#stopReason = 'MAX_TOKENS';
  }

  /** An event that closes a complete reply has arrived: metadata, context usage or metering. */
  get hasClosingEvents(): boolean {
    return this.#hasClosingEvents;
  }

  /** The service has reported that the model finished, or why it stopped. */
  get isComplete(): boolean {
    return this.#hasClosingEvents || this.#stopReason !== undefined;
  }

  /** Ends the reply with an error, which is then the last event to take. */
  fail(error: GatewayError): void {
    this.#flush();
    this.#blocks.fail(error);
  }

  /** Call when the body has ended. If the reply is complete, `reply-end` is the last event to take. */
  finish(): void {
    this.#flush();
    const reported = this.#stopReason;
    const atLimit = reported === 'MAX_TOKENS' || reported === 'MODEL_CONTEXT_WINDOW_EXCEEDED';
    const lacksClosing = this.#context.expectsClosingEvents && !this.#hasClosingEvents;
    this.#tools.end({ inOrder: this.isComplete, lacksClosing, atLimit });
    const stopReason = decideStop({
      reported,
      toolUses: this.#tools.finished,
      windowIsFull: this.#usage.windowIsFull,
      hasText: this.#hasText,
      hasReasoning: this.#hasReasoning,
      lacksClosing,
    });
    this.#blocks.close();
    if (stopReason === undefined)
      throw new GatewayError('empty_reply', 'The model returned neither text nor a tool call. Try again.');
    if (stopReason === 'max-tokens' && lacksClosing && reported === undefined)
      this.#context.note(replyNote('reply-cut-off'));
    this.#blocks.end(this.#endingFor(stopReason));
  }

  #endingFor(stopReason: StopReason): ReplyEnd {
    const end: ReplyEnd = { type: 'reply-end', stopReason, stopSequence: undefined, usage: this.#usage.usage() };
    const refusal = this.#refusal;
    if (stopReason !== 'refusal' || !refusal) return end;
    this.#context.note(replyNote('reply-refused', refusal.category, refusal.explanation));
    return { ...end, refusal };
  }

  /** An event kind without a handler does not compile. */
  static readonly #handlers: ReadonlyMap<string, Handler> = new Map(
    Object.entries({
      assistantResponseEvent: (reader, frame) => reader.#textEvent('assistantResponseEvent', frame),
      codeEvent: (reader, frame) => reader.#textEvent('codeEvent', frame),
      reasoningContentEvent: (reader, frame) => reader.#reasoningEvent(frame),
      toolUseEvent: (reader, frame) => reader.#toolUseEvent(frame),
      codeReferenceEvent: (reader, frame) => reader.#sources(codeReferences(parse('codeReferenceEvent', frame.text()))),
      supplementaryWebLinksEvent: (reader, frame) =>
        reader.#sources(webLinks(parse('supplementaryWebLinksEvent', frame.text()))),
      citationEvent: (reader, frame) => reader.#sources(citation(parse('citationEvent', frame.text()))),
      documentCitationEvent: (reader, frame) =>
        reader.#sources(documentCitation(parse('documentCitationEvent', frame.text()))),
      metadataEvent: (reader, frame) => reader.#metadataEvent(parse('metadataEvent', frame.text())),
      meteringEvent: (reader, frame) => reader.#meteringEvent(parse('meteringEvent', frame.text())),
      contextUsageEvent: (reader, frame) => reader.#contextUsageEvent(parse('contextUsageEvent', frame.text())),
      invalidStateEvent: (_reader, frame) => throwInvalidState(parse('invalidStateEvent', frame.text())),
      'initial-response': ignore,
      messageMetadataEvent: ignore,
      toolResultEvent: ignore,
      followupPromptEvent: ignore,
      intentsEvent: ignore,
      interactionComponentsEvent: ignore,
      dryRunSucceedEvent: ignore,
    } satisfies Record<EventKind, Handler>),
  );

  #textEvent(kind: 'assistantResponseEvent' | 'codeEvent', frame: Frame): void {
    const escaped = this.#content.cut(frame);
    if (escaped !== undefined) {
      this.#text(TextPiece.escaped(escaped));
      return;
    }
    const json = frame.text();
    const { content } = parse(kind, json);
    if (typeof content !== 'string') return;
    this.#content.learn(json, content);
    this.#text(TextPiece.plain(content));
  }

  /** Writes text that was buffered because it might have become a tag. */
  #flush(): void {
    this.#tags?.flush();
  }

  #text(text: TextPiece): void {
    if (text.isEmpty) return;
    this.#isReasoning = false;
    this.#tools.finish();
    if (this.#tags) this.#tags.push(text.plain);
    else this.#writeText(text);
  }

  #toolUseEvent(frame: Frame): void {
    if (this.#tools.pushFragment(frame)) return;
    const json = frame.text();
    this.#isReasoning = false;
    this.#flush();
    this.#tools.push(parse('toolUseEvent', json), json);
  }

  #reasoningEvent(frame: Frame): void {
    if (this.#tags) {
      this.#flush();
      this.#tags = undefined;
    }
    const escaped = this.#reasoningText.cut(frame);
    if (escaped === undefined) this.#parsedReasoning(frame.text());
    else this.#reasoning(TextPiece.escaped(escaped));
    this.#isReasoning = true;
  }

  #parsedReasoning(json: string): void {
    const { text, signature, redactedContent } = parse('reasoningContentEvent', json);
    const isSigned = typeof signature === 'string' && signature !== '';
    if (isSigned && text === UNSENT_REASONING && !this.#isReasoning) {
      this.#tools.finish();
      this.#blocks.signedReasoning(signature);
      return;
    }
    if (typeof text === 'string') {
      if (signature === undefined && redactedContent === undefined) this.#reasoningText.learn(json, text);
      this.#reasoning(TextPiece.plain(text));
    }
    if (isSigned) {
      this.#tools.finish();
      this.#blocks.sign(signature);
    }
    if (typeof redactedContent === 'string' && redactedContent !== '') this.#redacted(redactedContent);
  }

  #reasoning(text: TextPiece): void {
    if (text.isEmpty) return;
    this.#tools.finish();
    this.#writeReasoning(text);
  }

  #redacted(data: string): void {
    this.#tools.finish();
    this.#hasReasoning = true;
    this.#blocks.redactedReasoning(data);
  }

  #writeText(text: TextPiece): void {
    this.#hasText = true;
    this.#usage.countText(text);
    this.#blocks.text(text);
  }

  #writeReasoning(text: TextPiece): void {
    this.#hasReasoning = true;
    this.#usage.countReasoning(text);
    this.#blocks.reasoning(text);
  }

  #sources(sources: readonly Source[]): void {
    for (const source of sources) this.#blocks.source(source);
  }

  #metadataEvent({ tokenUsage, stopReason, stopDetails }: Untrusted<EventPayloads['metadataEvent']>): void {
    this.#hasClosingEvents = true;
    if (isJsonObject(tokenUsage)) this.#usage.reportTokens(tokenUsage);
    if (isJsonObject(stopDetails)) this.#refusal = refusalDetail(stopDetails.refusal) ?? this.#refusal;
    if (typeof stopReason !== 'string') return;
    const parsed = parseStopReason(stopReason);
    if (parsed === 'MALFORMED_TOOL_USE' || parsed === 'MALFORMED_MODEL_OUTPUT')
      throw new GatewayError('upstream_broken', `The service reports malformed model output (${parsed}). Try again.`);
    if (parsed) this.#stopReason = parsed;
    else this.skip(`stop reason ${stopReason}`);
  }

  #meteringEvent(metering: Untrusted<EventPayloads['meteringEvent']>): void {
    this.#hasClosingEvents = true;
    this.#usage.reportCredits(metering);
  }

  #contextUsageEvent({ contextUsagePercentage }: Untrusted<EventPayloads['contextUsageEvent']>): void {
    this.#hasClosingEvents = true;
    this.#usage.reportPercentage(contextUsagePercentage);
  }
}

type Handler = (reader: EventReader, frame: Frame) => void;

const MAX_SKIPPED_KINDS = 64;
const MAX_KIND_CHARS = 100;

/** For known events that carry nothing the gateway needs. */
function ignore(): void {}

function throwInvalidState({ reason, message }: Untrusted<EventPayloads['invalidStateEvent']>): never {
  const details = [reason, message].filter((part) => typeof part === 'string').join(': ');
  throw new GatewayError('upstream_broken', `The service reports an invalid state: “${details.slice(0, 600)}”`);
}

function parse<Kind extends EventKind>(kind: Kind, json: string): Untrusted<EventPayloads[Kind]> {
  // Every member of `Untrusted` is optional and unknown, so any object fits.
  return eventPayload(kind, json) as Untrusted<EventPayloads[Kind]>;
}
