import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anyHeaders,
  anyPayload,
  bytesOr,
  EVENT_VECTORS,
  forSmithy,
  int64,
  officialCodec,
} from '../../test/support/random-frames.ts';
import { encodeFrame } from '../simulator/encode-frame.ts';
import { Chunk, EventStreamDecoder, EventStreamError, type Frame, MAX_FRAME_BYTES } from './event-stream.ts';

const TEXT_HEADERS = {
  ':message-type': 'event',
  ':event-type': 'assistantResponseEvent',
  ':content-type': 'application/json',
} as const;

function decode(chunks: readonly Uint8Array[]): Frame[] {
  const decoder = new EventStreamDecoder();
  const frames = chunks.flatMap((chunk) => decoder.push(chunk));
  decoder.end();
  return frames;
}

function only(frames: readonly Frame[]): Frame {
  expect(frames).toHaveLength(1);
  const [frame] = frames;
  if (!frame) throw new Error('no frame');
  return frame;
}

/** Comparable regardless of the class of the bytes. */
function plain(frame: Frame): unknown {
  const headers = [...frame.headers.values].map(([name, header]) => [
    name,
    header.type === 'binary' ? { type: 'binary', value: [...header.value] } : header,
  ]);
  return { headers, payload: frame.payload.toString('hex') };
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place));
}

describe('the recorded vectors', () => {
  it('decodes an empty frame', () => {
    const frame = only(decode([Buffer.from(EVENT_VECTORS.empty, 'hex')]));
    expect(frame.headers.values.size).toBe(0);
    expect(frame.payload).toHaveLength(0);
  });

  it('decodes an event', () => {
    const frame = only(decode([Buffer.from(EVENT_VECTORS.text, 'hex')]));
    expect(frame.header(':message-type')).toBe('event');
    expect(frame.header(':event-type')).toBe('assistantResponseEvent');
    expect(frame.header(':content-type')).toBe('application/json');
    expect(frame.header(':exception-type')).toBeUndefined();
    expect(frame.text()).toBe('{"content":"Hi"}');
    expect(frame.payload.toString()).toBe('{"content":"Hi"}');
  });

  it('decodes an exception', () => {
    const frame = only(decode([Buffer.from(EVENT_VECTORS.exception, 'hex')]));
    expect(frame.header(':exception-type')).toBe('ThrottlingException');
    expect(frame.text()).toBe('{"message":"slow"}');
  });
});

describe('compared with the official codec', () => {
  it('decodes the same frames', () => {
    fc.assert(
      fc.property(anyHeaders, anyPayload, (headers, body) => {
        const bytes = officialCodec.encode({ headers: forSmithy(headers), body });
        const ours = only(decode([bytes]));
        const theirs = officialCodec.decode(bytes);
        expect(Object.keys(theirs.headers)).toEqual([...ours.headers.values.keys()]);
        for (const [name, header] of ours.headers.values) {
          const value = header.type === 'long' ? int64(header.value) : header.value;
          const their = theirs.headers[name];
          expect(their?.type).toBe(header.type);
          expect(bytesOr(their?.value)).toEqual(bytesOr(value));
        }
        expect(ours.payload.equals(theirs.body)).toBe(true);
      }),
      { seed: 42, numRuns: 300 },
    );
  });

  it('reads every header that the simulator encodes', () => {
    fc.assert(
      fc.property(anyHeaders, anyPayload, (headers, body) => {
        const frame = only(decode([encodeFrame(headers, body)]));
        for (const [name, header] of Object.entries(headers)) {
          const read = frame.headers.values.get(name);
          expect(read?.type).toBe(header.type);
          expect(bytesOr(read?.value)).toEqual(bytesOr(header.value));
        }
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});

describe('chunk boundaries and errors', () => {
  const stream = [
    encodeFrame(TEXT_HEADERS, Buffer.from('{"content":"héllo 🌍"}')),
    encodeFrame({}, Buffer.alloc(0)),
    encodeFrame({ flag: { type: 'boolean', value: true }, n: { type: 'long', value: -5n } }, Buffer.alloc(700, 1)),
    encodeFrame(TEXT_HEADERS, Buffer.from('{"content":"end"}')),
  ];
  const bytes = Buffer.concat(stream);
  const whole = decode([bytes]).map(plain);

  it('decodes the same frames for any chunk boundaries', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (cuts) => {
        expect(decode(cutAt(bytes, cuts)).map(plain)).toEqual(whole);
      }),
      { seed: 42, numRuns: 300 },
    );
  });

  it('accepts single bytes', () => {
    expect(decode([...bytes].map((byte) => Buffer.of(byte))).map(plain)).toEqual(whole);
  });

  it('reads plain Uint8Arrays that start in the middle of their buffer', () => {
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decode([shifted.subarray(3)]).map(plain)).toEqual(whole);
  });

  it('detects every single flipped bit', () => {
    const frame = stream[0] ?? Buffer.alloc(0);
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const broken = Buffer.from(frame);
      broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const decoder = new EventStreamDecoder();
      expect(decoder.push(broken)).toEqual([]);
      expect(decoder.error).toBeInstanceOf(EventStreamError);
    }
  });

  it('delivers frames before an invalid one, and none after it', () => {
    const broken = Buffer.from(stream[2] ?? []);
    broken[broken.length - 1] = (broken[broken.length - 1] ?? 0) ^ 1;
    const decoder = new EventStreamDecoder();
    const frames = decoder.push(Buffer.concat([bytes, broken, bytes]));
    expect(frames.map(plain)).toEqual(whole);
    expect(decoder.error?.message).toMatch(/checksum/);
    expect(decoder.push(bytes)).toEqual([]);
    expect(() => decoder.end()).toThrow(EventStreamError);
  });

  it.each([1, 11, 12, 13, 100])('reports an incomplete frame of %d bytes', (length) => {
    const decoder = new EventStreamDecoder();
    expect(decoder.push(bytes.subarray(0, length))).toEqual([]);
    expect(decoder.error).toBeUndefined();
    expect(() => decoder.end()).toThrow(`the stream ended ${length} bytes into a frame`);
  });

  it('ends quietly between frames', () => {
    const decoder = new EventStreamDecoder();
    decoder.push(bytes);
    expect(() => decoder.end()).not.toThrow();
  });
});

describe('the text of a chunk', () => {
  const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, index) => 0x20 + ((index * 7_919) % 0x5f)));

  it('is that of its bytes, whatever is read before', () => {
    const part = fc.tuple(fc.nat(bytes.length), fc.oneof(fc.nat(40), fc.nat(6_000)));
    fc.assert(
      fc.property(fc.array(part), fc.boolean(), (parts, inOrder) => {
        const chunk = new Chunk(bytes);
        for (const [start, length] of inOrder ? parts.toSorted(([one], [other]) => one - other) : parts) {
          const end = Math.min(start + length, bytes.length);
          expect(chunk.ascii(start, end)).toBe(bytes.toString('latin1', start, end));
        }
      }),
      { seed: 42, numRuns: 300 },
    );
  });
});

describe('bounds', () => {
  it.each([
    ['a frame shorter than its own overhead', 15, 0],
    ['a length of 0', 0, 0],
    ['a frame over 16 MiB', MAX_FRAME_BYTES + 1, 0],
    ['headers longer than the frame', 100, 85],
    ['headers over 128 KiB', MAX_FRAME_BYTES, 128 * 1024 + 1],
  ])('rejects %s before waiting for it', (_name, total, headers) => {
    const decoder = new EventStreamDecoder();
    decoder.push(prelude(total, headers));
    expect(decoder.error).toBeInstanceOf(EventStreamError);
  });

  it('accepts a frame of 16 MiB in small pieces', () => {
    const frame = encodeFrame(TEXT_HEADERS, Buffer.alloc(MAX_FRAME_BYTES - 16 - 92, 97));
    expect(frame).toHaveLength(MAX_FRAME_BYTES);
    const pieces = Array.from({ length: MAX_FRAME_BYTES / 1024 }, (_, index) =>
      frame.subarray(index * 1024, (index + 1) * 1024),
    );
    expect(only(decode(pieces)).payload).toHaveLength(MAX_FRAME_BYTES - 16 - 92);
  });

  it.each([
    ['an unknown type', Buffer.of(1, 97, 10)],
    ['a name longer than the block', Buffer.of(9, 97)],
    ['a value longer than the block', Buffer.of(1, 97, 7, 0, 9, 98)],
    ['no value', Buffer.of(1, 97, 4, 0)],
  ])('rejects a header with %s', (_name, block) => {
    const decoder = new EventStreamDecoder();
    expect(decoder.push(frameOf(block))).toEqual([]);
    expect(decoder.error).toBeInstanceOf(EventStreamError);
  });
});

describe('the cache of header blocks', () => {
  it('shares equal blocks', () => {
    const [one, two] = decode([encodeFrame(TEXT_HEADERS, Buffer.of(1)), encodeFrame(TEXT_HEADERS, Buffer.of(2))]);
    expect(one?.headers).toBe(two?.headers);
  });

  it('stays correct when it overflows', () => {
    const frames = Array.from({ length: 500 }, (_, index) => encodeFrame({ kind: `k${index % 130}` }, Buffer.of(1)));
    const kinds = decode([Buffer.concat(frames)]).map((frame) => frame.header('kind'));
    expect(kinds).toEqual(frames.map((_, index) => `k${index % 130}`));
  });

  it('is bounded', () => {
    const first = encodeFrame({ kind: 'first' }, Buffer.of(1));
    const others = Array.from({ length: 64 }, (_, index) => encodeFrame({ other: `${index}` }, Buffer.of(1)));
    const frames = decode([first, ...others, first]);
    expect(frames.at(-1)?.headers).toEqual(frames[0]?.headers);
    expect(frames.at(-1)?.headers).not.toBe(frames[0]?.headers);
  });

  it('does not cache long blocks', () => {
    const headers = { long: 'x'.repeat(1_000) };
    const [one, two] = decode([encodeFrame(headers, Buffer.of(1)), encodeFrame(headers, Buffer.of(2))]);
    expect(one?.headers).not.toBe(two?.headers);
    expect(two?.header('long')).toBe(headers.long);
  });
});

function prelude(total: number, headers: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(total, 0);
  bytes.writeUInt32BE(headers, 4);
  bytes.writeUInt32BE(crc(bytes.subarray(0, 8)), 8);
  return bytes;
}

/** A frame with valid checksums around an invalid header block. */
function frameOf(block: Buffer): Buffer {
  const body = Buffer.concat([prelude(16 + block.length, block.length), block]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc(body));
  return Buffer.concat([body, checksum]);
}

/** CRC-32 by definition, bit by bit. */
function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return ~value >>> 0;
}
