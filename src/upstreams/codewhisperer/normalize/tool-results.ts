/**
 * Tool results carry text alone: images and documents inside one are attached to the user's message, with a mark where
 * they stood, and a result without text gets a note, because the service refuses empty ones.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, Part, TextPart, ToolResultPart } from '../../../core/conversation.ts';
import { mapParts, type Passed, withTurns } from './pass.ts';
import { note } from './rules.ts';

export function toolResults(conversation: Conversation): Passed {
  const adjustments: Adjustment[] = [];
  const turns = mapParts(conversation.turns, (part) =>
    part.type === 'tool-result' && !isPlain(part) ? settle(part, adjustments) : part,
  );
  return { conversation: withTurns(conversation, turns), adjustments };
}

function isPlain({ content }: ToolResultPart): boolean {
  return content.every((inner) => inner.type === 'text' && inner.text !== '') && content.some(hasWords);
}

function hasWords(inner: ToolResultPart['content'][number]): boolean {
  return inner.type === 'text' && inner.text.trim() !== '';
}

function settle(result: ToolResultPart, adjustments: Adjustment[]): readonly Part[] {
  const lifted: Part[] = [];
  const texts: TextPart[] = [];
  for (const inner of result.content) {
    if (inner.type === 'text') {
      if (inner.text !== '') texts.push(inner);
      continue;
    }
    lifted.push(inner);
    adjustments.push(note('tool-result-media-lifted', inner.at, inner.type));
    const what = inner.type === 'image' ? 'Image' : `Document ${JSON.stringify(inner.name ?? '')}`;
    texts.push({ type: 'text', at: inner.at, text: `[${what} of this result: attached to this message.]` });
  }
  if (!texts.some(hasWords)) {
    adjustments.push(note('tool-result-empty', result.at));
    const text = result.isError ? '(The tool failed and returned no text.)' : '(The tool returned no text.)';
    texts.splice(0, texts.length, { type: 'text', at: result.at, text });
  }
  return [{ ...result, content: texts }, ...lifted];
}
