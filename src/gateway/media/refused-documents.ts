/**
 * Conversations whose documents the service has refused (`documents_refused`): too many pages, or a model that reads
 * none. From then on all their documents go as text, in every turn, so that the service does not refuse each turn once.
 */
import { LRUCache } from 'lru-cache';
import type { MediaLimits } from '../../upstreams/upstream.ts';

/** A forgotten conversation costs one more refusal. */
const REMEMBERED = 10_000;

export class RefusedDocuments {
  readonly #conversations = new LRUCache<string, true>({ max: REMEMBERED });

  remember(conversationId: string): void {
    this.#conversations.set(conversationId, true);
  }

  limitsFor(conversationId: string, limits: MediaLimits): MediaLimits {
    return this.#conversations.get(conversationId) ? { ...limits, documentBytes: undefined } : limits;
  }
}
