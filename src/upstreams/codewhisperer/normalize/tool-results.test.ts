import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import {
  assistant,
  conversation,
  documentOf,
  image,
  text,
  toolResult,
  toolUse,
  user,
} from '../../../../test/support/conversations.ts';
import { toolResults } from './tool-results.ts';

describe('tool results', () => {
  it('move their images and documents to the message and keep a mark', () => {
    const passed = runPass(
      toolResults,
      conversation([user(toolResult('t', [text('see'), image(), documentOf('b', 'application/pdf', 'x')]))]),
    );
    expect(passed.conversation.turns[0]?.parts).toMatchObject([
      {
        type: 'tool-result',
        content: [
          { text: 'see' },
          { text: '[Image of this result: attached to this message.]' },
          { text: '[Document "b" of this result: attached to this message.]' },
        ],
      },
      { type: 'image' },
      { type: 'document' },
    ]);
    expect(passed.adjustments.map(({ rule }) => rule)).toEqual([
      'tool-result-media-lifted',
      'tool-result-media-lifted',
    ]);
  });

  const empty = [
    { name: 'no content', result: toolResult('t', []), words: '(The tool returned no text.)' },
    { name: 'empty text', result: toolResult('t', ''), words: '(The tool returned no text.)' },
    { name: 'blanks', result: toolResult('t', ' \n'), words: '(The tool returned no text.)' },
  ];
  it.each(empty)('get a neutral text if they are empty: $name', ({ result, words }) => {
    const passed = runPass(toolResults, conversation([user(result)]));
    expect(passed.conversation.turns[0]?.parts).toMatchObject([
      { content: [{ text: words }], isError: result.isError },
    ]);
    expect(notesOf(passed)).toEqual(['tool-result-empty result t']);
  });

  it('keep their images in the order of the calls, with a line naming the call of each', () => {
    const input = conversation([
      assistant(toolUse('a', 'camera'), toolUse('b', 'screenshot')),
      user(
        toolResult('a', [image(undefined, undefined, 'first')]),
        toolResult('b', [text('two'), image(undefined, undefined, 'second'), image(undefined, undefined, 'third')]),
        image(undefined, undefined, 'own'),
        'Compare.',
      ),
    ]);
    const passed = runPass(toolResults, input);
    const facts =
      'Image 1: result of call camera (a). Image 2: result of call screenshot (b). ' +
      'Image 3: result of call screenshot (b).';
    expect(passed.conversation.turns[1]?.parts).toMatchObject([
      { toolUseId: 'a' },
      { toolUseId: 'b' },
      { type: 'image', at: 'first' },
      { type: 'image', at: 'second' },
      { type: 'image', at: 'third' },
      { type: 'text', text: facts },
      { type: 'image', at: 'own' },
      { type: 'text', text: 'Compare.' },
    ]);
    expect(notesOf(passed)).toContain('tool-result-images-listed messages[1]');
  });

  it('stay unchanged with text alone', () => {
    const input = conversation([user(toolResult('t', [text('a'), text('b')]))]);
    expect(toolResults(input).conversation).toBe(input);
  });
});
