/** Walks the images and documents of a conversation, in messages and in tool results, one at a time. */
import type { Conversation, DocumentPart, ImagePart, Part, TextPart, Turn } from '../../core/conversation.ts';

export type AttachmentPart = ImagePart | DocumentPart;

/**
 * Where an attachment is: in the history, before the model's last turn; in the result of a tool; or in the message that
 * the model will answer. The first two come again with every later request, so an error there would end the session.
 */
export type Place = 'history' | 'result' | 'message';

type Change = (part: AttachmentPart, place: Place) => Promise<AttachmentPart | TextPart>;

/** Returns the same object if nothing changed: most conversations have no attachment, and copying long ones is slow. */
export async function mapAttachments(conversation: Conversation, change: Change): Promise<Conversation> {
  let turns: Turn[] | undefined;
  const lastOfModel = conversation.turns.findLastIndex(({ role }) => role === 'assistant');
  for (const [index, turn] of conversation.turns.entries()) {
    if (!turn.parts.some(containsAttachment)) continue;
    const parts: Part[] = [];
    for (const part of turn.parts) parts.push(await mapPart(part, index <= lastOfModel, change));
    if (parts.every((part, at) => part === turn.parts[at])) continue;
    turns ??= [...conversation.turns];
    turns[index] = { ...turn, parts };
  }
  return turns ? { ...conversation, turns } : conversation;
}

export function hasAttachments({ turns }: Conversation): boolean {
  return turns.some(({ parts }) => parts.some(containsAttachment));
}

function containsAttachment(part: Part): boolean {
  return part.type === 'tool-result' ? part.content.some(isAttachment) : isAttachment(part);
}

function isAttachment(part: Part): part is AttachmentPart {
  return part.type === 'image' || part.type === 'document';
}

async function mapPart(part: Part, isHistory: boolean, change: Change): Promise<Part> {
  if (isAttachment(part)) return change(part, isHistory ? 'history' : 'message');
  if (part.type !== 'tool-result' || !part.content.some(isAttachment)) return part;
  const place = isHistory ? 'history' : 'result';
  const content: (TextPart | AttachmentPart)[] = [];
  for (const inner of part.content) content.push(isAttachment(inner) ? await change(inner, place) : inner);
  return content.every((inner, at) => inner === part.content[at]) ? part : { ...part, content };
}
