/**
 * Models that refused to have their thinking turned off although their schema offers it. From then on they are asked for
 * the lowest effort instead, and the service does not refuse the same request every time.
 */
export class AlwaysThinking {
  readonly #modelIds = new Set<string>();

  remember(modelId: string): void {
    // A catalogue has some dozens; a client that invents names must not fill the memory.
    if (this.#modelIds.size < MAX_MODELS) this.#modelIds.add(modelId);
  }

  has(modelId: string): boolean {
    return this.#modelIds.has(modelId);
  }
}

const MAX_MODELS = 1_000;
