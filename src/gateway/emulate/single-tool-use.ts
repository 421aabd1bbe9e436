/** `parallel_tool_calls: false`: passes on the first tool use of a reply and drops further ones. */
import type { ReplyEvent } from '../../core/reply.ts';
import type { ReplyTransform } from './transform.ts';

export class SingleToolUse implements ReplyTransform {
  readonly finished = false;
  #toolUses = 0;
  #dropping = false;
  /** Blocks dropped so far; later blocks are renumbered so that indices have no gaps. */
  #dropped = 0;

  push(events: readonly ReplyEvent[]): readonly ReplyEvent[] {
    return events.flatMap((event) => this.#change(event));
  }

  #change(event: ReplyEvent): readonly ReplyEvent[] {
    if (event.type === 'tool-use-start') {
      this.#toolUses++;
      if (this.#toolUses > 1) this.#dropping = true;
    }
    if (event.type === 'tool-use-end' && this.#dropping) {
      this.#dropping = false;
      this.#dropped++;
      return [];
    }
    if (this.#dropping && event.type !== 'reply-error') return [];
    if (this.#dropped === 0 || !('index' in event)) return [event];
    return [{ ...event, index: event.index - this.#dropped }];
  }
}
