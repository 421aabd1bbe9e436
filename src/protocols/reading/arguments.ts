/**
 * Reads the arguments of calls. A custom tool takes free text, but the service accepts only JSON input, so the text is
 * wrapped in an object with one string.
 */
import { isJsonObject, type JsonObject, type JsonValue, parseJsonObject } from '../../core/json.ts';
import { isShallow } from '../shape.ts';

/**
 * Some clients send the object, others its JSON text. Text that does not hold a JSON object stays text, and so does text
 * with more values than a request may hold outside texts.
 */
export function readArguments(value: JsonValue | undefined): JsonValue {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'string') return isShallow(value) ? value : serialized(value);
  if (value.trim() === '') return {};
  if (holdsMoreValues(value, MAX_TEXT_VALUES)) return value;
  const parsed = parseJsonObject(value);
  return parsed && isShallow(parsed) ? parsed : value;
}

/**
 * Of one text. Reading takes time by the value, not by the character: ten million numbers fit into 20 MiB. A model writes
 * arguments of a few hundred values.
 */
const MAX_TEXT_VALUES = 5_000;

/** Counts what separates or opens values outside of strings, up to the limit. */
function holdsMoreValues(json: string, limit: number): boolean {
  if (json.length <= limit) return false;
  let count = 0;
  for (let at = 0; at < json.length; at += 1) {
    const char = json.charCodeAt(at);
    if (char === QUOTE) at = stringEnd(json, at);
    else if (char === COMMA || char === LIST_START || char === OBJECT_START) {
      count += 1;
      if (count > limit) return true;
    }
  }
  return false;
}

/** Where the string that begins at `start` ends; the length of the text if it has no end. */
function stringEnd(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at !== -1; at = json.indexOf('"', at + 1)) {
    let escapes = at;
    while (json.charCodeAt(escapes - 1) === BACKSLASH) escapes -= 1;
    if ((at - escapes) % 2 === 0) return at;
  }
  return json.length;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const LIST_START = 0x5b;
const OBJECT_START = 0x7b;

/** The text of JSON that is too deep for later stages. Serializing fails only beyond the stack depth. */
function serialized(value: JsonValue): JsonValue {
  try {
    return JSON.stringify(value);
  } catch {
    return {};
  }
}

/** A schema, which some clients send as JSON text. undefined if it is missing or nested too deep. */
export function readSchema(value: JsonValue | undefined): JsonValue | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return readArguments(value);
  return isShallow(value) ? value : undefined;
}

export const CUSTOM_INPUT: JsonObject = {
  type: 'object',
  properties: { input: { type: 'string', description: 'The whole input of the tool, as plain text.' } },
  required: ['input'],
};

/** Adds the grammar to the description, because it cannot be enforced. */
export function describeCustomTool(
  description: string,
  grammar: { readonly syntax: string; readonly definition: string } | undefined,
): string {
  const rule = grammar ? `The input must match this ${grammar.syntax} grammar:\n${grammar.definition}` : '';
  return [description, rule].filter((text) => text !== '').join('\n\n');
}

/** Unwraps the free text of a custom tool's call. */
export function customInput(json: string): string {
  const value: unknown = JSON.parse(json);
  return isJsonObject(value) && typeof value.input === 'string' ? value.input : json;
}
