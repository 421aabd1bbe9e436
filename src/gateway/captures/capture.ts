/**
 * What one request exchanged with its client and with the service, byte for byte, for a capsule. While the request runs,
 * this refers to buffers that exist anyway, and copies only what arrives in small pieces.
 */
import type { Catalogue } from '../../core/models.ts';
import type { Access, ReplyDecoder, UpstreamRequest } from '../../upstreams/upstream.ts';
import { PackedPieces } from './packed-pieces.ts';

/** What captures may still take; shared by those of all requests. */
export interface CaptureBudget {
  /** False: there is no room. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

/** Bytes as they arrived, and when: milliseconds since the epoch. */
export interface CapturedChunk {
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

/** The service's answer as the gateway reads it. */
interface ReadAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Of the service's answers; a capsule has no others. */
export const ANSWER_HEADERS = [
  'content-type',
  'x-amzn-errortype',
  'x-amzn-requestid',
  'retry-after',
  'transfer-encoding',
];

/** Each frame of an event stream begins with its length and a checksum, and ends with a checksum: see framing/event-stream.ts. */
const FRAME_FORM = { head: 12, tail: 4 };

/** One request to the service, and its answer as far as it was read. */
export class UpstreamExchange {
  readonly request: UpstreamRequest;
  readonly access: Access;
  /** The account's models as the request was encoded for. */
  readonly catalogue: Catalogue | undefined;
  readonly accountId: string;
  /** Earlier replies of the account ended with closing events. */
  readonly expectsClosingEvents: boolean;
  readonly sentMs: number;
  answer: Omit<ReadAnswer, 'body'> | undefined = undefined;
  /** `open`: it was not read to its end. */
  end: 'complete' | 'broken' | 'open' = 'open';
  readonly #capture: Capture;
  readonly #now: () => number;
  #received: PackedPieces | undefined = undefined;
  #length = 0;
  /** Of each chunk: the milliseconds from `sentMs` to its arrival, then where it ends in what was received. */
  #marks: number[] = [];

  constructor(capture: Capture, sent: SentRequest, now: () => number) {
    this.#capture = capture;
    this.#now = now;
    this.request = sent.request;
    this.access = sent.access;
    this.catalogue = sent.catalogue;
    this.accountId = sent.accountId;
    this.expectsClosingEvents = sent.expectsClosingEvents;
    this.sentMs = now();
  }

  take(bytes: Uint8Array): void {
    if (!this.#capture.add(bytes.length)) return;
    this.#received ??= new PackedPieces(FRAME_FORM);
    this.#received.add(bytes);
    this.#length += bytes.length;
    this.#marks.push(this.#now() - this.sentMs, this.#length);
  }

  get chunks(): readonly CapturedChunk[] {
    const received = this.#received?.toBuffer() ?? Buffer.alloc(0);
    const marks = this.#marks;
    const chunks: CapturedChunk[] = [];
    for (let start = 0, mark = 0; mark < marks.length; mark += 2) {
      const [afterMs = 0, end = 0] = marks.slice(mark, mark + 2);
      chunks.push({ atMs: this.sentMs + afterMs, bytes: received.subarray(start, end) });
      start = end;
    }
    return chunks;
  }

  /** The answer, whose body is captured while it is read. For bodies that are not replies. */
  tap(answer: ReadAnswer): ReadAnswer {
    this.answer = answer;
    return { status: answer.status, header: (name) => answer.header(name), body: this.#tapBody(answer.body) };
  }

  /** The decoder of a reply, whose bytes are captured before they are decoded. */
  tapDecoder(answer: ReadAnswer, decoder: ReplyDecoder): ReplyDecoder {
    this.answer = answer;
    return new TappedDecoder(this, decoder);
  }

  /** Copies what is referenced. The answer goes, since it holds what was not read of it. */
  keep(): void {
    this.#received?.compact();
    this.answer &&= headOf(this.answer);
  }

  /** Lets go of what was received. */
  release(): void {
    this.#received = undefined;
    this.#length = 0;
    this.#marks = [];
  }

  async *#tapBody(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    for await (const bytes of body) {
      this.take(bytes);
      yield bytes;
    }
    this.end = 'complete';
  }
}

function headOf(answer: Omit<ReadAnswer, 'body'>): Omit<ReadAnswer, 'body'> {
  return headWith(answer.status, new Map(ANSWER_HEADERS.map((name) => [name, answer.header(name)])));
}

/** Apart from headOf, whose answer the function would refer to otherwise. */
function headWith(status: number, headers: ReadonlyMap<string, string | undefined>): Omit<ReadAnswer, 'body'> {
  return { status, header: (name) => headers.get(name) };
}

class TappedDecoder implements ReplyDecoder {
  readonly #exchange: UpstreamExchange;
  readonly #decoder: ReplyDecoder;

  constructor(exchange: UpstreamExchange, decoder: ReplyDecoder) {
    this.#exchange = exchange;
    this.#decoder = decoder;
  }

  push(bytes: Uint8Array): ReturnType<ReplyDecoder['push']> {
    this.#exchange.take(bytes);
    return this.#decoder.push(bytes);
  }

  end(cause?: unknown): ReturnType<ReplyDecoder['end']> {
    this.#exchange.end = cause === undefined ? 'complete' : 'broken';
    return this.#decoder.end(cause);
  }

  get hasClosingEvents(): boolean {
    return this.#decoder.hasClosingEvents;
  }

  get lacksClosingEvents(): boolean {
    return this.#decoder.lacksClosingEvents;
  }

  get skipped(): ReadonlyMap<string, number> {
    return this.#decoder.skipped;
  }
}

export interface SentRequest {
  readonly expectsClosingEvents: boolean;
  readonly request: UpstreamRequest;
  readonly access: Access;
  readonly catalogue: Catalogue | undefined;
  readonly accountId: string;
}

export class Capture {
  /** Of the client's request: names and values in turn, as Node has them. */
  readonly headers: readonly string[];
  /** The client's body, decompressed; undefined until it has been read. */
  body: Uint8Array | undefined = undefined;
  upstream: UpstreamExchange[] = [];
  /** Without the headers. */
  bytes = 0;
  /** The request was too large to be kept. */
  isCut = false;
  readonly #budget: CaptureBudget;
  readonly #maxBytes: number;
  #reply: PackedPieces | undefined = undefined;
  /** False once the request has ended: what still arrives then is not taken. */
  #isOpen = true;

  constructor(headers: readonly string[], budget: CaptureBudget, maxBytes: number) {
    this.headers = headers;
    this.#budget = budget;
    this.#maxBytes = maxBytes;
  }

  takeBody(bytes: Uint8Array): void {
    if (this.add(bytes.length)) this.body = bytes;
  }

  takeReply(text: string | Uint8Array): void {
    if (text.length === 0 || !this.add(text.length)) return;
    this.#reply ??= new PackedPieces();
    this.#reply.add(text);
  }

  /** What was written to the client, without keep-alives. */
  get reply(): readonly (string | Uint8Array)[] {
    return this.#reply?.parts ?? [];
  }

  /** undefined: this capture takes nothing more. */
  send(sent: SentRequest, now: () => number): UpstreamExchange | undefined {
    if (this.upstream.length >= MAX_EXCHANGES || !this.add(sent.request.body?.length ?? 0)) return undefined;
    const exchange = new UpstreamExchange(this, sent, now);
    // The first `push` of a list, and a spread, makes room for sixteen more; and most requests have one.
    this.upstream = this.upstream.length === 0 ? [exchange] : this.upstream.concat(exchange);
    return exchange;
  }

  /** False: the bytes must not be kept. */
  add(bytes: number): boolean {
    if (!this.#isOpen) return false;
    if (this.bytes + bytes <= this.#maxBytes && this.#budget.take(bytes)) {
      this.bytes += bytes;
      return true;
    }
    this.release();
    this.isCut = true;
    return false;
  }

  /** Copies what is referenced, so that small pieces do not keep the large buffers that they were cut from. */
  keep(): void {
    this.#isOpen = false;
    this.body = this.body && Buffer.from(this.body);
    for (const exchange of this.upstream) exchange.keep();
    this.#reply?.compact();
  }

  /** Lets go of everything. */
  release(): void {
    this.#isOpen = false;
    this.#budget.giveBack(this.bytes);
    this.bytes = 0;
    this.body = undefined;
    // The decoder of a running reply still refers to its exchange.
    for (const exchange of this.upstream) exchange.release();
    this.upstream = [];
    this.#reply = undefined;
  }
}

/** As many as attempts are recorded. */
const MAX_EXCHANGES = 128;
