import { describe, expect, it } from 'vitest';
import { conversation } from '../../test/support/fake-upstream.ts';
import { conversationIdOf } from './affinity.ts';

const system = [{ at: 'system', text: 'Be brief.', cachePoint: false }];
const text = (words: string) => ({ type: 'text', at: 'x', text: words }) as const;

describe('the conversation id', () => {
  it('is shaped as a UUID and always the same', () => {
    const id = conversationIdOf('c', conversation('hi', { key: 'session-1' }));
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(conversationIdOf('c', conversation('something else', { key: 'session-1' }))).toBe(id);
  });

  it('stays over the turns of a conversation without a key, and over a change of the model', () => {
    const first = conversation('hi', { system });
    const later = conversation('hi', {
      system,
      model: 'another',
      turns: [
        ...first.turns,
        { at: 'messages[1]', role: 'assistant', parts: [text('hello')] },
        { at: 'messages[2]', role: 'user', parts: [text('and?')] },
      ],
    });
    expect(conversationIdOf('c', later)).toBe(conversationIdOf('c', first));
  });

  it.each([
    ['clients', conversationIdOf('other', conversation('hi', { key: 'k' })), conversation('hi', { key: 'k' })],
    ['keys', conversationIdOf('c', conversation('hi', { key: 'l' })), conversation('hi', { key: 'k' })],
    ['beginnings', conversationIdOf('c', conversation('ho')), conversation('hi')],
    ['system texts', conversationIdOf('c', conversation('hi', { system })), conversation('hi')],
    ['a key and the same words', conversationIdOf('c', conversation('x', { key: 'hi' })), conversation('hi')],
  ])('keeps different %s apart', (_name, id, other) => {
    expect(conversationIdOf('c', other)).not.toBe(id);
  });

  it('does not confuse where one part ends and the next begins', () => {
    const one = conversation('b', { system: [{ at: 's', text: 'a', cachePoint: false }] });
    const other = conversation('', { system: [{ at: 's', text: 'ab', cachePoint: false }] });
    expect(conversationIdOf('c', one)).not.toBe(conversationIdOf('c', other));
  });
});
