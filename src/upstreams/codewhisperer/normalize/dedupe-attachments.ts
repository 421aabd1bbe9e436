/**
 * Replaces a repeated image or document by a reference to the first: agents show the same screenshot many times. The
 * first one stays, not the last, because earlier turns must not change.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, DocumentPart, ImagePart, TextPart } from '../../../core/conversation.ts';
import { mapParts, mapShared, type Passed, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function dedupeAttachments(conversation: Conversation): Passed {
  const adjustments: Adjustment[] = [];
  const numbers = { image: new Map<string, number>(), document: new Map<string, number>() };
  const replaceRepeat = <P extends TextPart | ImagePart | DocumentPart>(part: P): P | TextPart => {
    const data = dataOf(part);
    if (data === undefined || part.type === 'text') return part;
    const number = numbers[part.type].get(data);
    if (number === undefined) {
      numbers[part.type].set(data, numbers[part.type].size + 1);
      return part;
    }
    adjustments.push(note('attachment-repeated', part.at, part.type, 'text'));
    const text = `[The same ${part.type} again: number ${number} of the ${part.type}s in this conversation.]`;
    return { type: 'text', at: part.at, text, ...(part.cachePoint ? { cachePoint: true } : {}) };
  };
  const turns = mapParts(conversation.turns, (part) => {
    if (part.type === 'image' || part.type === 'document') return replaceRepeat(part);
    if (part.type !== 'tool-result') return part;
    const content = mapShared(part.content, replaceRepeat);
    return content === part.content ? part : { ...part, content };
  });
  return { conversation: withTurns(conversation, turns), adjustments };
}

/** undefined for text, which is cheap and may be repeated on purpose. */
function dataOf(part: TextPart | ImagePart | DocumentPart): string | undefined {
  if (part.type === 'image') return part.attachment.base64;
  return part.type === 'document' && part.source.type === 'attachment' ? part.source.attachment.base64 : undefined;
}
