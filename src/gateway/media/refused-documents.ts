/**
 * Conversations whose documents the service has refused (`documents_refused`): too many pages, or a model without
 * document input. Their documents are sent as text from then on, so that not every turn is refused once.
 */
import { LRUCache } from 'lru-cache';
import type { MediaLimits } from '../../upstreams/upstream.ts';

/** Number of conversations remembered. A forgotten one costs one more refusal. */
const MAX_CONVERSATIONS = 10_000;

export class RefusedDocuments {
  // As `maxSize`, not `max`, for which lru-cache allocates all entries at once.
  readonly #conversations = new LRUCache<string, true>({ maxSize: MAX_CONVERSATIONS, sizeCalculation: () => 1 });

  remember(conversationId: string): void {
    this.#conversations.set(conversationId, true);
  }

  limitsFor(conversationId: string, limits: MediaLimits): MediaLimits {
    // Most gateways never have any, and this is called for every request.
    const isRefused = this.#conversations.size > 0 && this.#conversations.get(conversationId);
    return isRefused ? { ...limits, documentBytes: undefined } : limits;
  }
}
