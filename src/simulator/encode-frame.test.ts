import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyHeaders, anyPayload, EVENT_VECTORS, forSmithy, officialCodec } from '../../test/support/random-frames.ts';
import { encodeFrame } from './encode-frame.ts';

describe('frames of the simulator', () => {
  it('match the recorded vectors', () => {
    const event = {
      ':message-type': 'event',
      ':event-type': 'assistantResponseEvent',
      ':content-type': 'application/json',
    };
    expect(encodeFrame({}, Buffer.alloc(0)).toString('hex')).toBe(EVENT_VECTORS.empty);
    expect(encodeFrame(event, Buffer.from('{"content":"Hi"}')).toString('hex')).toBe(EVENT_VECTORS.text);
    const headers = {
      ':message-type': 'exception',
      ':exception-type': 'ThrottlingException',
      ':content-type': 'application/json',
    };
    expect(encodeFrame(headers, Buffer.from('{"message":"slow"}')).toString('hex')).toBe(EVENT_VECTORS.exception);
  });

  it('have the bytes of the official codec', () => {
    fc.assert(
      fc.property(anyHeaders, anyPayload, (headers, body) => {
        const theirs = officialCodec.encode({ headers: forSmithy(headers), body });
        expect(encodeFrame(headers, body).equals(theirs)).toBe(true);
      }),
      { seed: 42, numRuns: 300 },
    );
  });

  it('exceed no limit of the format', () => {
    const nothing = Buffer.alloc(0);
    expect(() => encodeFrame({}, Buffer.alloc(16 * 1024 * 1024))).toThrow(RangeError);
    expect(() => encodeFrame({ ['n'.repeat(256)]: 'v' }, nothing)).toThrow(RangeError);
    expect(() => encodeFrame({ n: 'v'.repeat(65_536) }, nothing)).toThrow(RangeError);
    expect(() => encodeFrame({ a: 'v'.repeat(65_000), b: 'v'.repeat(65_000), c: 'v'.repeat(65_000) }, nothing)).toThrow(
      RangeError,
    );
    expect(() => encodeFrame({ n: { type: 'uuid', value: 'no uuid' } }, nothing)).toThrow(RangeError);
  });
});
