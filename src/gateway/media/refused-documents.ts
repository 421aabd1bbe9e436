/**
 * Conversations whose documents the service has refused (`documents_refused`): too many pages, or a model that reads
 * none. From then on all their documents go as text, in every turn, so that the service does not refuse each turn once.
 */
import type { MediaLimits } from '../../upstreams/upstream.ts';

/** A forgotten conversation costs one more refusal. */
const REMEMBERED = 10_000;

export class RefusedDocuments {
  readonly #conversations = new Set<string>();

  remember(conversationId: string): void {
    this.#conversations.delete(conversationId);
    this.#conversations.add(conversationId);
    for (const oldest of this.#conversations) {
      if (this.#conversations.size <= REMEMBERED) return;
      this.#conversations.delete(oldest);
    }
  }

  limitsFor(conversationId: string, limits: MediaLimits): MediaLimits {
    return this.#conversations.has(conversationId) ? { ...limits, documentBytes: undefined } : limits;
  }
}
