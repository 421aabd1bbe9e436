/**
 * Signatures of reasoning, derived from the text, so that changed or foreign reasoning is detected when it returns in
 * history. Custom signatures from scripts are stored.
 */
import { createHash, createHmac } from 'node:crypto';

export class Signatures {
  readonly #key: string;
  readonly #known = new Set<string>();

  constructor(seed: string) {
    this.#key = `reasoning signatures of ${seed}`;
  }

  sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64');
  }

  /** Stores what was sent, except the simulator's own signatures, which can be recomputed. */
  remember(text: string, signature: string): void {
    if (signature !== this.sign(text)) this.#known.add(digest(text, signature));
  }

  rememberRedacted(content: string): void {
    this.#known.add(digest('redacted', content));
  }

  isGenuine(text: string, signature: string): boolean {
    return signature === this.sign(text) || this.#known.has(digest(text, signature));
  }

  isGenuineRedacted(content: string): boolean {
    return this.#known.has(digest('redacted', content));
  }
}

function digest(text: string, signature: string): string {
  return createHash('sha256').update(`${text.length}:${text}${signature}`).digest('base64');
}
