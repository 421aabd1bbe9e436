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
    const [only] = events;
    return only && events.length === 1 ? [...this.#change(only)] : events.flatMap((event) => this.#change(event));
  }

  #change(event: ReplyEvent): readonly ReplyEvent[] {
    switch (event.type) {
      case 'text-start':
        this.#lines = new Lines();
        return [...this.#release(), ...this.#beginText()];
      case 'text-delta':
        return this.#text(event.text, event);
      case 'text-end':
        this.#inText = false;
        return this.#candidate ? [] : this.#endText();
      case 'source':
        return this.#delay(event);
      case 'reply-end':
        return this.#end(event);
      case 'reply-error':
        return [...this.#release(), event];
      case 'tool-use-start':
        this.#usedTools = true;
        return [...this.#release(), event];
      case 'reasoning-start':
      case 'redacted-reasoning':
        return [...this.#release(), event];
      case 'tool-use-delta':
      case 'tool-use-end':
      case 'reasoning-delta':
      case 'reasoning-end':
        return [event];
      // Searches run after this step.
      case 'web-search-start':
      case 'web-search-end':
      case 'text-citation':
      case 'reply-start':
        return [event];
    }
  }

  #beginText(): readonly ReplyEvent[] {
    this.#inText = true;
    this.#pendingStart = true;
    return [];
  }

  #text(piece: TextPiece, event?: ReplyEvent): readonly ReplyEvent[] {
    if (this.#candidate) return this.#extend(this.#candidate, piece.plain);
    if (this.#usedTools) return this.#emitText(piece, event);
    // The usual piece: the rest of a line or part of it.
    if (this.#lines.isSettled && !piece.escaped.includes(LINE_BREAK)) return this.#emitText(piece, event);
    return this.#searchCandidate(piece);
  }

  /** Emits the text before the first position where a call may begin. */
  #searchCandidate(piece: TextPiece): readonly ReplyEvent[] {
    const text = piece.plain;
    for (let at = 0; at < text.length; ) {
      const begin = at + this.#indentAt(text, at);
      if (this.#lines.atFreeLineStart && OPENER.test(text.charAt(begin))) {
        const tail = text.slice(begin);
        if (mayBecomeCall(tail, this.#tools)) {
          this.#candidate = new Candidate(this.#tools);
          return [...this.#emitText(TextPiece.plain(text.slice(0, begin))), ...this.#extend(this.#candidate, tail)];
        }
      }
      const lineEnd = text.indexOf('\n', begin);
      const next = lineEnd < 0 ? text.length : lineEnd + 1;
      this.#lines.read(text.slice(begin, next));
      at = next;
    }
    return this.#emitText(piece);
  }

  /** Reads the spaces at the start of a line. */
  #indentAt(text: string, at: number): number {
    const indent = this.#lines.atFreeLineStart ? (/^ */.exec(text.slice(at))?.[0] ?? '') : '';
    this.#lines.read(indent);
    return indent.length;
  }

  #extend(candidate: Candidate, text: string): readonly ReplyEvent[] {
    return candidate.add(text) ? [] : this.#reject(candidate);
  }

  /** The candidate was text; a later line of it may still begin a call. */
  #reject(candidate: Candidate): readonly ReplyEvent[] {
    this.#candidate = undefined;
    const { text } = candidate;
    const lineEnd = text.indexOf('\n') + 1;
    const line = lineEnd === 0 || candidate.isTooLong ? text : text.slice(0, lineEnd);
    this.#lines.read(line);
    const emitted = this.#emitText(TextPiece.plain(line));
    return line.length === text.length
      ? emitted
      : [...emitted, ...this.#text(TextPiece.plain(text.slice(line.length)))];
  }

  /** `event`: the event with the piece, if there is one. */
  #emitText(piece: TextPiece, event?: ReplyEvent): readonly ReplyEvent[] {
    if (piece.isEmpty) return [];
    const delta = event ?? { type: 'text-delta', text: piece };
    return this.#pendingStart ? [...this.#startText(), delta] : [delta];
  }

  #startText(): readonly ReplyEvent[] {
    if (!this.#pendingStart) return [];
    this.#pendingStart = false;
    return [{ type: 'text-start' }];
  }

  #endText(): readonly ReplyEvent[] {
    return [...this.#startText(), { type: 'text-end' }];
  }

  #delay(event: ReplyEvent): readonly ReplyEvent[] {
    if (!this.#candidate) return [event];
    this.#waiting.push(event);
    return [];
  }

  /** The candidate is text, because other content follows it. */
  #release(): readonly ReplyEvent[] {
    const candidate = this.#candidate;
    if (!candidate) return [];
    this.#candidate = undefined;
    const emitted = this.#emitText(TextPiece.plain(candidate.text));
    return [...emitted, ...(this.#inText ? [] : this.#endText()), ...this.#waiting.splice(0)];
  }

  #end(event: Extract<ReplyEvent, { type: 'reply-end' }>): readonly ReplyEvent[] {
    const isOver = event.stopReason === 'end-turn' || event.stopReason === 'tool-use';
    const calls = isOver ? this.#candidate?.calls() : undefined;
    if (!calls) return [...this.#release(), event];
    this.#candidate = undefined;
    const emitted = this.#pendingStart ? [] : this.#endText();
    const sources = this.#waiting.splice(0);
    return [
      ...emitted,
      ...sources,
      ...calls.flatMap((call) => this.#toolUse(call)),
      { ...event, stopReason: 'tool-use' },
    ];
  }

  #toolUse({ name, input }: LeakedCall): readonly ReplyEvent[] {
    this.#note(replyNote('leaked-call-recovered', 'text', name));
    const toolUseId = `tooluse_${randomUUID().replaceAll('-', '').slice(0, 22)}`;
    return [
      { type: 'tool-use-start', toolUseId, name },
      { type: 'tool-use-delta', json: TextPiece.plain(JSON.stringify(input)) },
      { type: 'tool-use-end' },
    ];
  }
}

/** In escaped text; a backslash before an n matches too, which only costs a closer look. */
const LINE_BREAK = '\\n';
const OPENER = /[<[]/;
