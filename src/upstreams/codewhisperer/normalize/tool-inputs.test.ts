import { describe, expect, it } from 'vitest';
import { notesOf, runPass } from '../../../../test/support/codewhisperer.ts';
import { assistant, conversation, toolUse } from '../../../../test/support/conversations.ts';
import type { JsonValue } from '../../../core/json.ts';
import { toolInputs } from './tool-inputs.ts';

describe('tool inputs', () => {
  const wrapped = 'tool-input-wrapped use t';
  const renamed = 'tool-input-empty-key use t';
  const rounded = 'tool-input-number-rounded use t';
  const large = JSON.parse('{"ids":[1,12345678901234567890]}');
  const cases: { name: string; input: JsonValue; expected: JsonValue; notes: string[] }[] = [
    { name: 'an object', input: { a: [1, { b: null }] }, expected: { a: [1, { b: null }] }, notes: [] },
    { name: 'an empty object', input: {}, expected: {}, notes: [] },
    { name: 'text that is not JSON', input: '{"path": "a', expected: { input: '{"path": "a' }, notes: [wrapped] },
    { name: 'a list', input: [1], expected: { input: [1] }, notes: [wrapped] },
    { name: 'null', input: null, expected: {}, notes: [wrapped] },
    { name: 'empty text', input: '', expected: {}, notes: [wrapped] },
    { name: 'the largest exact numbers', input: { a: 2 ** 53 - 1, b: 1 - 2 ** 53, c: 0.1 }, expected: {}, notes: [] },
    { name: 'a number with too many digits', input: large, expected: large, notes: [rounded] },
    { name: 'an empty key', input: { '': 1, _: 2 }, expected: { __: 1, _: 2 }, notes: [renamed] },
    { name: 'an empty key deep inside', input: { a: [{ '': 1 }] }, expected: { a: [{ _: 1 }] }, notes: [renamed] },
  ];
  it.each(cases)('become JSON objects: $name', ({ input, expected, notes }) => {
    const passed = runPass(toolInputs, conversation([assistant(toolUse('t', 'f', input))]));
    expect(passed.conversation.turns[0]?.parts).toMatchObject([{ input: expected }]);
    expect(notesOf(passed)).toEqual(notes);
  });
});
