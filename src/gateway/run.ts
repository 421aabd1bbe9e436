/** A response being made in the background: what it has said so far, for as many readers as want to follow. */

export class Run {
  readonly #stopped = new AbortController();
  readonly #events: string[] = [];
  #waiting: (() => void)[] = [];
  #ended = false;

  /** Aborts when the response is called off, or the gateway has to stop. */
  get signal(): AbortSignal {
    return this.#stopped.signal;
  }

  /** Whole server-sent events; the first one ever said has the sequence number 0. */
  say(text: string): void {
    this.#events.push(...text.split(/(?<=\n\n)/).filter((event) => event !== ''));
    this.#wake();
  }

  get said(): string {
    return this.#events.join('');
  }

  stop(reason: unknown): void {
    this.#stopped.abort(reason);
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** From the event after this sequence number to the end, as they come, or until the reader has gone. */
  async *eventsAfter(sequence: number, gone: AbortSignal): AsyncGenerator<string, void> {
    let next = sequence + 1;
    gone.addEventListener('abort', () => this.#wake(), { once: true });
    while (!gone.aborted) {
      if (next < this.#events.length) {
        const text = this.#events.slice(next).join('');
        next = this.#events.length;
        yield text;
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** The same of a response which has ended. */
export function eventsAfter(said: string, sequence: number): string {
  return said
    .split(/(?<=\n\n)/)
    .slice(sequence + 1)
    .join('');
}
