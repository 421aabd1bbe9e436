import { describe, expect, it } from 'vitest';
import { burstReply, textPieces } from '../upstream/replies.ts';
import { endsProperly, problemIn, withoutChunking } from './check-reply.ts';

const expected = burstReply(10);
const pieces = textPieces(10);

function openai(deltas: readonly string[]): Buffer {
  const lines = deltas.map((content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
  return Buffer.from(
    `: ping\n\ndata: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n${lines.join('')}data: [DONE]\n\n`,
  );
}

function anthropic(deltas: readonly string[]): Buffer {
  const lines = deltas.map(
    (text) => `event: content_block_delta\ndata: ${JSON.stringify({ delta: { type: 'text_delta', text } })}\n\n`,
  );
  return Buffer.from(`${lines.join('')}event: message_delta\ndata: {"delta":{"stop_reason":"end_turn"}}\n\n`);
}

describe('problemIn', () => {
  it.each([
    ['openai-chat', openai(pieces)],
    ['anthropic-messages', anthropic(pieces)],
    ['event-stream', expected.body],
  ] as const)('finds no problem in a correct reply (%s)', (dialect, body) => {
    expect(problemIn({ dialect, oneDeltaPerFrame: true }, body, expected)).toBeUndefined();
  });

  it.each([
    ['openai-chat', openai(pieces.slice(1))],
    ['anthropic-messages', anthropic(pieces.toReversed())],
    ['event-stream', expected.body.subarray(1)],
  ] as const)('finds missing or misplaced text (%s)', (dialect, body) => {
    expect(problemIn({ dialect, oneDeltaPerFrame: true }, body, expected)).toMatch(/differs|not the upstream/);
  });

  it('finds joined deltas', () => {
    const body = openai([pieces.join('')]);
    expect(problemIn({ dialect: 'openai-chat', oneDeltaPerFrame: true }, body, expected)).toBe(
      '1 deltas instead of 10',
    );
    expect(problemIn({ dialect: 'openai-chat', oneDeltaPerFrame: false }, body, expected)).toBeUndefined();
  });
});

describe('endsProperly', () => {
  it.each([
    ['openai-chat', 'data: [DONE]\n\n\r\n0\r\n\r\n', true],
    ['openai-chat', 'data: {"error":{}}\n\n\r\n0\r\n\r\n', false],
    ['anthropic-messages', 'event: message_stop\ndata: {"type":"message_stop"}\n\n\r\n0\r\n\r\n', true],
    ['anthropic-messages', 'event: error\ndata: {}\n\n\r\n0\r\n\r\n', false],
    ['event-stream', '\r\n0\r\n\r\n', true],
  ] as const)('%s %j: %s', (dialect, tail, proper) => {
    expect(endsProperly(dialect, Buffer.from(tail))).toBe(proper);
  });
});

describe('withoutChunking', () => {
  it('joins the chunks of a response', () => {
    expect(withoutChunking(Buffer.from('3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n')).toString()).toBe('abc0123456789');
  });
});
