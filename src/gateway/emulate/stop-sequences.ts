/**
 * `stop` / `stop_sequences`: the text ends before the first sequence that the model completes. Only text that could still
 * become a sequence is buffered: at most one character less than the longest sequence.
 */
import type { ReplyEvent } from '../../core/reply.ts';
import { TextPiece } from '../../core/text.ts';
import { EventTransform } from './transform.ts';

export class StopSequences extends EventTransform {
  readonly #sequences: readonly string[];
  readonly #longest: number;
  #buffered = '';

  /** Empty sequences match nothing. */
  constructor(sequences: readonly string[]) {
    super();
    this.#sequences = sequences.filter((sequence) => sequence !== '');
    this.#longest = Math.max(0, ...this.#sequences.map((sequence) => sequence.length));
  }

  protected override change(event: ReplyEvent): void {
    if (event.type === 'text-delta') {
      this.#text(event);
      return;
    }
    if (event.type === 'text-end') this.#flush();
    this.emit(event);
  }

  #text(event: Extract<ReplyEvent, { type: 'text-delta' }>): void {
    const text = this.#buffered + event.text.plain;
    const match = firstCompleted(text, this.#sequences);
    if (match) {
      this.#buffered = '';
      this.#emitText(text.slice(0, match.start));
      this.emit({ type: 'text-end' });
      this.finish('stop-sequence', match.sequence);
      return;
    }
    const before = this.#buffered;
    this.#buffered = text.slice(text.length - this.#undecidedLength(text));
    // Nothing buffered before or after: the piece is passed on unchanged, still escaped.
    if (before === '' && this.#buffered === '') this.emit(event);
    else this.#emitText(text.slice(0, text.length - this.#buffered.length));
  }

  #flush(): void {
    const text = this.#buffered;
    this.#buffered = '';
    this.#emitText(text);
  }

  #emitText(text: string): void {
    if (text !== '') this.emit({ type: 'text-delta', text: TextPiece.plain(text) });
  }

  /** Length of the longest suffix of `text` that is the beginning of a sequence. */
  #undecidedLength(text: string): number {
    for (let length = Math.min(this.#longest - 1, text.length); length > 0; length--) {
      const tail = text.slice(text.length - length);
      if (this.#sequences.some((sequence) => sequence.length > length && sequence.startsWith(tail))) return length;
    }
    return 0;
  }
}

interface Match {
  readonly sequence: string;
  readonly start: number;
  readonly end: number;
}

/** The sequence completed first, and of two completed together the longer one, so that stream cuts make no difference. */
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
