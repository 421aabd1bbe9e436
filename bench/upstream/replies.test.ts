import { describe, expect, it } from 'vitest';
import { EventStreamDecoder } from '../../src/framing/event-stream.ts';
import { burstReply, FIRST_TEXT, findStamps, markOf, PacedFrame, stampText, textPieces, wantedIn } from './replies.ts';

describe('burstReply', () => {
  it('contains the requested number of text frames and their text', () => {
    const reply = burstReply(100);
    const frames = new EventStreamDecoder().push(reply.body);
    const texts = frames
      .filter((frame) => frame.header(':event-type') === 'assistantResponseEvent')
      .map((frame) => JSON.parse(frame.text()).content);
    expect(texts).toHaveLength(100);
    expect(texts.join('')).toBe(reply.text);
    expect(reply.text.startsWith(FIRST_TEXT)).toBe(true);
  });

  it('is deterministic', () => {
    expect(burstReply(50).http.equals(burstReply(50).http)).toBe(true);
  });

  it('has realistic pieces: short, some with escapes and other languages', () => {
    const pieces = textPieces(1000);
    const mean = pieces.join('').length / pieces.length;
    expect(mean).toBeGreaterThan(15);
    expect(mean).toBeLessThan(30);
    const escaped = pieces.filter((piece) => /["\\\n\t]/.test(piece)).length;
    const foreign = pieces.filter((piece) => /[^ -~\n\t]/.test(piece)).length;
    expect(escaped).toBeGreaterThan(100);
    expect(escaped).toBeLessThan(700);
    expect(foreign).toBeGreaterThan(100);
  });
});

describe('marks', () => {
  it.each([
    { kind: 'burst', frames: 100 },
    { kind: 'paced', frames: 5000, everyMs: 200 },
  ] as const)('of %j are read back from a body', (wanted) => {
    expect(wantedIn(Buffer.from(`{"text":"[burst 7] and ${markOf(wanted)}"}`))).toEqual(wanted);
  });

  it('may be missing', () => {
    expect(wantedIn(Buffer.from('{"text":"hello"}'))).toBeUndefined();
  });
});

describe('paced frames', () => {
  it('are valid frames, each with its own stamp', () => {
    const paced = new PacedFrame();
    for (const sequence of [0, 1, 70_000]) {
      const chunk = paced.chunk(123_456.9, sequence);
      const [size = ''] = chunk.toString('latin1').split('\r\n');
      const frame = chunk.subarray(size.length + 2, -2);
      expect(frame.length).toBe(Number.parseInt(size, 16));
      const decoder = new EventStreamDecoder();
      const [decoded] = decoder.push(frame);
      expect(decoder.error).toBeUndefined();
      expect(JSON.parse(decoded?.text() ?? '').content).toBe(stampText(123_456, sequence));
      expect(findStamps(chunk)).toEqual([{ sentUs: 123_456, sequence }]);
    }
  });

  it('are found several at a time, without a truncated one', () => {
    const bytes = Buffer.from(
      `data: {"x":"${stampText(5, 1)}"}\n\ndata: {"x":"${stampText(6, 2)}${stampText(7, 3).slice(0, 9)}`,
    );
    expect(findStamps(bytes)).toEqual([
      { sentUs: 5, sequence: 1 },
      { sentUs: 6, sequence: 2 },
    ]);
  });
});
