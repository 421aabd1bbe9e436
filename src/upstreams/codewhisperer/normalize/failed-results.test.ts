import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { conversation, image, text, toolResult, user } from '../../../../test/support/conversations.ts';
import { failedResults } from './failed-results.ts';

const LINE = 'The tool call failed.';

describe('failed tool results', () => {
  const cases = [
    { name: 'one text', content: 'no such file', expected: [{ text: `${LINE}\nno such file` }] },
    { name: 'several texts', content: [text('a'), text('b')], expected: [{ text: `${LINE}\na` }, { text: 'b' }] },
    { name: 'no content', content: [], expected: [{ text: LINE }] },
    { name: 'white space', content: ' ', expected: [{ text: LINE }, { text: ' ' }] },
    { name: 'an image alone', content: [image()], expected: [{ text: LINE }, { type: 'image' }] },
    {
      name: 'an image before a text',
      content: [image(), text('crash')],
      expected: [{ text: LINE }, { type: 'image' }, { text: 'crash' }],
    },
  ];
  it.each(cases)('adds a line to the text of $name', ({ content, expected }) => {
    const passed = runPass(failedResults, conversation([user(toolResult('t', content, true))]));
    expect(passed.conversation.turns[0]?.parts).toMatchObject([{ isError: true, content: expected }]);
    expect(passed.conversation.turns[0]?.parts[0]).toHaveProperty('content.length', expected.length);
    expect(notesOf(passed)).toEqual(['tool-result-failed-marked result t']);
  });

  it('leaves successful results alone', () => {
    const input = conversation([user(toolResult('t', 'The tool call failed? No.'))]);
    expect(runPass(failedResults, input).conversation).toBe(input);
  });
});
