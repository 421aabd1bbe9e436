/** A 200 whose body is not an event stream: a JSON error or a proxy's page. Its text says what happened. */
import type { GatewayError } from '../../core/errors.ts';
import { explainOtherBody } from './failures.ts';

const EVENT_STREAM = 'application/vnd.amazon.eventstream';
/** Larger than any error envelope; an HTML page is cut here. */
const MAX_BYTES = 64 * 1024;

interface AnswerHeaders {
  header(name: string): string | undefined;
}

export class OtherBody {
  readonly #headers: AnswerHeaders;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  private constructor(headers: AnswerHeaders) {
    this.#headers = headers;
  }

  /**
   * Decides by the first bytes of a body; undefined for an event stream. A frame begins with its length, which is below
   * 16 MiB, so its first byte is 0, unlike any text's. A body declared as an event stream with another first byte is a
   * corrupted stream, unless it looks like a page or an object.
   */
  static recognize(bytes: Uint8Array, headers: AnswerHeaders): OtherBody | undefined {
    if (bytes.length === 0 || bytes[0] === 0) return undefined;
    const isDeclared = headers.header('content-type')?.trim().toLowerCase().startsWith(EVENT_STREAM) ?? false;
    const isText = /^(?:\xef\xbb\xbf)?\s*[<{[]/.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1'));
    return isDeclared && !isText ? undefined : new OtherBody(headers);
  }

  /** Throws the failure that the body describes, once enough of it has arrived. */
  push(bytes: Uint8Array): void {
    this.#chunks.push(Uint8Array.from(bytes.subarray(0, MAX_BYTES - this.#bytes)));
    this.#bytes += bytes.length;
    if (this.#bytes >= MAX_BYTES) throw this.explain();
  }

  explain(): GatewayError {
    const body = Buffer.concat(this.#chunks).toString('utf8');
    return explainOtherBody({ status: 200, header: (name) => this.#headers.header(name), body });
  }
}
