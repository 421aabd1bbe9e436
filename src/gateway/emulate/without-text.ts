/**
 * Drops the text of a turn that calls tools when JSON was requested, and records that. The text is not the requested
 * JSON, but the parse helpers of the official SDKs would try to read it as such.
 */
import { type Adjustment, adjustment } from '../../core/adjustments.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import type { ReplyTransform } from './transform.ts';

export class WithoutText implements ReplyTransform {
  readonly finished = false;
  readonly #record: (adjustment: Adjustment) => void;
  #chars = 0;

  constructor(record: (adjustment: Adjustment) => void) {
    this.#record = record;
  }

  push(events: readonly ReplyEvent[]): readonly ReplyEvent[] {
    return events.filter((event) => this.#keeps(event));
  }

  #keeps(event: ReplyEvent): boolean {
    switch (event.type) {
      case 'text-delta':
        this.#chars += event.text.plain.trim().length;
        return false;
      case 'text-start':
      case 'text-end':
      case 'text-citation':
        return false;
      case 'reply-end':
        if (this.#chars > 0) this.#record(wordsDropped(this.#chars));
        return true;
      default:
        return true;
    }
  }
}

/** `chars`: of the dropped text, without white space around it. */
export function wordsDropped(chars: number): Adjustment {
  return adjustment('json-words-dropped', '', `${chars} characters`);
}
