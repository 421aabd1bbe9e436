/**
 * Fits the attachments of one request to the limits of the accounts that it is sent to. Scaling an image or reading a
 * document may take seconds, so it happens once per set of limits, and never while an account is leased.
 */
import type { Conversation } from '../../core/conversation.ts';
import { GatewayError } from '../../core/errors.ts';
import type { MediaLimits } from '../../upstreams/upstream.ts';
import type { MediaTools } from '../ports.ts';
import { fitAttachments, type Prepared } from './attachments.ts';
import { hasAttachments } from './parts.ts';

type FittingTools = Pick<MediaTools, 'fitImage' | 'readDocument'>;

export class AttachmentFitting {
  readonly #conversation: Conversation;
  readonly #media: FittingTools;
  readonly #signal: AbortSignal;
  readonly #hasAttachments: boolean;
  #outcomes: Map<string, Prepared | GatewayError> | undefined = undefined;

  constructor(conversation: Conversation, media: FittingTools, signal: AbortSignal) {
    this.#conversation = conversation;
    this.#media = media;
    this.#signal = signal;
    this.#hasAttachments = hasAttachments(conversation);
  }

  /** False: there are no attachments, so `unchanged` is what `find` returns. */
  get isNeeded(): boolean {
    return this.#hasAttachments;
  }

  /** The conversation as it is. */
  get unchanged(): Prepared {
    return { conversation: this.#conversation, adjustments: [] };
  }

  /** Undefined: call `prepare` with these limits first. Throws the GatewayError if the attachments cannot be fitted. */
  find(limits: MediaLimits): Prepared | undefined {
    if (!this.#hasAttachments) return this.unchanged;
    const outcome = this.#outcomes?.get(keyOf(limits));
    if (outcome instanceof GatewayError) throw outcome;
    return outcome;
  }

  /** Never rejects: `find` throws the error, because the account that is leased next may have other limits. */
  async prepare(limits: MediaLimits): Promise<void> {
    if (!this.#hasAttachments) return;
    this.#outcomes ??= new Map();
    const key = keyOf(limits);
    if (this.#outcomes.has(key)) return;
    try {
      this.#outcomes.set(key, await fitAttachments(this.#conversation, limits, this.#media, this.#signal));
    } catch (cause) {
      this.#outcomes.set(key, GatewayError.from(cause));
    }
  }
}

function keyOf({ image, documentBytes }: MediaLimits): string {
  return [image?.pixels, image?.bytes, documentBytes].join(' ');
}
