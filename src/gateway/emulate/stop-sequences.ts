/**
 * `stop` / `stop_sequences`: the text ends before the first sequence the model completes. Only what could still
 * become a sequence is held back, so at most the longest one less a character.
 */
import type { ReplyEvent } from '../../core/reply.ts';
import { TextPiece } from '../../core/text.ts';
import { EventTransform } from './transform.ts';

export class StopSequences extends EventTransform {
  readonly #sequences: readonly string[];
  readonly #longest: number;
  #held = '';

  /** Empty sequences match nothing. */
  constructor(sequences: readonly string[]) {
    super();
    this.#sequences = sequences.filter((sequence) => sequence !== '');
    this.#longest = Math.max(0, ...this.#sequences.map((sequence) => sequence.length));
  }

  protected override change(event: ReplyEvent): readonly ReplyEvent[] {
    if (event.type === 'text-delta') return this.#text(event);
    if (event.type === 'text-end') return [...this.#flush(event.index), event];
    return [event];
  }

  #text(event: Extract<ReplyEvent, { type: 'text-delta' }>): readonly ReplyEvent[] {
    const { index } = event;
    const text = this.#held + event.text.plain;
    const match = firstCompleted(text, this.#sequences);
    if (match) {
      this.#held = '';
      const kept = text.slice(0, match.start);
      const end = this.finish('stop-sequence', match.sequence, kept);
      return [...delta(index, kept), { type: 'text-end', index }, end];
    }
    const before = this.#held;
    this.#held = text.slice(text.length - this.#undecided(text));
    // Nothing held before and after: the piece goes on as it came, still escaped.
    if (before === '' && this.#held === '') return [event];
    return delta(index, text.slice(0, text.length - this.#held.length));
  }

  #flush(index: number): readonly ReplyEvent[] {
    const held = this.#held;
    this.#held = '';
    return delta(index, held);
  }

  /** Length of the longest ending of `text` which begins one of the sequences. */
  #undecided(text: string): number {
    for (let length = Math.min(this.#longest - 1, text.length); length > 0; length--) {
      const tail = text.slice(text.length - length);
      if (this.#sequences.some((sequence) => sequence.length > length && sequence.startsWith(tail))) return length;
    }
    return 0;
  }
}

function delta(index: number, text: string): readonly ReplyEvent[] {
  return text === '' ? [] : [{ type: 'text-delta', index, text: TextPiece.plain(text) }];
}

interface Match {
  readonly sequence: string;
  readonly start: number;
  readonly end: number;
}

/** The one which is complete first; of two which end together the longer. So cuts in the stream make no difference. */
function firstCompleted(text: string, sequences: readonly string[]): Match | undefined {
  let best: Match | undefined;
  for (const sequence of sequences) {
    const start = text.indexOf(sequence);
    if (start < 0) continue;
    const end = start + sequence.length;
    if (!best || end < best.end || (end === best.end && start < best.start)) best = { sequence, start, end };
  }
  return best;
}
