/** The input in its stored form: every item has a type, an id, and content in parts. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { inputItemId } from './past.ts';
import type { ResponsesRequest } from './wire.ts';

/** No two have the same id, which pages are listed by. `referenced`: items that the input refers to; they are stored in full. */
export function inputItems(
  { input }: ResponsesRequest,
  ofResponse: string,
  referenced: ReadonlyMap<string, JsonObject>,
): readonly JsonObject[] {
  const items: readonly unknown[] = typeof input === 'string' ? [input] : (input ?? []);
  const used = new Set<JsonValue | undefined>();
  return items.flatMap((item, i) => {
    const message = typeof item === 'string' ? { role: 'user', content: item } : item;
    const stored = isJsonObject(message) ? toStored(message, ofResponse, i, referenced) : [];
    const distinct = stored.map((one) => (used.has(one.id) ? { ...one, id: inputItemId(ofResponse, i) } : one));
    for (const { id } of distinct) used.add(id);
    return distinct;
  });
}

function toStored(
  item: JsonObject,
  ofResponse: string,
  index: number,
  referenced: ReadonlyMap<string, JsonObject>,
): readonly JsonObject[] {
  const type = item.type ?? (item.role === undefined || item.role === null ? 'item_reference' : 'message');
  if (type === 'compaction_trigger') return [];
  if (type === 'item_reference') {
    const referencedItem = referenced.get(String(item.id));
    return referencedItem ? [referencedItem] : [];
  }
  const id = typeof item.id === 'string' && item.id !== '' ? item.id : inputItemId(ofResponse, index);
  if (type !== 'message') return [{ ...item, type, id }];
  return [{ ...item, type, id, status: 'completed', content: contentParts(item.content, item.role) }];
}

function contentParts(content: JsonValue | undefined, role: JsonValue | undefined): JsonValue {
  if (typeof content !== 'string') return content ?? [];
  return role === 'assistant'
    ? [{ type: 'output_text', text: content, annotations: [] }]
    : [{ type: 'input_text', text: content }];
}
