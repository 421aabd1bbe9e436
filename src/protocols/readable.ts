/** Content of a kind no protocol table knows, told as text, so that nothing anybody said is lost. */
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';

/** No words in them: ids, bookkeeping, signatures, ciphertext. */
const WORDLESS_KEY = /^(?:type|id|tool_use_id|file_id|caller|cache_control|signature|encrypted_.*)$/;

/** Longer ones are files, not words: base64 in the text would fill the model's context with noise. */
const MAX_UNBROKEN_CHARACTERS = 2_000;

const MAX_DEPTH = 16;

/** `location: {"name":"Paris"}`; undefined when there is nothing in it to read. */
export function readableText(part: { readonly type: string; readonly text?: unknown }): string | undefined {
  if (typeof part.text === 'string') return part.text === '' ? undefined : part.text;
  const words = readable(part, MAX_DEPTH);
  return words === undefined ? undefined : `${part.type}: ${JSON.stringify(words)}`;
}

function readable(value: unknown, levels: number): JsonValue | undefined {
  if (typeof value === 'string') return isWords(value) ? value : undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (levels === 0) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => readable(item, levels - 1)).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  if (!isJsonObject(value)) return undefined;
  const entries: [string, JsonValue][] = [];
  for (const [key, child] of Object.entries(value)) {
    const words = WORDLESS_KEY.test(key) || isBase64Data(value, key) ? undefined : readable(child, levels - 1);
    if (words !== undefined) entries.push([key, words]);
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** The sources of images and documents say that their `data` is base64. */
function isBase64Data(object: JsonObject, key: string): boolean {
  return key === 'data' && object.type === 'base64';
}

function isWords(text: string): boolean {
  return text !== '' && !(text.length > MAX_UNBROKEN_CHARACTERS && /^[\w+/=:;,.-]*$/.test(text));
}
