/** Estimates the tokens of a request: four characters per token, images and documents by size. */
import { isJsonObject, type JsonValue } from '../../core/json.ts';
import type { GenerateAssistantResponseRequest } from '../../upstreams/codewhisperer/wire.ts';
import { CHARS_PER_TOKEN } from '../reply.ts';

/** An image of common size, and the minimum for a document. */
const TOKENS_PER_ATTACHMENT = 1_500;

export function countInputTokens(request: GenerateAssistantResponseRequest): number {
  let chars = 0;
  let attachments = 0;
  const count = (value: JsonValue) => {
    if (typeof value === 'string') chars += value.length;
    else if (Array.isArray(value)) value.forEach(count);
    else if (isJsonObject(value)) {
      for (const [name, member] of Object.entries(value)) {
        if (name === 'bytes' && typeof member === 'string') attachments += 1;
        else {
          chars += name.length;
          count(member);
        }
      }
    } else chars += 4;
  };
  // Parsed from JSON, so a JsonValue, although the wire interfaces have no index signature.
  count(request.conversationState as unknown as JsonValue);
  return Math.ceil(chars / CHARS_PER_TOKEN) + attachments * TOKENS_PER_ATTACHMENT;
}
