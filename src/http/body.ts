/** Reads a request's JSON body: bounded before and after decompression, and never by trusting its length. */
import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { Semaphore } from '../core/async.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { timeSlices } from '../core/steps.ts';
import type { BodyBudget, BodyShare } from './body-budget.ts';
import type { HttpExchange } from './http-exchange.ts';
import { scanWithinLimits } from './json-limits.ts';
import { knownBodies } from './known-bodies.ts';
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
export async function readJson({ request, response }: Sides, limits: BodyLimits): Promise<unknown> {
  const share = limits.bodies.openShare(response);
  try {
    const raw = await readBytes(request, limits.maxBodyBytes, share);
    const bytes = await decompress(raw, request.headers['content-encoding'], limits.maxBodyBytes, share);
    if (bytes.length === 0) throw new GatewayError('invalid_request', 'The request has no body. Send a JSON object.');
    const read = () => parseJson(withoutByteOrderMark(bytes), response);
    return await (bytes.length > LARGE_BYTES ? largeBodies.run(read) : read());
  } catch (cause) {
    share.close();
    throw cause;
  }
}

type Sides = Pick<HttpExchange, 'request' | 'response'>;

/** Bodies above this are parsed one at a time, since that takes several times their bytes in memory. */
const LARGE_BYTES = 4 * 1024 * 1024;
/** Of this process. */
const largeBodies = new Semaphore(1);

function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

async function parseJson(bytes: Buffer, { destroyed }: Sides['response']): Promise<unknown> {
  if (destroyed) throw new GatewayError('client_closed', 'The client disconnected while its request was read.');
  const reader = knownBodies.reader(bytes);
  const longStrings = await scanWithinLimits(bytes, reader);
  try {
    return await (reader ? reader.parse(longStrings) : parseLargeJson(bytes, longStrings));
  } catch (cause) {
    throw new GatewayError('invalid_request', `The body is not valid JSON: ${messageOf(cause)}`, { cause });
  }
}

/** As readJson. Where the body names no model, it is the one that Azure's form of the path names. */
export async function readModelRequest(sides: Sides, limits: BodyLimits): Promise<unknown> {
  const body = await readJson(sides, limits);
  const model = modelInUrl(sides.request.url ?? '');
  const namesOne = !isJsonObject(body) || (typeof body.model === 'string' && body.model !== '');
  return model === undefined || namesOne ? body : { ...body, model };
}

/** Whether the announced length alone is too much. */
function announcesTooMuch(request: IncomingMessage, maxBytes: number): boolean {
  return Number(request.headers['content-length'] ?? 0) > maxBytes;
}

async function readBytes(request: IncomingMessage, maxBytes: number, share: BodyShare): Promise<Buffer> {
  return join(await readChunks(request, maxBytes, share));
}

function readChunks(request: IncomingMessage, maxBytes: number, share: BodyShare): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    if (announcesTooMuch(request, maxBytes)) return reject(tooLarge(maxBytes));
    const chunks: Buffer[] = [];
    let length = 0;
    const finish = (settle: () => void) => {
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      settle();
    };
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) return finish(() => reject(tooLarge(maxBytes)));
      try {
        share.take(chunk.length);
      } catch (cause) {
        return finish(() => reject(cause));
      }
      chunks.push(chunk);
    };
    const onEnd = () => finish(() => resolve(chunks));
    const onGone = () =>
      finish(() => reject(new GatewayError('client_closed', 'The client disconnected while sending its request.')));
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}

async function decompress(
  body: Buffer,
  contentEncoding: string | undefined,
  maxBytes: number,
  share: BodyShare,
): Promise<Buffer> {
  const encoding = (contentEncoding ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '' || body.length === 0) return body;
  const create = Object.hasOwn(DECOMPRESSORS, encoding) ? DECOMPRESSORS[encoding] : undefined;
  if (!create) {
    const message = `The content-encoding ${JSON.stringify(encoding.slice(0, 40))} is not supported. Use gzip, deflate, br, zstd or none.`;
    throw new GatewayError('invalid_request', message);
  }
  const read = (decompressor: Transform) => readAll(decompressor, body, maxBytes, share);
  try {
    // RFC 9110 means zlib's format by this name; some clients send the raw one.
    if (encoding === 'deflate') return await read(create()).catch((cause) => retryRaw(cause, read));
    return await read(create());
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('invalid_request', `The body is not valid ${encoding} data.`, { cause });
  }
}

/** Counts the bytes as they are decompressed: 64 kB can become 64 MiB. */
async function readAll(decompressor: Transform, body: Buffer, maxBytes: number, share: BodyShare): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  decompressor.end(body);
  for await (const chunk of decompressor as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    share.take(chunk.length);
    chunks.push(chunk);
  }
  return join(chunks);
}

/** With a pause after each few megabytes. */
async function join(chunks: readonly Buffer[]): Promise<Buffer> {
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
    await timeSlices.pause();
  }
  return joined;
}

function retryRaw(cause: unknown, read: (decompressor: Transform) => Promise<Buffer>): Promise<Buffer> {
  if (cause instanceof GatewayError) throw cause;
  return read(createInflateRaw(OPTIONS));
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
