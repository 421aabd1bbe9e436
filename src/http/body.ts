/** Reads a request's JSON body: bounded before and after decompression, and never by trusting its length. */
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { assertWithinLimits } from './json-limits.ts';
import { modelInUrl } from './paths.ts';

type Decompress = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const inflateZlib: Decompress = promisify(inflate);
const inflateBare: Decompress = promisify(inflateRaw);

const DECOMPRESS: Readonly<Record<string, Decompress>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  // Both kinds travel under this name: RFC 9110 means zlib's, some clients send the bare one.
  deflate: (body, options) => inflateZlib(body, options).catch((error) => retryBare(error, body, options)),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/** Throws GatewayError `invalid_request`, `request_too_large` or `client_closed`. */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const raw = await readBytes(request, maxBytes);
  const bytes = await decompress(raw, request.headers['content-encoding'], maxBytes);
  if (bytes.length === 0)
    throw new GatewayError('invalid_request', 'The request has no body; a JSON object was expected.');
  await assertWithinLimits(bytes);
  return parseJson(bytes.toString('utf8').replace(/^\uFEFF/, ''));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GatewayError('invalid_request', `The body is not valid JSON: ${messageOf(cause)}`, { cause });
  }
}

/** As readJson. Where the body names no model, it is the one that Azure's form of the path names. */
export async function readModelRequest(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const body = await readJson(request, maxBytes);
  const model = modelInUrl(request.url ?? '');
  const namesOne = !isJsonObject(body) || (typeof body.model === 'string' && body.model !== '');
  return model === undefined || namesOne ? body : { ...body, model };
}

/** True when the announced length alone is reason to refuse. */
function announcesTooMuch(request: IncomingMessage, maxBytes: number): boolean {
  return Number(request.headers['content-length'] ?? 0) > maxBytes;
}

function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
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
      chunks.push(chunk);
    };
    const onEnd = () => finish(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    const onGone = () =>
      finish(() => reject(new GatewayError('client_closed', 'The client left while sending its request.')));
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}

async function decompress(body: Buffer, contentEncoding: string | undefined, maxBytes: number): Promise<Buffer> {
  const encoding = (contentEncoding ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '' || body.length === 0) return body;
  const apply = Object.hasOwn(DECOMPRESS, encoding) ? DECOMPRESS[encoding] : undefined;
  if (!apply) {
    const message = `The content-encoding ${JSON.stringify(encoding.slice(0, 40))} is not understood; gzip, deflate, br and zstd are.`;
    throw new GatewayError('invalid_request', message);
  }
  try {
    return await apply(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (isOversize(cause)) throw tooLarge(maxBytes);
    throw new GatewayError('invalid_request', `The body is not valid ${encoding} data.`, { cause });
  }
}

function retryBare(error: unknown, body: Buffer, options: { maxOutputLength: number }): Promise<Buffer> {
  if (isOversize(error)) throw error;
  return inflateBare(body, options);
}

function isOversize(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError(
    'request_too_large',
    `The request body is larger than ${maxBytes} bytes, the limit of this gateway (DRAGOMAN_MAX_BODY_BYTES).`,
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
