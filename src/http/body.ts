/** Reads a request's JSON body: bounded before and after decompression, and never by trusting its length. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { Semaphore } from '../core/async.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { type Steps, timeSlices } from '../core/steps.ts';
import type { RequestRecord } from '../gateway/request-record.ts';
import type { BodyBudget, BodyShare } from './body-budget.ts';
import type { HttpExchange } from './http-exchange.ts';
import { mayBeTooDeep, scanAtOnce, scanWithinLimits } from './json-limits.ts';
import { type KnownBodies, knownBodies, MIN_BODY_BYTES } from './known-bodies.ts';
import { parseLargeJson } from './large-json.ts';
import { modelInUrl } from './paths.ts';

/** Bytes that are decompressed between two looks at the limits. */
const OPTIONS = { chunkSize: 256 * 1024 };

const DECOMPRESSORS: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(OPTIONS),
  'x-gzip': () => createGunzip(OPTIONS),
  deflate: () => createInflate(OPTIONS),
  br: () => createBrotliDecompress(OPTIONS),
  zstd: () => createZstdDecompress(OPTIONS),
};

export interface BodyLimits {
  readonly maxBodyBytes: number;
  /** Shared by all requests. */
  readonly bodies: BodyBudget;
}

/**
 * Throws GatewayError `invalid_request`, `request_too_large`, `gateway_busy` or `client_closed`. What the body takes of
 * the budget is given back when the answer ends.
 */
export async function readJson(sides: Sides, limits: BodyLimits): Promise<unknown> {
  const { request, response } = sides;
  const share = limits.bodies.openShare(response);
  try {
    const received = await readChunks(request, limits.maxBodyBytes, share);
    const encoding = request.headers['content-encoding'];
    const [first] = received;
    // As most bodies are: there is nothing to wait for.
    if (first && received.length === 1 && first.length < SHORT_BYTES && encoding === undefined)
      return parseReceived(first, sides);
    const body = await openBody(received, encoding, limits.maxBodyBytes, share);
    const read = () => parseRest(body, sides);
    return await (body.length > LARGE_BYTES ? largeBodies.run(read) : read());
  } catch (cause) {
    share.close();
    throw cause;
  }
}

interface Sides extends Pick<HttpExchange, 'request' | 'response'> {
  /** Its `text` and its `capture` take the body. */
  readonly record?: Pick<RequestRecord, 'text' | 'capture'>;
}

/** Bodies above this are decompressed, joined and parsed one at a time, since that takes several times their bytes in memory. */
const LARGE_BYTES = 4 * 1024 * 1024;
/** Of this process. */
const largeBodies = new Semaphore(1);

function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** What is known of a body: everything where it is small, and at least its first megabytes otherwise. */
interface OpenBody {
  readonly chunks: readonly Buffer[];
  readonly length: number;
  /** Decompresses the rest. */
  readToEnd(): Promise<void>;
  /** To be called when the chunks were copied: they can't be read afterwards. */
  release(): void;
}

async function parseRest(body: OpenBody, sides: Sides): Promise<unknown> {
  refuseAfterDisconnect(sides.response);
  await body.readToEnd();
  const joined = await timeSlices.start(joinSteps(body.chunks));
  if (joined !== body.chunks[0]) body.release();
  return parseReceived(joined, sides);
}

function parseReceived(bytes: Buffer, { response, record }: Sides): unknown {
  refuseAfterDisconnect(response);
  record?.text?.takeRequest(bytes);
  record?.capture?.takeBody(bytes);
  if (bytes.length === 0) throw new GatewayError('invalid_request', 'The request has no body. Send a JSON object.');
  return parseBody(withoutByteOrderMark(bytes), knownBodies);
}

function refuseAfterDisconnect({ destroyed }: Sides['response']): void {
  if (destroyed) throw new GatewayError('client_closed', 'The client disconnected while its request was read.');
}

/**
 * Parses within the limits on a body's structure: a short one at once, others in steps and without what they have in
 * common with a known one. Throws or rejects with GatewayError `invalid_request`.
 */
export function parseBody(bytes: Buffer, known: KnownBodies): unknown {
  return bytes.length < SHORT_BYTES ? parseShort(bytes) : parseInSteps(bytes, known);
}

/** Those that are not remembered. Parsing one takes some hundredths of a millisecond. */
const SHORT_BYTES = MIN_BODY_BYTES;

function parseShort(bytes: Buffer): unknown {
  const json = bytes.toString('utf8');
  if (json.includes(REPLACEMENT) && !isUtf8(bytes)) throw notUtf8();
  if (mayBeTooDeep(json)) scanAtOnce(bytes);
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw invalidJson(cause);
  }
}

/** In place of what is not UTF-8, and seldom sent. */
const REPLACEMENT = '\ufffd';

async function parseInSteps(bytes: Buffer, known: KnownBodies): Promise<unknown> {
  if (!isUtf8(bytes)) throw notUtf8();
  const reader = known.reader(bytes);
  const scanned = await scanWithinLimits(bytes, reader);
  try {
    return await (reader ? reader.parse(scanned) : parseLargeJson(bytes, scanned));
  } catch (cause) {
    throw invalidJson(cause);
  }
}

/** JSON is UTF-8: https://www.rfc-editor.org/rfc/rfc8259#section-8.1. Decoding other bytes would change the texts without a note. */
function notUtf8(): GatewayError {
  return new GatewayError(
    'invalid_request',
    'The body is not valid JSON: it contains bytes that are not UTF-8. Encode it in UTF-8; send binary data in base64.',
  );
}

function invalidJson(cause: unknown): GatewayError {
  return new GatewayError('invalid_request', `The body is not valid JSON: ${messageOf(cause)}`, { cause });
}

/** As readJson. Where the body names no model, it is the one that Azure's form of the path names. */
export function readModelRequest(sides: Sides, limits: BodyLimits): Promise<unknown> {
  const model = modelInUrl(sides.request.url ?? '');
  const reading = readJson(sides, limits);
  return model === undefined ? reading : reading.then((body) => withModel(body, model));
}

function withModel(body: unknown, model: string): unknown {
  const namesOne = !isJsonObject(body) || (typeof body.model === 'string' && body.model !== '');
  return namesOne ? body : { ...body, model };
}

/** Whether the announced length alone is too much. */
function announcesTooMuch(request: IncomingMessage, maxBytes: number): boolean {
  return Number(request.headers['content-length'] ?? 0) > maxBytes;
}

function readChunks(request: IncomingMessage, maxBytes: number, share: BodyShare): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    if (announcesTooMuch(request, maxBytes)) return reject(tooLarge(maxBytes));
    let chunks: Buffer[] = [];
    let length = 0;
    let hasEnded = false;
    const fail = (error: unknown) => {
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      reject(error);
    };
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) return fail(tooLarge(maxBytes));
      try {
        share.take(chunk.length);
      } catch (cause) {
        return fail(cause);
      }
      chunks.push(chunk);
    };
    const onEnd = () => {
      // The listeners stay: removing the four takes more than calling one of them once more. They keep no chunks.
      hasEnded = true;
      resolve(chunks);
      chunks = [];
    };
    const onGone = () => {
      if (!hasEnded) fail(new GatewayError('client_closed', 'The client disconnected while sending its request.'));
    };
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}

async function openBody(
  received: readonly Buffer[],
  contentEncoding: string | undefined,
  maxBytes: number,
  share: BodyShare,
): Promise<OpenBody> {
  const encoding = (contentEncoding ?? 'identity').trim().toLowerCase();
  const length = received.reduce((sum, chunk) => sum + chunk.length, 0);
  if (encoding === 'identity' || encoding === '' || length === 0)
    return { chunks: received, length, readToEnd: async () => {}, release: () => {} };
  const create = Object.hasOwn(DECOMPRESSORS, encoding) ? DECOMPRESSORS[encoding] : undefined;
  if (!create) {
    const message = `The content-encoding ${JSON.stringify(encoding.slice(0, 40))} is not supported. Use gzip, deflate, br, zstd or none.`;
    throw new GatewayError('invalid_request', message);
  }
  const compressed = await timeSlices.start(joinSteps(received));
  const open = async (decompressor: Transform) => {
    const body = new CompressedBody(decompressor.end(compressed), encoding, maxBytes, share);
    await body.read(LARGE_BYTES);
    return body;
  };
  // RFC 9110 means zlib's format by this name; some clients send the raw one, whose first bytes zlib rejects.
  return encoding === 'deflate' && !hasZlibHeader(compressed) ? open(createInflateRaw(OPTIONS)) : open(create());
}

/** RFC 1950, 2.2: the method is 8, and the first two bytes are a multiple of 31. */
function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length >= 2 && ((bytes[0] ?? 0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}

/** Counts the bytes as they are decompressed: 64 kB can become 64 MiB. */
class CompressedBody implements OpenBody {
  readonly chunks: Buffer[] = [];
  length = 0;
  readonly #encoding: string;
  readonly #maxBytes: number;
  readonly #share: BodyShare;
  readonly #source: Transform;
  readonly #output: AsyncIterator<Buffer>;

  constructor(source: Transform, encoding: string, maxBytes: number, share: BodyShare) {
    this.#source = source;
    this.#output = source[Symbol.asyncIterator]();
    this.#encoding = encoding;
    this.#maxBytes = maxBytes;
    this.#share = share;
  }

  /** Until it has more than as many bytes, or has ended. */
  async read(bytes: number): Promise<void> {
    try {
      while (this.length <= bytes) {
        const { done, value } = await this.#output.next();
        if (done) return;
        this.length += value.length;
        if (this.length > this.#maxBytes) throw tooLarge(this.#maxBytes);
        this.#share.take(value.length);
        this.chunks.push(value);
      }
    } catch (cause) {
      this.#source.destroy();
      if (cause instanceof GatewayError) throw cause;
      throw new GatewayError('invalid_request', `The body is not valid ${this.#encoding} data.`, { cause });
    }
  }

  readToEnd(): Promise<void> {
    return this.read(Number.POSITIVE_INFINITY);
  }

  /** At once instead of with the next garbage collection, which a crowd of large bodies would not wait for. */
  release(): void {
    const buffers = this.chunks.splice(0).map(({ buffer }) => buffer as ArrayBuffer); // zlib shares no memory
    for (const buffer of buffers) if (!buffer.detached) buffer.transfer(0);
  }
}

/** Some megabytes a step. */
function* joinSteps(chunks: readonly Buffer[]): Steps<Buffer> {
  if (chunks.length === 1 && chunks[0]) return chunks[0];
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (length <= LARGE_BYTES) return Buffer.concat(chunks, length);
  const joined = Buffer.allocUnsafeSlow(length);
  let at = 0;
  let pauseAt = LARGE_BYTES;
  for (const chunk of chunks) {
    at += chunk.copy(joined, at);
    if (at < pauseAt) continue;
    pauseAt = at + LARGE_BYTES;
    yield;
  }
  return joined;
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError(
    'request_too_large',
    `The request body is larger than this gateway's limit of ${maxBytes} bytes (DRAGOMAN_MAX_BODY_BYTES).`,
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
