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
import { repeats } from './repeats.ts';

describe('repeats', () => {
  it('keep the first of equal images and name it where the others were, in tool results too', () => {
    const said = conversation([
      user(image(GIF), image(PNG)),
      assistant('seen'),
      user(toolResult('t', [image(PNG, 'image/png', 'inside')]), image(PNG, 'image/png', 'last')),
    ]);
    const passed = runPass(repeats, said);
    expect(notesOf(passed)).toEqual(['attachment-repeated inside', 'attachment-repeated last']);
    const [first, , last] = passed.conversation.turns;
    expect(first).toBe(said.turns[0]);
    const text = '[The same image again: number 2 of the images in this conversation.]';
    expect(last?.parts).toMatchObject([{ content: [{ type: 'text', text }] }, { type: 'text', text, at: 'last' }]);
  });

  it('keep the first of equal documents, and count them apart from images', () => {
    const twice = [documentOf('a.pdf', 'application/pdf', '%PDF-'), documentOf('b.pdf', 'application/pdf', '%PDF-')];
    const passed = runPass(repeats, conversation([user(image(), ...twice)]));
    expect(passed.conversation.turns[0]?.parts.map((part) => part.type)).toEqual(['image', 'document', 'text']);
    expect(passed.conversation.turns[0]?.parts[2]).toMatchObject({
      text: '[The same document again: number 1 of the documents in this conversation.]',
    });
  });

  it('keep their cache marks', () => {
    const passed = runPass(repeats, conversation([user(image(), { ...image(), cachePoint: true })]));
    expect(passed.conversation.turns[0]?.parts[1]).toMatchObject({ type: 'text', cachePoint: true });
  });

  it('leave different ones alone', () => {
    const said = conversation([user(image(GIF), image(PNG))]);
    expect(runPass(repeats, said).conversation).toBe(said);
  });
});
