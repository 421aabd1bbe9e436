/**
 * Blocks the upstream has no form for (server tools and their results, MCP, whatever comes next), told as text, so
 * that nothing a tool said is lost. What no model can read is left out: ciphertext, signatures, base64.
 */
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { isJsonObject } from '../../core/json.ts';
import type { AnyBlock } from './wire.ts';

const UNREADABLE = /^(?:type|id|tool_use_id|caller|cache_control|signature|citations|file_id|encrypted_.*)$/;

/** Deeper levels are left out of the text. */
const MAX_DEPTH = 24;

/** Undefined when the block holds nothing readable. */
export function foreignText(block: AnyBlock): string | undefined {
  if (typeof block.text === 'string') return block.text || undefined;
  const readable = readableObject(block, MAX_DEPTH);
  return readable === undefined ? undefined : `${block.type}: ${JSON.stringify(readable)}`;
}

function readableObject(object: object, depth: number): JsonObject | undefined {
  const entries: [string, JsonValue][] = [];
  for (const [key, value] of Object.entries(object)) {
    if (UNREADABLE.test(key) || (key === 'data' && Reflect.get(object, 'type') === 'base64')) continue;
    const readable = readableValue(value, depth - 1);
    if (readable !== undefined) entries.push([key, readable]);
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function readableValue(value: unknown, depth: number): JsonValue | undefined {
  if (typeof value === 'string') return value || undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (depth <= 0) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => readableValue(item, depth - 1)).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  return isJsonObject(value) ? readableObject(value, depth) : undefined;
}
