/**
 * `stop` / `stop_sequences`: the text ends before the first sequence that the model completes. Only text that could still
 * become a sequence is buffered: at most one character less than the longest sequence.
 */
import type { ReplyEvent } from '../../core/reply.ts';
import { TextPiece } from '../../core/text.ts';
import { SequenceSearch } from './sequence-search.ts';
import { EventTransform } from './transform.ts';

export class StopSequences extends EventTransform {
  readonly #search: SequenceSearch;
  #buffered = '';

  /** Empty sequences match nothing. */
  constructor(sequences: readonly string[]) {
    super();
    this.#search = new SequenceSearch(sequences.filter((sequence) => sequence !== ''));
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
    const { plain } = event.text;
    for (let at = 0; at < plain.length; at += 1) {
      const sequence = this.#search.read(plain.charCodeAt(at));
      if (sequence === undefined) continue;
      const text = this.#buffered + plain.slice(0, at + 1);
      this.#buffered = '';
      this.#emitText(text.slice(0, text.length - sequence.length));
      this.emit({ type: 'text-end' });
      this.finish('stop-sequence', sequence);
      return;
    }
    const { begun } = this.#search;
    // Nothing buffered before or after: the piece is passed on unchanged, still escaped.
    if (this.#buffered === '' && begun === 0) {
      this.emit(event);
      return;
    }
    const text = this.#buffered + plain;
    this.#buffered = text.slice(text.length - begun);
    this.#emitText(text.slice(0, text.length - begun));
  }

  #flush(): void {
    const text = this.#buffered;
    this.#buffered = '';
    this.#search.restart();
    this.#emitText(text);
  }

  #emitText(text: string): void {
    if (text !== '') this.emit({ type: 'text-delta', text: TextPiece.plain(text) });
  }
}
