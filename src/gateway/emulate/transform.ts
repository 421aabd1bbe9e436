/**
 * Transforms the events of a reply, keeping the grammar of core/reply.ts. Implements a parameter for which the upstream's
 * wire has no field.
 */
import type { ReplyEvent, StopReason } from '../../core/reply.ts';
import { TokenCount } from '../../core/token-count.ts';
import { estimated, type Figure } from '../../core/usage.ts';

export interface ReplyTransform {
  push(events: readonly ReplyEvent[]): readonly ReplyEvent[];
  /** True once this transform has ended the reply; further upstream events are not needed. */
  readonly finished: boolean;
}

/** Base class of transforms that work on one event at a time and can end the reply. */
export abstract class EventTransform implements ReplyTransform {
  #finished = false;
  #inputTokens: Figure = estimated(0);
  #emitted: ReplyEvent[] = [];
  /** Text sent to the client, for the usage of a reply that ends here before the upstream reports its own. */
  protected readonly written = new TokenCount();

  get finished(): boolean {
    return this.#finished;
  }

  push(events: readonly ReplyEvent[]): readonly ReplyEvent[] {
    this.#emitted = [];
    for (const event of events) {
      if (this.#finished) break;
      if (event.type === 'reply-start') this.#inputTokens = event.inputTokens;
      this.change(event);
    }
    return this.#emitted;
  }

  /** Emits what the event becomes. */
  protected abstract change(event: ReplyEvent): void;

  protected emit(event: ReplyEvent): void {
    if (event.type === 'text-delta' || event.type === 'reasoning-delta') this.written.add(event.text);
    if (event.type === 'tool-use-delta') this.written.add(event.json);
    this.#emitted.push(event);
  }

  /** Ends the reply: no event is read after this one. */
  protected finish(stopReason: StopReason, stopSequence: string | undefined): void {
    this.#finished = true;
    const outputTokens = estimated(this.written.total);
    this.emit({ type: 'reply-end', stopReason, stopSequence, usage: { inputTokens: this.#inputTokens, outputTokens } });
  }
}
