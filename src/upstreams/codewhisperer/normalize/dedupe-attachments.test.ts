import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import {
  assistant,
  conversation,
  documentOf,
  GIF,
  image,
  PNG,
  toolResult,
  user,
} from '../../../../test/support/conversations.ts';
import { dedupeAttachments } from './dedupe-attachments.ts';

describe('the dedupe-attachments pass', () => {
  it('keeps the first of equal images and refers to it in place of the others, in tool results too', () => {
    const input = conversation([
      user(image(GIF), image(PNG)),
      assistant('seen'),
      user(toolResult('t', [image(PNG, 'image/png', 'inside')]), image(PNG, 'image/png', 'last')),
    ]);
    const passed = runPass(dedupeAttachments, input);
    expect(notesOf(passed)).toEqual(['attachment-repeated inside', 'attachment-repeated last']);
    const [first, , last] = passed.conversation.turns;
    expect(first).toBe(input.turns[0]);
    const text = '[The same image again: number 2 of the images in this conversation.]';
    expect(last?.parts).toMatchObject([{ content: [{ type: 'text', text }] }, { type: 'text', text, at: 'last' }]);
  });

  it('keeps the first of equal documents, numbered separately from images', () => {
    const twice = [documentOf('a.pdf', 'application/pdf', '%PDF-'), documentOf('b.pdf', 'application/pdf', '%PDF-')];
    const passed = runPass(dedupeAttachments, conversation([user(image(), ...twice)]));
    expect(passed.conversation.turns[0]?.parts.map((part) => part.type)).toEqual(['image', 'document', 'text']);
    expect(passed.conversation.turns[0]?.parts[2]).toMatchObject({
      text: '[The same document again: number 1 of the documents in this conversation.]',
    });
  });

  it('keeps cache marks', () => {
    const passed = runPass(dedupeAttachments, conversation([user(image(), { ...image(), cachePoint: true })]));
    expect(passed.conversation.turns[0]?.parts[1]).toMatchObject({ type: 'text', cachePoint: true });
  });

  it('leaves different attachments alone', () => {
    const input = conversation([user(image(GIF), image(PNG))]);
    expect(runPass(dedupeAttachments, input).conversation).toBe(input);
  });
});
