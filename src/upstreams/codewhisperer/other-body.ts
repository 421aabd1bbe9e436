/** A 200 whose body is not an event stream: an error in JSON, the page of a proxy. Its words say what happened. */
import type { GatewayError } from '../../core/errors.ts';
import { explainOtherBody } from './failures.ts';

const EVENT_STREAM = 'application/vnd.amazon.eventstream';
/** More than any error envelope; an HTML page is cut here. */
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
   * By the first bytes of a body; undefined for an event stream. A frame begins with its length, which is below 16 MiB,
   * so its first byte is 0, as that of no text is. A body declared as an event stream whose first byte is another one is
   * a damaged stream, unless it looks like a page or an object.
   */
  static recognize(bytes: Uint8Array, headers: AnswerHeaders): OtherBody | undefined {
    if (bytes.length === 0 || bytes[0] === 0) return undefined;
    const isDeclared = headers.header('content-type')?.trim().toLowerCase().startsWith(EVENT_STREAM) ?? false;
    const isText = /^(?:\xef\xbb\xbf)?\s*[<{[]/.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1'));
    return isDeclared && !isText ? undefined : new OtherBody(headers);
  }

  /** Throws what the body means once enough of it has come. */
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
