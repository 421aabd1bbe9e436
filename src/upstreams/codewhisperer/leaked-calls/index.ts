/**
 * Turns tool calls that a model printed as text into calls, so that an agent continues instead of showing tags to its
 * user. Only for calls of declared tools that begin a line outside code fences and end the reply, in replies without a
 * structured call: text about tools stays text. Text that could still become a call is buffered.
 */
import { randomUUID } from 'node:crypto';
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Tool } from '../../../core/conversation.ts';
import type { ReplyEvent } from '../../../core/reply.ts';
import { TextPiece } from '../../../core/text.ts';
import { replyNote } from '../reply-rules.ts';
import { Candidate } from './candidate.ts';
import type { LeakedCall } from './forms.ts';
import { Lines } from './lines.ts';
import { mayBecomeCall } from './read.ts';

/** Takes a reply's events and returns them with the recovered calls. */
export class LeakedCalls {
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #note: (adjustment: Adjustment) => void;
  #emitted: ReplyEvent[] = [];
  #lines = new Lines();
  /** Text from where a call may have begun; `#waiting` has the events behind it. */
  #candidate: Candidate | undefined;
  readonly #waiting: ReplyEvent[] = [];
  /** A text block has begun, and its start event is not emitted yet. */
  #pendingStart = false;
  #inText = false;
  #usedTools = false;

  constructor(tools: readonly Tool[], note: (adjustment: Adjustment) => void) {
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
    this.#note = note;
  }

  push(events: readonly ReplyEvent[]): ReplyEvent[] {
    this.#emitted = [];
    for (const event of events) this.#change(event);
    return this.#emitted;
  }

  #change(event: ReplyEvent): void {
    switch (event.type) {
      case 'text-delta':
        this.#text(event.text, event);
        return;
      case 'text-start':
        this.#lines = new Lines();
        this.#release();
        this.#inText = true;
        this.#pendingStart = true;
        return;
      case 'text-end':
        this.#inText = false;
        if (!this.#candidate) this.#endText();
        return;
      case 'source':
        if (this.#candidate) this.#waiting.push(event);
        else this.#emitted.push(event);
        return;
      case 'reply-end':
        this.#end(event);
        return;
      case 'tool-use-start':
        this.#usedTools = true;
        this.#releaseBefore(event);
        return;
      case 'reply-error':
      case 'reasoning-start':
      case 'redacted-reasoning':
        this.#releaseBefore(event);
        return;
      case 'tool-use-delta':
      case 'tool-use-end':
      case 'reasoning-delta':
      case 'reasoning-end':
      // Searches run after this step.
      case 'web-search-start':
      case 'web-search-end':
      case 'text-citation':
      case 'reply-start':
        this.#emitted.push(event);
        return;
    }
  }

  #text(piece: TextPiece, event?: ReplyEvent): void {
    if (this.#candidate) {
      this.#extend(this.#candidate, piece.plain);
    } else if (this.#usedTools || (this.#lines.isSettled && !piece.escaped.includes(LINE_BREAK))) {
      // The usual piece: the rest of a line or part of it.
      this.#emitText(piece, event);
    } else {
      this.#searchCandidate(piece);
    }
  }

  /** Emits the text before the first position where a call may begin. */
  #searchCandidate(piece: TextPiece): void {
    const text = piece.plain;
    for (let at = 0; at < text.length; ) {
      const begin = at + this.#indentAt(text, at);
      if (this.#lines.atFreeLineStart && OPENER.test(text.charAt(begin))) {
        const tail = text.slice(begin);
        if (mayBecomeCall(tail, this.#tools)) {
          this.#candidate = new Candidate(this.#tools);
          this.#emitText(TextPiece.plain(text.slice(0, begin)));
          this.#extend(this.#candidate, tail);
          return;
        }
      }
      const lineEnd = text.indexOf('\n', begin);
      const next = lineEnd < 0 ? text.length : lineEnd + 1;
      this.#lines.read(text.slice(begin, next));
      at = next;
    }
    this.#emitText(piece);
  }

  /** Reads the spaces at the start of a line. */
  #indentAt(text: string, at: number): number {
    const indent = this.#lines.atFreeLineStart ? (/^ */.exec(text.slice(at))?.[0] ?? '') : '';
    this.#lines.read(indent);
    return indent.length;
  }

  #extend(candidate: Candidate, text: string): void {
    if (!candidate.add(text)) this.#reject(candidate);
  }

  /** The candidate was text; a later line of it may still begin a call. */
  #reject(candidate: Candidate): void {
    this.#candidate = undefined;
    const { text } = candidate;
    const lineEnd = text.indexOf('\n') + 1;
    const line = lineEnd === 0 || candidate.isTooLong ? text : text.slice(0, lineEnd);
    this.#lines.read(line);
    this.#emitText(TextPiece.plain(line));
    if (line.length < text.length) this.#text(TextPiece.plain(text.slice(line.length)));
  }

  /** `event`: the event with the piece, if there is one. */
  #emitText(piece: TextPiece, event?: ReplyEvent): void {
    if (piece.isEmpty) return;
    this.#startText();
    this.#emitted.push(event ?? { type: 'text-delta', text: piece });
  }

  #startText(): void {
    if (!this.#pendingStart) return;
    this.#pendingStart = false;
    this.#emitted.push({ type: 'text-start' });
  }

  #endText(): void {
    this.#startText();
    this.#emitted.push({ type: 'text-end' });
  }

  #releaseBefore(event: ReplyEvent): void {
    this.#release();
    this.#emitted.push(event);
  }

  /** The candidate is text, because other content follows it. */
  #release(): void {
    const candidate = this.#candidate;
    if (!candidate) return;
    this.#candidate = undefined;
    this.#emitText(TextPiece.plain(candidate.text));
    if (!this.#inText) this.#endText();
    this.#emitted.push(...this.#waiting.splice(0));
  }

  #end(event: Extract<ReplyEvent, { type: 'reply-end' }>): void {
    const isOver = event.stopReason === 'end-turn' || event.stopReason === 'tool-use';
    const calls = isOver ? this.#candidate?.calls() : undefined;
    if (!calls) {
      this.#releaseBefore(event);
      return;
    }
    this.#candidate = undefined;
    if (!this.#pendingStart) this.#endText();
    this.#emitted.push(...this.#waiting.splice(0));
    for (const call of calls) this.#toolUse(call);
    this.#emitted.push({ ...event, stopReason: 'tool-use' });
  }

  #toolUse({ name, input }: LeakedCall): void {
    this.#note(replyNote('leaked-call-recovered', 'text', name));
    const toolUseId = `tooluse_${randomUUID().replaceAll('-', '').slice(0, 22)}`;
    this.#emitted.push(
      { type: 'tool-use-start', toolUseId, name },
      { type: 'tool-use-delta', json: TextPiece.plain(JSON.stringify(input)) },
      { type: 'tool-use-end' },
    );
  }
}

/** In escaped text; a backslash before an n matches too, which only costs a closer look. */
const LINE_BREAK = '\\n';
const OPENER = /[<[]/;
