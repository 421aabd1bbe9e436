/**
 * The wire has no system role. Instructions in the middle of the conversation become user text in the wrapper that
 * agents use for servers without such a role.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Part, Turn } from '../../../core/conversation.ts';
import { type Passed, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function systemTurns(conversation: Conversation): Passed {
  if (!conversation.turns.some((turn) => turn.role === 'system')) return { conversation, adjustments: [] };
  const adjustments: Adjustment[] = [];
  const turns = conversation.turns.flatMap((turn): readonly Turn[] => {
    if (turn.role !== 'system') return [turn];
    const parts = wrapped(turn);
    adjustments.push(note(parts.length === 0 ? 'empty-turn-dropped' : 'system-turn-as-user', turn.at, 'system'));
    return parts.length === 0 ? [] : [{ at: turn.at, role: 'user', parts }];
  });
  return { conversation: withTurns(conversation, turns), adjustments };
}

function wrapped(turn: Turn): readonly Part[] {
  const texts = turn.parts.filter((part) => part.type === 'text');
  const others = turn.parts.filter((part) => part.type !== 'text');
  const text = texts
    .map((part) => part.text)
    .filter((part) => part !== '')
    .join('\n\n');
  if (text === '') return others;
  const isWrapped = text.startsWith('<system-reminder>');
  return [
    ...others,
    {
      type: 'text',
      at: texts[0]?.at ?? turn.at,
      text: isWrapped ? text : `<system-reminder>\n${text}\n</system-reminder>`,
      ...(texts.some((part) => part.cachePoint) ? { cachePoint: true } : {}),
    },
  ];
}
