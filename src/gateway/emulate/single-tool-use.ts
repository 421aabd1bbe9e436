/** `parallel_tool_calls: false`: passes on the first tool use of a reply and drops further ones. */
import type { ReplyEvent } from '../../core/reply.ts';
import type { ReplyTransform } from './transform.ts';

export class SingleToolUse implements ReplyTransform {
  readonly finished = false;
  #toolUses = 0;
  #dropping = false;

  push(events: readonly ReplyEvent[]): readonly ReplyEvent[] {
    return events.filter((event) => this.#keeps(event));
  }

  #keeps(event: ReplyEvent): boolean {
    if (event.type === 'tool-use-start') {
      this.#toolUses++;
      if (this.#toolUses > 1) this.#dropping = true;
    }
    if (event.type === 'tool-use-end' && this.#dropping) {
      this.#dropping = false;
      return false;
    }
    return !this.#dropping || event.type === 'reply-error';
  }
}
