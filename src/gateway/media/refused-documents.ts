/**
 * Conversations whose documents the service has refused: too many pages, a model or an account which reads none. From
 * then on their documents go as text, in every turn alike, and the service is not asked in vain again.
 */
import type { GatewayError } from '../../core/errors.ts';
import type { MediaLimits } from '../../upstreams/upstream.ts';

/** A conversation which has been forgotten costs one more refusal. */
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

/** The reasons of a ValidationException, as the published model of the service lists them; a password stays one. */
export function refusesDocuments({ upstream }: GatewayError): boolean {
  return /^DOCUMENT_(?!PASSWORD)/.test(upstream?.reason ?? '');
}
