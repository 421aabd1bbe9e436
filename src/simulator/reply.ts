/**
 * Turns the steps of a reply into frames, pauses and cuts. The order of events is the service's: opening, the
 * steps, then context usage, metadata and metering, unless the steps include their own or break the reply.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Chance } from './chance.ts';
import { corruptFrame, errorFrame, eventFrame, exceptionFrame } from './frames.ts';
import type { Flavour } from './refusal.ts';
import type { ReplyStep } from './script.ts';
import type { Signatures } from './signatures.ts';

export type Piece =
  | { readonly type: 'frame'; readonly bytes: Buffer }
  | { readonly type: 'gap'; readonly ms: number }
  | { readonly type: 'cut'; readonly how: 'reset' | 'end' | 'stall'; readonly half: Buffer | undefined };

export interface ReplyContext {
  readonly flavour: Flavour;
  readonly conversationId: string;
  readonly modelId: string;
  readonly chance: Chance;
  readonly signatures: Signatures;
  /** Default average number of characters per fragment. */
  readonly fragmentChars: number;
  /** Pause after each fragment of text, milliseconds. */
  readonly paceMs: number;
  readonly inputTokens: number;
  readonly maxInputTokens: number;
  readonly closing: ClosingEvents;
  /** Called once with the size of the reply; returns its cost in credits. */
  readonly settle: (outputTokens: number) => number;
}

/** The events to send after the text. */
export interface ClosingEvents {
  readonly contextUsage: boolean;
  readonly stopReason: boolean;
  readonly tokenUsage: boolean;
  readonly metering: boolean;
}

export const CHARS_PER_TOKEN = 4;

export class ReplyWriter {
  readonly #context: ReplyContext;
  #opened = false;
  #broken = false;
  #usedTool = false;
  #truncatedTool = false;
  #outputChars = 0;
  #reasoning = '';
  readonly #given = new Set<'stopReason' | 'contextUsage' | 'metering'>();

  constructor(context: ReplyContext) {
    this.#context = context;
  }

  *write(steps: readonly ReplyStep[]): Generator<Piece> {
    for (const step of steps) {
      if (!this.#opened && opensReply(step)) yield* this.#open();
      yield* this.#step(step);
    }
    const credits = this.#context.settle(Math.ceil(this.#outputChars / CHARS_PER_TOKEN));
    if (this.#broken || this.#truncatedTool) return;
    if (!this.#opened) yield* this.#open();
    yield* this.#close(credits);
  }

  *#open(): Generator<Piece> {
    this.#opened = true;
    const { flavour, conversationId, chance } = this.#context;
    if (flavour === 'json') yield frame(eventFrame('initial-response', { conversationId }));
    yield frame(eventFrame('messageMetadataEvent', { conversationId, utteranceId: chance.uuid() }));
  }

  *#step(step: ReplyStep): Generator<Piece> {
    if (typeof step === 'string') yield* this.#text(this.#fragments(step));
    else if ('text' in step) yield* this.#text(step.text);
    else if ('reasoning' in step) yield* this.#reasoningBlock(step);
    else if ('redacted' in step) yield this.#event('reasoningContentEvent', { redactedContent: step.redacted });
    else if ('tool' in step) yield* this.#toolUse(step);
    else if ('event' in step) yield this.#event(step.event, step.payload);
    else if ('stopReason' in step) yield this.#event('metadataEvent', { stopReason: step.stopReason });
    else if ('tokenUsage' in step) yield this.#event('metadataEvent', { tokenUsage: step.tokenUsage });
    else if ('contextPercentage' in step) {
      yield this.#event('contextUsageEvent', { contextUsagePercentage: step.contextPercentage });
    } else if ('credits' in step) yield this.#event('meteringEvent', metering(step.credits));
    else if ('gapMs' in step) yield { type: 'gap', ms: step.gapMs };
    else yield* this.#fault(step);
  }

  *#fault(step: FaultStep): Generator<Piece> {
    this.#broken = true;
    if ('exception' in step) yield frame(exceptionFrame(step.exception, step.payload));
    else if ('errorCode' in step) yield frame(errorFrame(step.errorCode, step.errorMessage));
    else if ('corrupt' in step) yield frame(corruptFrame());
    else yield { type: 'cut', how: step.cut, half: step.half ? halfFrame() : undefined };
  }

  *#text(fragments: readonly string[]): Generator<Piece> {
    const { modelId, paceMs } = this.#context;
    for (const content of fragments) {
      yield this.#event('assistantResponseEvent', { content, modelId });
      if (paceMs > 0) yield { type: 'gap', ms: paceMs };
    }
  }

  *#reasoningBlock(step: Extract<ReplyStep, { reasoning: unknown }>): Generator<Piece> {
    const { signatures, chance, paceMs } = this.#context;
    const fragments = typeof step.reasoning === 'string' ? this.#fragments(step.reasoning) : step.reasoning;
    const signature = step.signature ?? signatures.sign(fragments.join(''));
    const last = fragments.at(-1);
    // The service sends the signature either alone or with the last fragment.
    const isAlone = last === undefined || chance.fraction() < 0.5;
    for (const text of isAlone ? fragments : fragments.slice(0, -1)) {
      yield this.#event('reasoningContentEvent', { text });
      if (paceMs > 0) yield { type: 'gap', ms: paceMs };
    }
    yield this.#event('reasoningContentEvent', isAlone ? { signature } : { text: last, signature });
  }

  *#toolUse(step: Extract<ReplyStep, { tool: string }>): Generator<Piece> {
    const { chance } = this.#context;
    const call = { name: step.tool, toolUseId: step.id ?? `tooluse_${chance.token(22)}` };
    const fragments = step.fragments ?? (step.input ? this.#fragments(JSON.stringify(step.input)) : []);
    yield this.#event('toolUseEvent', call);
    for (const input of fragments) yield this.#event('toolUseEvent', { ...call, input });
    if (!step.unfinished) yield this.#event('toolUseEvent', { ...call, stop: true });
  }

  /** Every event passes through here, so that verbatim events of scripts count too. */
  #event(event: string, payload: JsonValue): Piece {
    if (isJsonObject(payload)) this.#note(event, payload);
    return frame(eventFrame(event, payload));
  }

  #note(event: string, payload: JsonObject): void {
    const { signatures } = this.#context;
    this.#outputChars += charsOf(payload.content) + charsOf(payload.text) + charsOf(payload.input);
    if (event === 'toolUseEvent') {
      this.#usedTool = true;
      this.#truncatedTool = payload.stop !== true;
    }
    if (event === 'reasoningContentEvent') {
      const { text, signature, redactedContent } = payload;
      if (typeof text === 'string') this.#reasoning += text;
      if (typeof redactedContent === 'string') signatures.rememberRedacted(redactedContent);
      if (typeof signature === 'string') {
        signatures.remember(this.#reasoning, signature);
        this.#reasoning = '';
      }
    }
    if (event === 'metadataEvent' && 'stopReason' in payload) this.#given.add('stopReason');
    if (event === 'contextUsageEvent') this.#given.add('contextUsage');
    if (event === 'meteringEvent') this.#given.add('metering');
  }

  /** The order in which 723 of 728 replies published in 2026 ended. */
  *#close(credits: number): Generator<Piece> {
    const { closing, inputTokens, maxInputTokens } = this.#context;
    const metadata = {
      ...(closing.tokenUsage ? { tokenUsage: this.#tokenUsage() } : {}),
      ...(closing.stopReason && !this.#given.has('stopReason')
        ? { stopReason: this.#usedTool ? 'TOOL_USE' : 'END_TURN' }
        : {}),
    };
    if (Object.keys(metadata).length > 0) yield this.#event('metadataEvent', metadata);
    if (closing.contextUsage && !this.#given.has('contextUsage')) {
      const share = (inputTokens + this.#outputChars / CHARS_PER_TOKEN) / maxInputTokens;
      yield this.#event('contextUsageEvent', { contextUsagePercentage: Number((share * 100).toFixed(4)) });
    }
    if (closing.metering && !this.#given.has('metering')) yield this.#event('meteringEvent', metering(credits));
  }

  #tokenUsage(): JsonObject {
    const { inputTokens } = this.#context;
    const outputTokens = Math.ceil(this.#outputChars / CHARS_PER_TOKEN);
    return { uncachedInputTokens: inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
  }

  /** Splits by code points, because half a surrogate pair would be invalid in a fragment's own JSON string. */
  #fragments(text: string): string[] {
    const { chance, fragmentChars } = this.#context;
    const points = [...text];
    const fragments: string[] = [];
    for (let at = 0; at < points.length; ) {
      const size = chance.integer(1, Math.max(1, 2 * fragmentChars - 1));
      fragments.push(points.slice(at, at + size).join(''));
      at += size;
    }
    return fragments;
  }
}

type FaultStep = Extract<
  ReplyStep,
  { exception: string } | { errorCode: string } | { corrupt: true } | { cut: string }
>;

/** A cut as the first step comes before any other bytes. */
function opensReply(step: ReplyStep): boolean {
  if (typeof step === 'string') return true;
  return !('gapMs' in step || 'exception' in step || 'errorCode' in step || 'corrupt' in step || 'cut' in step);
}

function frame(bytes: Buffer): Piece {
  return { type: 'frame', bytes };
}

function halfFrame(): Buffer {
  const whole = eventFrame('assistantResponseEvent', { content: 'the rest of this never comes' });
  return whole.subarray(0, Math.floor(whole.length / 2));
}

function metering(usage: number): JsonObject {
  return { unit: 'credit', unitPlural: 'credits', usage };
}

function charsOf(value: JsonValue | undefined): number {
  return typeof value === 'string' ? value.length : 0;
}
