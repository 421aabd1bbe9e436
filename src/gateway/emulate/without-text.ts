/**
 * A turn which calls tools where JSON was asked for: words beside the calls are not that JSON, and the parse helpers of
 * the official SDKs would take them for it. So they are left out, and that is noted.
 */
import { type Adjustment, adjustment } from '../../core/adjustments.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import type { ReplyTransform } from './transform.ts';

export class WithoutText implements ReplyTransform {
  readonly finished = false;
  readonly #note: (made: Adjustment) => void;
  #dropped = 0;
  #chars = 0;

  constructor(note: (made: Adjustment) => void) {
    this.#note = note;
  }

  push(events: readonly ReplyEvent[]): readonly ReplyEvent[] {
    return events.flatMap((event) => this.#change(event));
  }

  #change(event: ReplyEvent): readonly ReplyEvent[] {
    switch (event.type) {
      case 'text-delta':
        this.#chars += event.text.plain.trim().length;
        return [];
      case 'text-end':
        this.#dropped++;
        return [];
      case 'text-start':
      case 'text-citation':
        return [];
      case 'reply-end':
        if (this.#chars > 0) this.#note(adjustment('json-words-dropped', '', `${this.#chars} characters`));
        return [event];
      default:
        if (this.#dropped === 0 || !('index' in event)) return [event];
        return [{ ...event, index: event.index - this.#dropped }];
    }
  }
}
