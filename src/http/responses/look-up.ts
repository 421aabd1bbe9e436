/** Loads the earlier responses that a request refers to, before the request is parsed. */
import type { Responses } from '../../gateway/responses.ts';
import { namedBy, type Past, responseOfItem } from '../../protocols/openai-responses/index.ts';

/**
 * Undefined if the body refers to nothing. Rejects with `storage_unavailable`, with `invalid_request` if it refers to too
 * much, and if the client has disconnected.
 */
export async function lookUp(
  body: unknown,
  responses: Responses,
  client: string,
  gone: AbortSignal,
): Promise<Past | undefined> {
  const { previousId, itemIds } = namedBy(body);
  if (previousId === undefined && itemIds.length === 0) return undefined;
  const referenced = await responses.itemsNamed(client, byResponse(itemIds), gone);
  const items = previousId === undefined ? undefined : await responses.itemsUntil(client, previousId, gone);
  return { hasPrevious: items !== undefined, items: items ?? [], referenced };
}

/** Each response is decrypted once, however many of its items are referenced. */
function byResponse(itemIds: readonly string[]): Map<string, string[]> {
  const wanted = new Map<string, string[]>();
  for (const itemId of itemIds) {
    const responseId = responseOfItem(itemId);
    if (responseId === undefined) continue;
    const together = wanted.get(responseId);
    if (together) together.push(itemId);
    else wanted.set(responseId, [itemId]);
  }
  return wanted;
}
