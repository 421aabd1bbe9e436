/** A background response in progress: its events so far, for any number of readers. */

export class Run {
  readonly #stopped = new AbortController();
  readonly #events: string[] = [];
  #waiting: (() => void)[] = [];
  #ended = false;

  /** Aborts when the response is cancelled or the gateway stops. */
  get signal(): AbortSignal {
    return this.#stopped.signal;
  }

  /** Appends complete server-sent events; the first one has the sequence number 0. */
  append(text: string): void {
    this.#events.push(...text.split(/(?<=\n\n)/).filter((event) => event !== ''));
    this.#wake();
  }

  get text(): string {
    return this.#events.join('');
  }

  stop(reason: unknown): void {
    this.#stopped.abort(reason);
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Yields the events after this sequence number as they arrive, until the response ends or `gone` aborts. */
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

/** The events of a complete response after this sequence number. */
export function eventsAfter(events: string, sequence: number): string {
  return events
    .split(/(?<=\n\n)/)
    .slice(sequence + 1)
    .join('');
}
