import { describe, expect, it } from 'vitest';
import type { ReplyEvent } from '../core/reply.ts';
import { TextPiece } from '../core/text.ts';
import { RecordedText } from './recorded-text.ts';

const TEXT = (text: string): ReplyEvent[] => [
  { type: 'text-start' },
  { type: 'text-delta', text: TextPiece.plain(text) },
  { type: 'text-end' },
];

describe('the recorded text of a request', () => {
  it('has the body as it was sent, and the blocks of the reply in their order', () => {
    const recorded = new RecordedText();
    recorded.takeRequest(Buffer.from('{"model":"auto","messages":["你好"]}'));
    const reply = recorded.addReply();
    reply.take([
      { type: 'reasoning-start' },
      { type: 'reasoning-delta', text: TextPiece.escaped('So\\n') },
      { type: 'reasoning-end', signature: undefined },
      ...TEXT('Hello.'),
    ]);
    reply.take([
      { type: 'tool-use-start', toolUseId: 't', name: 'read' },
      { type: 'tool-use-delta', json: TextPiece.plain('{"a":') },
      { type: 'tool-use-delta', json: TextPiece.plain('1}') },
      { type: 'tool-use-end' },
    ]);
    expect(recorded.text).toEqual({
      request: '{"model":"auto","messages":["你好"]}',
      reply: '[reasoning] So\n\n\nHello.\n\n[tool call read] {"a":1}',
      isCut: false,
    });
  });

  it('loses the middle of a long body, at whole characters', () => {
    const recorded = new RecordedText();
    const body = Buffer.from(`{"begin":"${'中'.repeat(200_000)}","end":true}`);
    recorded.takeRequest(body);
    const { request = '', isCut } = recorded.text ?? {};
    expect(isCut).toBe(true);
    expect(request).toMatch(/^\{"begin":"中+\n\[… \d+ bytes left out …\]\n中+","end":true\}$/);
    expect(Buffer.byteLength(request)).toBeLessThan(129 * 1024);
  });

  it('loses the end of a long reply, and keeps the choices apart', () => {
    const recorded = new RecordedText();
    for (const letter of ['a', 'b']) {
      const reply = recorded.addReply();
      for (let batch = 0; batch < 100; batch++) reply.take(TEXT(letter.repeat(1_000)));
    }
    const { reply = '', isCut } = recorded.text ?? {};
    expect(isCut).toBe(true);
    expect(reply.length).toBe(2 * 64 * 1024 + 2);
    expect(recorded.size).toBe(reply.length);
  });

  it('is undefined if nothing was read, and after it was dropped', () => {
    const recorded = new RecordedText();
    expect(recorded.text).toBeUndefined();
    recorded.takeRequest(Buffer.from('{}'));
    recorded.drop();
    expect([recorded.text, recorded.size]).toEqual([undefined, 0]);
  });
});
