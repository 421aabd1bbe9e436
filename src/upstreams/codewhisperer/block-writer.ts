/**
 * Delimits the reply's blocks: opens and closes them so that the events always keep the grammar of core/reply.ts.
 * Blocks are in the order in which they began. A tool call stays open until it is known to be complete; anything that
 * arrives meanwhile, other calls included, waits until then.
 */
import { GatewayError } from '../../core/errors.ts';
import type { ReplyEnd, ReplyEvent, Source } from '../../core/reply.ts';
import { TextPiece } from '../../core/text.ts';
import type { Figure } from '../../core/usage.ts';

/** A tool call whose block has begun or is waiting to begin. */
export interface CallBlock {
  readonly toolUseId: string;
  readonly name: string;
  /** Input that arrived while the block waited. */
  readonly waiting: TextPiece[];
  isEnded: boolean;
}

/** Far more than a model writes in one reply. */
const MAX_WAITING_CHARS = 16 * 1024 * 1024;
/** What a waiting event costs in addition to its text. */
const CHARS_PER_WAITING_EVENT = 64;

export class BlockWriter {
  #events: ReplyEvent[] = [];
  #open: 'text' | 'reasoning' | undefined;
  /** The call whose block is open. */
  #call: CallBlock | undefined;
  #waiting: (() => void)[] = [];
  #waitingChars = 0;
  /** Sources that arrived inside a block; they are written between blocks. */
  #sources: Source[] = [];
  #signature: string | undefined;
  #hasReasoningText = false;
  /** The last reasoning block ended without a signature. */
  #endedUnsigned = false;
  readonly #onLateSignature: () => void;

  /** `onLateSignature`: a signature arrived after its reasoning had ended, and was left out. */
  constructor(onLateSignature: () => void) {
    this.#onLateSignature = onLateSignature;
  }

  /** The events since the last call. */
  take(): ReplyEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  start(inputTokens: Figure): void {
    this.#events.push({ type: 'reply-start', inputTokens });
  }

  /** Leaves the open block open: it is not complete. */
  fail(error: GatewayError): void {
    this.#events.push({ type: 'reply-error', error });
  }

  /** Every call has ended. */
  end(end: ReplyEnd): void {
    this.close();
    this.#events.push(end);
  }

  text(text: TextPiece): void {
    if (text.isEmpty || this.#waits(this.text, text)) return;
    if (this.#open !== 'text') {
      this.close();
      this.#open = 'text';
      this.#events.push({ type: 'text-start' });
    }
    this.#events.push({ type: 'text-delta', text });
  }

  reasoning(text: TextPiece): void {
    if (text.isEmpty || this.#waits(this.reasoning, text)) return;
    // Already signed: what follows is a new reasoning block.
    if (this.#open === 'reasoning' && this.#signature !== undefined && this.#hasReasoningText) this.close();
    if (this.#open !== 'reasoning') this.#openReasoning();
    this.#hasReasoningText = true;
    this.#events.push({ type: 'reasoning-delta', text });
  }

  endReasoning(): void {
    if (this.#waits(this.endReasoning, undefined)) return;
    if (this.#open === 'reasoning') this.close();
  }

  /** Signs the open reasoning block, or starts a signed one. */
  sign(signature: string): void {
    if (this.#waits(this.sign, signature)) return;
    if (this.#open !== 'reasoning' && this.#endedUnsigned) {
      this.#onLateSignature();
      return;
    }
    if (this.#open !== 'reasoning') this.#openReasoning();
    this.#signature = signature;
  }

  /** Reasoning that the service sends only the signature of. */
  signedReasoning(signature: string): void {
    if (this.#waits(this.signedReasoning, signature)) return;
    this.#openReasoning();
    this.#signature = signature;
    this.close();
  }

  redactedReasoning(data: string): void {
    if (this.#waits(this.redactedReasoning, data)) return;
    this.close();
    this.#events.push({ type: 'redacted-reasoning', data });
  }

  source(source: Source): void {
    if (this.#waits(this.source, source)) return;
    if (this.#open) this.#sources.push(source);
    else this.#events.push({ type: 'source', source });
  }

  toolUse(toolUseId: string, name: string): CallBlock {
    const call: CallBlock = { toolUseId, name, waiting: [], isEnded: false };
    if (!this.#waits(this.#begin, call)) this.#begin(call);
    return call;
  }

  toolInput(call: CallBlock, json: TextPiece): void {
    if (json.isEmpty) return;
    if (call === this.#call) {
      this.#events.push({ type: 'tool-use-delta', json });
      return;
    }
    this.#countWaiting(json.escaped.length);
    call.waiting.push(json);
  }

  /** The call is complete. */
  endToolUse(call: CallBlock): void {
    call.isEnded = true;
    if (call !== this.#call) return;
    this.#endCall();
    this.#resume();
  }

  /** Ends the open block of text or reasoning, if any, and writes the sources that waited for it. */
  close(): void {
    switch (this.#open) {
      case undefined:
        return;
      case 'text':
        this.#events.push({ type: 'text-end' });
        break;
      case 'reasoning':
        this.#events.push({ type: 'reasoning-end', signature: this.#signature });
        this.#endedUnsigned = this.#signature === undefined;
    }
    this.#open = undefined;
    for (const source of this.#sources) this.#events.push({ type: 'source', source });
    this.#sources = [];
  }

  #begin(call: CallBlock): void {
    this.close();
    this.#call = call;
    this.#events.push({ type: 'tool-use-start', toolUseId: call.toolUseId, name: call.name });
    for (const json of call.waiting) this.#events.push({ type: 'tool-use-delta', json });
    if (call.isEnded) this.#endCall();
  }

  #endCall(): void {
    this.#call = undefined;
    this.#events.push({ type: 'tool-use-end' });
  }

  /** True: a call is open, and `write` will be called with the value once it has ended. */
  #waits<Value>(write: (this: BlockWriter, value: Value) => void, value: Value): boolean {
    // Callers pass the parts instead of a closure, which would be created for every delta.
    if (!this.#call) return false;
    this.#wait(write, value);
    return true;
  }

  #wait<Value>(write: (this: BlockWriter, value: Value) => void, value: Value): void {
    this.#countWaiting(value instanceof TextPiece ? value.escaped.length : 0);
    this.#waiting.push(() => write.call(this, value));
  }

  #countWaiting(chars: number): void {
    this.#waitingChars += CHARS_PER_WAITING_EVENT + chars;
    if (this.#waitingChars > MAX_WAITING_CHARS)
      throw new GatewayError(
        'upstream_broken',
        'More than 16 MiB of the reply arrived while a tool call was incomplete.',
      );
  }

  /** Writes the waiting events, up to the next call that has not ended. */
  #resume(): void {
    const waiting = this.#waiting;
    let next = 0;
    while (!this.#call && next < waiting.length) waiting[next++]?.();
    this.#waiting = waiting.slice(next);
    if (this.#waiting.length === 0) this.#waitingChars = 0;
  }

  #openReasoning(): void {
    this.close();
    this.#open = 'reasoning';
    this.#signature = undefined;
    this.#hasReasoningText = false;
    this.#events.push({ type: 'reasoning-start' });
  }
}
