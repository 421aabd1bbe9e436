/**
 * The service drops images and documents inside tool results, so they are attached to the user's message in the order of
 * the calls, with a mark in their place. If several images come from results, a line says which image belongs to which
 * call, because the model sees only their order. A result without text gets a neutral one, because the service refuses
 * empty results.
 *
 * Expects paired results: each turn's results come first, in the order of the calls in the previous turn.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Part, TextPart, ToolResultPart, Turn } from '../../../core/conversation.ts';
import { mapShared, type Passed, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function toolResults(conversation: Conversation): Passed {
  const adjustments: Adjustment[] = [];
  const turns = mapShared(conversation.turns, (turn, index) =>
    turn.parts.some((part) => part.type === 'tool-result' && !isPlain(part))
      ? liftMedia(turn, conversation.turns[index - 1], adjustments)
      : turn,
  );
  return { conversation: withTurns(conversation, turns), adjustments };
}

function isPlain({ content }: ToolResultPart): boolean {
  return content.every((inner) => inner.type === 'text' && inner.text !== '') && content.some(hasWords);
}

function hasWords(inner: ToolResultPart['content'][number]): boolean {
  return inner.type === 'text' && inner.text.trim() !== '';
}

type Media = Exclude<ToolResultPart['content'][number], TextPart>;

function liftMedia(turn: Turn, before: Turn | undefined, adjustments: Adjustment[]): Turn {
  const results: ToolResultPart[] = [];
  const lifted: Media[] = [];
  const owners: string[] = [];
  const others: Part[] = [];
  for (const part of turn.parts) {
    if (part.type !== 'tool-result') {
      others.push(part);
      continue;
    }
    const { texts, media } = separateMedia(part, adjustments);
    results.push({ ...part, content: texts.some(hasWords) ? texts : [emptyText(part, adjustments)] });
    lifted.push(...media);
    for (const { type } of media) if (type === 'image') owners.push(part.toolUseId);
  }
  const facts = owners.length < 2 ? [] : [ownersLine(turn, before, owners, adjustments)];
  return { ...turn, parts: [...results, ...lifted, ...facts, ...others] };
}

/** The texts of a result with a mark in place of each image and document, and these in order. */
export function separateMedia(
  result: ToolResultPart,
  adjustments: Adjustment[],
): { readonly texts: readonly TextPart[]; readonly media: readonly Media[] } {
  const media: Media[] = [];
  const texts: TextPart[] = [];
  for (const inner of result.content) {
    if (inner.type === 'text') {
      if (inner.text !== '') texts.push(inner);
      continue;
    }
    media.push(inner);
    adjustments.push(note('tool-result-media-lifted', inner.at, inner.type));
    const what = inner.type === 'image' ? 'Image' : `Document ${JSON.stringify(inner.name ?? '')}`;
    texts.push({ type: 'text', at: inner.at, text: `[${what} of this result: attached to this message.]` });
  }
  return { texts, media };
}

function emptyText({ at }: ToolResultPart, adjustments: Adjustment[]): TextPart {
  adjustments.push(note('tool-result-empty', at));
  return { type: 'text', at, text: '(The tool returned no text.)' };
}

/** `owners`: the call of each image, in order. The message's own images come after them. */
function ownersLine(
  turn: Turn,
  before: Turn | undefined,
  owners: readonly string[],
  adjustments: Adjustment[],
): TextPart {
  adjustments.push(note('tool-result-images-listed', turn.at, `${owners.length} images`));
  const facts = owners.map((id, index) => `Image ${index + 1}: result of call ${nameOf(id, before)} (${id}).`);
  return { type: 'text', at: turn.at, text: facts.join(' ') };
}

function nameOf(toolUseId: string, before: Turn | undefined): string {
  for (const part of before?.parts ?? []) {
    if (part.type === 'tool-use' && part.toolUseId === toolUseId) return part.name;
  }
  return '';
}
