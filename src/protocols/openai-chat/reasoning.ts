/**
 * OpenAI's Chat Completions has no reasoning, but its dialects do. Most clients read `reasoning_content` (DeepSeek).
 * Clients that send a `reasoning` object use OpenRouter's format: `reasoning`, and `reasoning_details` with signatures
 * and redacted blocks, which are sent back in the history: https://openrouter.ai/docs/use-cases/reasoning-tokens
 */
import type { ReplyBlock } from '../../core/collect.ts';
import { isJsonObject } from '../../core/json.ts';
import type { ChatRequest } from './wire.ts';

/** `content`: in `reasoning_content`. `details`: in `reasoning` and `reasoning_details`. */
export type ReasoningForm = 'content' | 'details' | 'hidden';

export function reasoningForm({ reasoning, include_reasoning: isIncluded }: ChatRequest): ReasoningForm {
  const fields = isJsonObject(reasoning) ? reasoning : undefined;
  if (fields?.exclude === true || isIncluded === false) return 'hidden';
  return fields || isIncluded === true ? 'details' : 'content';
}

/** The fields of a complete message. */
export function toReasoningFields(blocks: readonly ReplyBlock[], form: ReasoningForm): object {
  const text = blocks.map((block) => (block.type === 'reasoning' ? block.text : '')).join('');
  switch (form) {
    case 'hidden':
      return {};
    case 'content':
      return text === '' ? {} : { reasoning_content: text };
    case 'details': {
      const details = blocks.filter(({ type }) => type === 'reasoning' || type === 'redacted-reasoning').map(toDetail);
      return details.length === 0 ? {} : { reasoning: text === '' ? null : text, reasoning_details: details };
    }
  }
}

function toDetail(block: ReplyBlock, index: number): object {
  if (block.type === 'redacted-reasoning') return encryptedDetail(block.data, index);
  const { text, signature } = block.type === 'reasoning' ? block : { text: '', signature: undefined };
  return { type: 'reasoning.text', text, ...(signature ? { signature } : {}), ...FORMAT, index };
}

/** The service does not reveal the vendor of a signature. */
export const FORMAT = { format: 'unknown' } as const;

export function encryptedDetail(data: string, index: number): object {
  return { type: 'reasoning.encrypted', data, ...FORMAT, index };
}

export function signatureDetail(signature: string, index: number): object {
  return { type: 'reasoning.text', signature, ...FORMAT, index };
}
