/** A tool use's input must be a JSON object, and the service refuses empty keys at any depth. */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation } from '../../../core/conversation.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { mapParts, mapShared, type Passed, withTurns } from './pass.ts';
import { note } from './rules.ts';
import { mayBeRounded } from './traits.ts';

export function toolInputs(conversation: Conversation): Passed {
  const adjustments: Adjustment[] = [];
  const turns = mapParts(conversation.turns, (part) => {
    if (part.type !== 'tool-use') return part;
    const object = asObject(part.input);
    if (object !== part.input) adjustments.push(note('tool-input-wrapped', part.at, kindOf(part.input), 'object'));
    const input = withoutEmptyKeys(object);
    if (input !== object) adjustments.push(note('tool-input-empty-key', part.at));
    if (hasRounded(input)) adjustments.push(note('tool-input-number-rounded', part.at));
    return input === part.input ? part : { ...part, input };
  });
  return { conversation: withTurns(conversation, turns), adjustments };
}

function asObject(input: JsonValue): JsonObject {
  if (isJsonObject(input)) return input;
  return input === null || input === '' ? {} : { input };
}

function withoutEmptyKeys<T extends JsonValue>(value: T): T;
function withoutEmptyKeys(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (!isJsonObject(value)) return mapShared(value, (item) => withoutEmptyKeys(item));
  const entries = Object.entries(value);
  const cleaned = mapShared(entries, (entry) => {
    const [key, inner] = entry;
    const next: [string, JsonValue] = [key === '' ? freeKey(value) : key, withoutEmptyKeys(inner)];
    return next[0] === key && next[1] === inner ? entry : next;
  });
  return cleaned === entries ? value : Object.fromEntries(cleaned);
}

/** The digits that were lost are unknown here: the request was parsed before. */
function hasRounded(value: JsonValue): boolean {
  if (typeof value === 'number') return mayBeRounded(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasRounded);
}

function freeKey(object: JsonObject): string {
  let key = '_';
  while (Object.hasOwn(object, key)) key += '_';
  return key;
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
