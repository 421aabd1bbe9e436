/**
 * Reads the reasoning that clients send back: Anthropic's thinking blocks, DeepSeek's `reasoning_content`, OpenRouter's
 * `reasoning_details` (https://openrouter.ai/docs/use-cases/reasoning-tokens), LiteLLM's `thinking_blocks`.
 */
import type { Part, ReasoningPart } from '../../core/conversation.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Reading } from './reading.ts';
import { readSignature } from './signature.ts';

type HistoryPart = Extract<Part, { type: 'reasoning' | 'redacted-reasoning' }>;

export const REASONING_KEYS = ['reasoning_content', 'reasoning', 'reasoning_details', 'thinking_blocks'] as const;

/** Reads the most detailed reasoning field of an assistant message. */
export function readReasoningFields(message: JsonObject, at: string, reading: Reading): HistoryPart[] {
  const { reasoning_details: details, thinking_blocks: blocks, reasoning_content: content, reasoning } = message;
  if (details === undefined && blocks === undefined && content === undefined && reasoning === undefined) return [];
  const spelled = (field: string) => reading.spelled('openai-chat', field, `${at}.${field}`);
  if (Array.isArray(details) && details.length > 0) {
    spelled('reasoning_details');
    return readDetails(details, `${at}.reasoning_details`);
  }
  if (Array.isArray(blocks) && blocks.length > 0) {
    spelled('thinking_blocks');
    return blocks.flatMap((block: unknown, i) => {
      const path = `${at}.thinking_blocks[${i}]`;
      if (!isJsonObject(block)) return [];
      return block.type === 'redacted_thinking'
        ? readRedacted(block, path, reading)
        : readThinking(block, path, reading);
    });
  }
  for (const [key, value] of Object.entries({ reasoning_content: content, reasoning })) {
    const text = value === undefined ? '' : wordsOf(value);
    if (text === '') continue;
    spelled(key);
    return [{ type: 'reasoning', at: `${at}.${key}`, text }];
  }
  return [];
}

/** Clients may send back the streamed deltas; those with the same index are joined. */
function readDetails(details: readonly unknown[], at: string): HistoryPart[] {
  const parts: HistoryPart[] = [];
  let open: { part: ReasoningPart; index: number | undefined } | undefined;
  for (const [i, detail] of details.entries()) {
    if (!isJsonObject(detail)) continue;
    const { type, text, summary, signature, data } = detail;
    if (type === 'reasoning.encrypted') {
      if (typeof data === 'string' && data !== '') parts.push({ type: 'redacted-reasoning', at: `${at}[${i}]`, data });
      open = undefined;
      continue;
    }
    const index = typeof detail.index === 'number' ? detail.index : undefined;
    const continues = open && !open.part.signature && index !== undefined && open.index === index;
    const before = continues && open ? open.part : { type: 'reasoning' as const, at: `${at}[${i}]`, text: '' };
    const part: ReasoningPart = {
      ...before,
      text: before.text + wordsOf(text ?? summary ?? ''),
      ...(typeof signature === 'string' && signature !== '' ? { signature } : {}),
    };
    if (continues) parts.pop();
    parts.push(part);
    open = { part, index };
  }
  return parts.filter((part) => part.type !== 'reasoning' || part.text !== '' || part.signature !== undefined);
}

/**
 * Clients may lose the text or the signature of a block. A signature alone is enough if it is dragoman's, which
 * contains the text.
 */
export function readThinking(block: JsonObject, at: string, { notes }: Reading): HistoryPart[] {
  const { thinking, signature: signed } = block;
  const words = wordsOf(thinking ?? block.text ?? '');
  const { text, signature } = readSignature(words, typeof signed === 'string' ? signed : undefined);
  if (text === '' && typeof thinking !== 'string') {
    notes.add('block-ignored', at, 'thinking without text');
    return [];
  }
  return [{ type: 'reasoning', at, text, ...(signature === undefined ? {} : { signature }) }];
}

export function readRedacted({ data }: JsonObject, at: string, { notes }: Reading): HistoryPart[] {
  if (typeof data === 'string' && data !== '') return [{ type: 'redacted-reasoning', at, data }];
  notes.add('block-ignored', at, 'redacted_thinking without data');
  return [];
}

/** Joins the text of a string, or of nested lists and objects. */
export function wordsOf(value: JsonValue, levels: number = MAX_DEPTH): string {
  if (typeof value === 'string') return value;
  if (levels === 0) return '';
  if (Array.isArray(value)) {
    const words = value.map((item: JsonValue) => wordsOf(item, levels - 1));
    return words.filter(Boolean).join('\n\n');
  }
  if (!isJsonObject(value)) return '';
  const { text, thinking, content, summary } = value;
  return wordsOf(text ?? thinking ?? content ?? summary ?? '', levels - 1);
}

const MAX_DEPTH = 8;
