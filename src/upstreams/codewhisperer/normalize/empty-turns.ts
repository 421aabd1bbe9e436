/**
 * Drops empty texts. An assistant turn with nothing left (an aborted reply) is dropped too: a filler would teach the model
 * to answer with it. User turns stay, so that a turn already sent never disappears.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation } from '../../../core/conversation.ts';
import { mapParts, type Passed, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function emptyTurns(conversation: Conversation): Passed {
  const adjustments: Adjustment[] = [];
  const withoutEmptyTexts = mapParts(conversation.turns, (part) =>
    part.type === 'text' && part.text === '' ? [] : part,
  );
  const turns = withoutEmptyTexts.filter((turn) => {
    const isEmpty = turn.role === 'assistant' && turn.parts.every((part) => part.type === 'text' && !part.text.trim());
    if (isEmpty) adjustments.push(note('empty-turn-dropped', turn.at, turn.role));
    return !isEmpty;
  });
  return { conversation: withTurns(conversation, adjustments.length === 0 ? withoutEmptyTexts : turns), adjustments };
}
