/**
 * The arguments of calls. A custom tool takes free text; the service knows only JSON input, so the text travels in an
 * object with one string.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { isShallow } from '../shape.ts';

/** Some clients send the object, others its JSON text. Text that does not hold a JSON object stays text. */
export function readArguments(value: JsonValue | undefined): JsonValue {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'string') return isShallow(value) ? value : printed(value);
  if (value.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(value);
    return isJsonObject(parsed) && isShallow(parsed) ? parsed : value;
  } catch {
    return value;
  }
}

/** Of JSON deeper than later stages walk. Printing fails only for what is deeper than the stack. */
function printed(value: JsonValue): JsonValue {
  try {
    return JSON.stringify(value);
  } catch {
    return {};
  }
}

/** A schema, which some clients send as JSON text. Undefined if there is none, or if it is too deep to be walked. */
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

/** The grammar cannot be enforced here, so it goes into the description. */
export function describeCustomTool(
  description: string,
  grammar: { readonly syntax: string; readonly definition: string } | undefined,
): string {
  const rule = grammar ? `The input must match this ${grammar.syntax} grammar:\n${grammar.definition}` : '';
  return [description, rule].filter((text) => text !== '').join('\n\n');
}

/** The free text of a custom tool's call, out of the one-string object in which it travelled. */
export function customInput(json: string): string {
  const value: unknown = JSON.parse(json);
  return isJsonObject(value) && typeof value.input === 'string' ? value.input : json;
}
