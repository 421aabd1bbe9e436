/** Limits the bytes of request bodies that all requests together hold, compressed and decompressed, until their answers end. */
import type { ServerResponse } from 'node:http';
import { GatewayError } from '../core/errors.ts';

const RETRY_AFTER_MS = 2_000;

export class BodyBudget {
  readonly #maxBytes: number;
  #heldBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** What one request holds. It is given back when the connection of `response` closes or its answer has ended. */
  openShare(response: ServerResponse): BodyShare {
    let ownBytes = 0;
    let isClosed = response.destroyed || response.writableFinished;
    const close = () => {
      isClosed = true;
      this.#heldBytes -= ownBytes;
      ownBytes = 0;
    };
    response.on('close', close);
    return {
      take: (bytes) => {
        if (isClosed) throw new GatewayError('client_closed', 'The client disconnected while sending its request.');
        if (this.#heldBytes + bytes > this.#maxBytes) throw this.#exhausted();
        this.#heldBytes += bytes;
        ownBytes += bytes;
      },
      close,
    };
  }

  #exhausted(): GatewayError {
    return new GatewayError(
      'gateway_busy',
      `Requests in progress use all ${this.#maxBytes} bytes that this gateway allows for request bodies (DRAGOMAN_MAX_BODIES_BYTES). Send the request again in a moment.`,
      { retryAfterMs: RETRY_AFTER_MS },
    );
  }
}

export interface BodyShare {
  /** Throws `gateway_busy` above the budget, and `client_closed` once the share is closed. */
  take(bytes: number): void;
  /** Gives everything back. */
  close(): void;
}
