/** Reads top-level system text: Anthropic's `system`, Responses' `instructions`. */
import type { SystemPart } from '../../core/conversation.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { refuse } from '../shape.ts';
import { readContent } from './content.ts';
import type { Reading } from './reading.ts';

/** Claude Code's first block. It changes with each request and would invalidate every cached prefix. */
const BILLING_HEADER = 'x-anthropic-billing-header:';

export function readInstructions(request: object, reading: Reading): SystemPart[] {
  const { system, instructions } = request as JsonObject; // parsed from JSON
  if (system === undefined && instructions === undefined) return [];
  const parts = [...readField('system', system, reading), ...readField('instructions', instructions, reading)];
  return parts.filter(({ text, at }) => {
    if (!text.startsWith(BILLING_HEADER)) return true;
    reading.notes.add('billing-header-dropped', at);
    return false;
  });
}

function readField(field: 'system' | 'instructions', value: unknown, reading: Reading): SystemPart[] {
  if (value === undefined || value === null || value === '') return [];
  if (typeof value !== 'string' && !Array.isArray(value) && !isJsonObject(value))
    throw refuse(field, 'expected a string or a list of text blocks.');
  reading.spelled(field === 'system' ? 'anthropic' : 'openai-responses', field, field);
  reading.isCurrentTurn = true;
  return contentsOf(value, field).flatMap(({ content, at }) =>
    readContent(content, at, reading).map((part) => {
      if (part.type !== 'text') throw refuse(part.at, `holds text only; send the ${part.type} in a user message.`);
      return { at: part.at, text: part.text, cachePoint: part.cachePoint ?? false };
    }),
  );
}

interface PlacedContent {
  readonly content: unknown;
  readonly at: string;
}

/** Instructions of Responses may be a list of messages. */
function contentsOf(value: unknown, field: string): readonly PlacedContent[] {
  if (!Array.isArray(value)) return [{ content: value, at: field }];
  const blocks: readonly unknown[] = value;
  return blocks.map((block, i) => {
    const at = `${field}[${i}]`;
    const isMessage = isJsonObject(block) && typeof block.role === 'string';
    return isMessage ? { content: block.content, at: `${at}.content` } : { content: block, at };
  });
}
