/**
 * Tool calls that a model printed as text become calls, so that an agent goes on instead of showing tags to its user.
 * Only calls of declared tools that begin a line outside of code fences and end the reply, and only in replies without
 * a structured call: text about tools stays text. Text that could still become a call is held back until it is decided.
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

/** Replies in, the same replies with the recovered calls out. */
export class LeakedCalls {
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #note: (adjustment: Adjustment) => void;
  #lines = new Lines();
  /** Text from where a call may have begun, and the events that must wait with it. */
  #held: Candidate | undefined;
  readonly #waiting: ReplyEvent[] = [];
  /** The start of a text block has not been passed on yet. */
  #pendingStart = false;
  #inText = false;
  #usedTools = false;
  /** Blocks passed on so far. */
  #index = 0;

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
        return this.#held ? [] : this.#endText();
      case 'source':
        return this.#hold(event);
      case 'reply-end':
        return this.#end(event);
      case 'reply-error':
        return [...this.#release(), event];
      case 'tool-use-start':
        this.#usedTools = true;
        return [...this.#release(), { ...event, index: this.#index }];
      case 'reasoning-start':
        return [...this.#release(), { ...event, index: this.#index }];
      case 'redacted-reasoning':
        return [...this.#release(), { ...event, index: this.#index++ }];
      case 'tool-use-end':
      case 'reasoning-end':
        return [{ ...event, index: this.#index++ }];
      case 'tool-use-delta':
      case 'reasoning-delta':
        return [event.index === this.#index ? event : { ...event, index: this.#index }];
      // Searches are run after this, outside of any round.
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
    if (this.#held) return this.#goOn(this.#held, piece.plain);
    if (this.#usedTools) return this.#say(piece, event);
    // The usual piece: the rest of a line, or a part of it.
    if (this.#lines.isSettled && !piece.escaped.includes(LINE_BREAK)) return this.#say(piece, event);
    return this.#lookFor(piece);
  }

  /** Passes on what stands before the first place where a call may begin. */
  #lookFor(piece: TextPiece): readonly ReplyEvent[] {
    const text = piece.plain;
    for (let at = 0; at < text.length; ) {
      const begin = at + this.#indentAt(text, at);
      if (this.#lines.atFreeLineStart && OPENER.test(text.charAt(begin))) {
        const candidate = text.slice(begin);
        if (mayBecomeCall(candidate, this.#tools)) {
          this.#held = new Candidate(this.#tools);
          return [...this.#say(TextPiece.plain(text.slice(0, begin))), ...this.#goOn(this.#held, candidate)];
        }
      }
      const lineEnd = text.indexOf('\n', begin);
      const next = lineEnd < 0 ? text.length : lineEnd + 1;
      this.#lines.read(text.slice(begin, next));
      at = next;
    }
    return this.#say(piece);
  }

  /** Reads the blanks with which a line begins. */
  #indentAt(text: string, at: number): number {
    const indent = this.#lines.atFreeLineStart ? (/^ */.exec(text.slice(at))?.[0] ?? '') : '';
    this.#lines.read(indent);
    return indent.length;
  }

  #goOn(held: Candidate, text: string): readonly ReplyEvent[] {
    return held.add(text) ? [] : this.#giveUp(held);
  }

  /** It was text after all; a later line of it may begin a call. */
  #giveUp(held: Candidate): readonly ReplyEvent[] {
    this.#held = undefined;
    const { text } = held;
    const lineEnd = text.indexOf('\n') + 1;
    const line = lineEnd === 0 || held.isTooLong ? text : text.slice(0, lineEnd);
    this.#lines.read(line);
    const said = this.#say(TextPiece.plain(line));
    return line.length === text.length ? said : [...said, ...this.#text(TextPiece.plain(text.slice(line.length)))];
  }

  /** `event`: the event that brought the piece; it is passed on unchanged if its index is right. */
  #say(piece: TextPiece, event?: ReplyEvent): readonly ReplyEvent[] {
    if (piece.isEmpty) return [];
    const isSame = event?.type === 'text-delta' && event.index === this.#index;
    const delta: ReplyEvent = isSame ? event : { type: 'text-delta', index: this.#index, text: piece };
    return this.#pendingStart ? [...this.#startText(), delta] : [delta];
  }

  #startText(): readonly ReplyEvent[] {
    if (!this.#pendingStart) return [];
    this.#pendingStart = false;
    return [{ type: 'text-start', index: this.#index }];
  }

  #endText(): readonly ReplyEvent[] {
    return [...this.#startText(), { type: 'text-end', index: this.#index++ }];
  }

  #hold(event: ReplyEvent): readonly ReplyEvent[] {
    if (!this.#held) return [event];
    this.#waiting.push(event);
    return [];
  }

  /** What was held is text, because something came after it. */
  #release(): readonly ReplyEvent[] {
    const held = this.#held;
    if (!held) return [];
    this.#held = undefined;
    const said = this.#say(TextPiece.plain(held.text));
    return [...said, ...(this.#inText ? [] : this.#endText()), ...this.#waiting.splice(0)];
  }

  #end(event: Extract<ReplyEvent, { type: 'reply-end' }>): readonly ReplyEvent[] {
    const isOver = event.stopReason === 'end-turn' || event.stopReason === 'tool-use';
    const calls = isOver ? this.#held?.calls() : undefined;
    if (!calls) return [...this.#release(), event];
    this.#held = undefined;
    const said = this.#pendingStart ? [] : this.#endText();
    const sources = this.#waiting.splice(0);
    return [...said, ...sources, ...calls.flatMap((call) => this.#make(call)), { ...event, stopReason: 'tool-use' }];
  }

  #make({ name, input }: LeakedCall): readonly ReplyEvent[] {
    this.#note(replyNote('leaked-call-recovered', 'text', name));
    const index = this.#index++;
    const toolUseId = `tooluse_${randomUUID().replaceAll('-', '').slice(0, 22)}`;
    return [
      { type: 'tool-use-start', index, toolUseId, name },
      { type: 'tool-use-delta', index, json: TextPiece.plain(JSON.stringify(input)) },
      { type: 'tool-use-end', index },
    ];
  }
}

/** In the escaped text; a backslash before an n matches too, which only costs a closer look. */
const LINE_BREAK = '\\n';
const OPENER = /[<[]/;
