/** Random frames and the official AWS codec, for the tests of the decoder and of the simulator's encoder. */
import { EventStreamCodec, Int64, type MessageHeaders } from '@smithy/eventstream-codec';
import fc from 'fast-check';
import type { HeaderValue } from '../../src/simulator/encode-frame.ts';

/** Recorded vectors that the official codec decodes. */
export const EVENT_VECTORS = {
  empty: '000000100000000005c248eb7d98c8ff',
  text:
    '0000007c0000005c3bddcf780d3a6d6573736167652d747970650700056576656e740b3a6576656e742d74797065' +
    '070016617373697374616e74526573706f6e73654576656e740d3a636f6e74656e742d747970650700106170706c' +
    '69636174696f6e2f6a736f6e7b22636f6e74656e74223a224869227d09f66f51',
  exception:
    '0000008300000061a9d144e50d3a6d6573736167652d74797065070009657863657074696f6e0f3a657863657074' +
    '696f6e2d747970650700135468726f74746c696e67457863657074696f6e0d3a636f6e74656e742d747970650700' +
    '106170706c69636174696f6e2f6a736f6e7b226d657373616765223a22736c6f77227d23ea9a06',
};

export const officialCodec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => Buffer.from(text, 'utf8'),
);

type Headers = Readonly<Record<string, HeaderValue>>;

const anyHeader: fc.Arbitrary<HeaderValue> = fc.oneof(
  fc.boolean().map((value): HeaderValue => ({ type: 'boolean', value })),
  fc.integer({ min: -128, max: 127 }).map((value): HeaderValue => ({ type: 'byte', value })),
  fc.integer({ min: -32_768, max: 32_767 }).map((value): HeaderValue => ({ type: 'short', value })),
  fc.integer().map((value): HeaderValue => ({ type: 'integer', value })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value): HeaderValue => ({ type: 'long', value })),
  fc.uint8Array({ maxLength: 300 }).map((value): HeaderValue => ({ type: 'binary', value })),
  fc.string({ unit: 'grapheme', maxLength: 100 }).map((value): HeaderValue => ({ type: 'string', value })),
  fc.date({ noInvalidDate: true }).map((value): HeaderValue => ({ type: 'timestamp', value })),
  fc.uuid().map((value): HeaderValue => ({ type: 'uuid', value })),
);
/** The official codec stores headers in a plain object, which cannot hold this name. */
const anyName = fc.string({ minLength: 1, maxLength: 40 }).filter((name) => name !== '__proto__');
export const anyHeaders: fc.Arbitrary<Headers> = fc.dictionary(anyName, anyHeader, {
  maxKeys: 8,
  noNullPrototype: true,
});
export const anyPayload = fc.uint8Array({ maxLength: 2_000 });

export function forSmithy(headers: Headers): MessageHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, header]) => [
      name,
      header.type === 'long' ? { type: 'long', value: int64(header.value) } : header,
    ]),
  ) as MessageHeaders; // The two unions differ only in `long`, which was just replaced.
}

export function int64(value: bigint): Int64 {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return new Int64(bytes);
}

/** Comparable regardless of the class of the bytes. */
export function bytesOr(value: unknown): unknown {
  if (value instanceof Int64) return [...value.bytes];
  return value instanceof Uint8Array ? [...value] : value;
}
