/** Why the model refused, from `metadataEvent.stopDetails.refusal`. */
import { isJsonObject } from '../../core/json.ts';
import { oneLine } from '../../core/labels.ts';
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
  return oneLine(value, maxChars)?.slice(0, maxChars).toWellFormed();
}
