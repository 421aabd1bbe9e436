import { describe, expect, it } from 'vitest';
import { notesOf, OPUS, runPass } from '../../../../test/support/codewhisperer.ts';
import { assistant, conversation, text, tool, user } from '../../../../test/support/conversations.ts';
import type { Conversation } from '../../../core/conversation.ts';
import { wireProfile } from '../profiles.ts';
import { cachePoints } from './cache-points.ts';
import type { Scope } from './pass.ts';

const marked = (words: string) => ({ ...text(words), cachePoint: true });
const marksOf = ({ system, turns, tools }: Conversation) => [
  ...system.flatMap((part) => (part.cachePoint ? 'system' : [])),
  ...turns.flatMap((turn) => (turn.parts.some((part) => 'cachePoint' in part && part.cachePoint) ? turn.at : [])),
  ...tools.flatMap((one) => (one.cachePoint ? one.name : [])),
];

describe('cache points', () => {
  const system = [{ at: 'system', text: 'S', cachePoint: true }];
  const said = conversation([user(marked('a')), assistant('b'), user(marked('c'))], { system });

  const cases: { name: string; change: Partial<Scope>; marks: string[]; notes: string[] }[] = [
    {
      name: 'stay where model and wire profile take them',
      change: {},
      marks: ['system', 'messages[0]', 'messages[2]'],
      notes: [],
    },
    {
      name: 'go where the model caches nothing',
      change: { model: { ...OPUS, promptCaching: false } },
      marks: [],
      notes: ['cache-point-ignored system'],
    },
    {
      name: 'go where the model is unknown',
      change: { model: undefined },
      marks: [],
      notes: ['cache-point-ignored system'],
    },
    {
      name: 'go where the wire profile takes none',
      change: { profile: wireProfile('codewhisperer-legacy') },
      marks: [],
      notes: ['cache-point-ignored system'],
    },
  ];
  it.each(cases)('$name', ({ change, marks, notes }) => {
    const passed = runPass(cachePoints, said, change);
    expect(marksOf(passed.conversation)).toEqual(marks);
    expect(notesOf(passed)).toEqual(notes);
  });

  it('on tools go, because the service refuses them there', () => {
    const passed = runPass(cachePoints, conversation([user('a')], { tools: [tool('f', { cachePoint: true })] }));
    expect(marksOf(passed.conversation)).toEqual([]);
    expect(notesOf(passed)).toEqual(['cache-point-ignored tools.f']);
  });

  it('beyond the limit go from the front, the system text’s stays', () => {
    const turns = [0, 1, 2, 3, 4].flatMap((n) => [user(marked(`${n}`)), assistant('ok')]);
    const passed = runPass(cachePoints, conversation(turns, { system }));
    expect(marksOf(passed.conversation)).toEqual(['system', 'messages[4]', 'messages[6]', 'messages[8]']);
    expect(notesOf(passed)).toEqual(['cache-point-ignored messages[0]']);
  });
});
