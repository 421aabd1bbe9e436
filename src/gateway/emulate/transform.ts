/**
 * A pure change to a reply on its way: events in, events out, the grammar of core/reply.ts kept. Stands for a
 * parameter which the upstream's wire has no field for.
 */
import type { ReplyEvent, StopReason } from '../../core/reply.ts';
import { TokenCount } from '../../core/token-count.ts';
import { estimated, type Figure } from '../../core/usage.ts';

export interface ReplyTransform {
  push(events: readonly ReplyEvent[]): readonly ReplyEvent[];
  /** The reply has been ended here; what the upstream still has to say is not wanted. */
  readonly finished: boolean;
}

/** Base of the transforms: one event at a time, and an ending of our own making. */
export abstract class EventTransform implements ReplyTransform {
  #finished = false;
  #inputTokens: Figure = estimated(0);
  /** What the client has been given, for the figures of a reply which we end before the upstream reports its own. */
  protected readonly written = new TokenCount();

  get finished(): boolean {
    return this.#finished;
  }

  push(events: readonly ReplyEvent[]): readonly ReplyEvent[] {
    const out: ReplyEvent[] = [];
    for (const event of events) {
      if (this.#finished) break;
      if (event.type === 'reply-start') this.#inputTokens = event.inputTokens;
      for (const changed of this.change(event)) {
        this.#remember(changed);
        out.push(changed);
      }
    }
    return out;
  }

  protected abstract change(event: ReplyEvent): readonly ReplyEvent[];

  /** The ending to hand out; nothing is read after it. `given`: text handed out together with it. */
  protected finish(stopReason: StopReason, stopSequence: string | undefined, given: string): ReplyEvent {
    this.#finished = true;
    const outputTokens = estimated(this.written.totalWith(given));
    return { type: 'reply-end', stopReason, stopSequence, usage: { inputTokens: this.#inputTokens, outputTokens } };
  }

  #remember(event: ReplyEvent): void {
    if (event.type === 'text-delta' || event.type === 'reasoning-delta') this.written.add(event.text);
    if (event.type === 'tool-use-delta') this.written.add(event.json);
  }
}
