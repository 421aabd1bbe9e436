/** Why the model refused, from `metadataEvent.stopDetails.refusal`. */
import { isJsonObject } from '../../core/json.ts';
import type { RefusalDetail } from '../../core/reply.ts';

const MAX_CATEGORY_CHARS = 100;
const MAX_EXPLANATION_CHARS = 1_000;

/** undefined if the service gives no reason. Each text is one bounded line. */
export function refusalDetail(refusal: unknown): RefusalDetail | undefined {
  if (!isJsonObject(refusal)) return undefined;
  const category = line(refusal.category, MAX_CATEGORY_CHARS);
  const explanation = line(refusal.explanation, MAX_EXPLANATION_CHARS);
  return category === undefined && explanation === undefined ? undefined : { category, explanation };
}

function line(value: unknown, maxChars: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value
    .slice(0, 4 * maxChars)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, maxChars)
    .toWellFormed();
  return text === '' ? undefined : text;
}
