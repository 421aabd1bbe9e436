/**
 * The service limits images and documents per message. A turn with more keeps its results and the first attachments; the
 * rest follow in extra turns, and the user's text stays last, where the model answers it.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, DocumentPart, ImagePart, Part, TextPart, Turn } from '../../../core/conversation.ts';
import { type Passed, type Scope, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function attachments(conversation: Conversation, { profile }: Scope): Passed {
  const adjustments: Adjustment[] = [];
  const { imagesPerMessage, documentsPerMessage } = profile.limits;
  const turns = conversation.turns.flatMap((turn) => {
    const images = turn.parts.filter((part) => part.type === 'image');
    const documents = turn.parts.filter((part) => part.type === 'document');
    const count = Math.ceil(Math.max(images.length / imagesPerMessage, documents.length / documentsPerMessage));
    if (count <= 1) return [turn];
    adjustments.push(note('attachments-spread', turn.at, `${images.length + documents.length} attachments`));
    const groups = Array.from({ length: count }, (_, index) => [
      ...images.slice(index * imagesPerMessage, (index + 1) * imagesPerMessage),
      ...documents.slice(index * documentsPerMessage, (index + 1) * documentsPerMessage),
    ]);
    return spread(turn, groups, profile.messages.acknowledgement);
  });
  return { conversation: adjustments.length === 0 ? conversation : withTurns(conversation, turns), adjustments };
}

function spread(
  turn: Turn,
  groups: readonly (readonly (ImagePart | DocumentPart)[])[],
  acknowledgement: string,
): Turn[] {
  const results = turn.parts.filter((part) => part.type === 'tool-result');
  const words = turn.parts.filter((part) => part.type === 'text');
  const text = (text: string): TextPart => ({ type: 'text', at: turn.at, text });
  return groups.flatMap((group, index): Turn[] => {
    const isLast = index === groups.length - 1;
    const mark = `[Attachments, part ${index + 1} of ${groups.length}. The rest of this message follows.]`;
    const parts: Part[] = [...(index === 0 ? results : []), ...group, ...(isLast ? words : [text(mark)])];
    const userTurn: Turn = { at: turn.at, role: 'user', parts };
    return isLast ? [userTurn] : [userTurn, { at: turn.at, role: 'assistant', parts: [text(acknowledgement)] }];
  });
}
