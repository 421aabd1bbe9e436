/**
 * What the calls of OpenAI's function and custom tools carry. A custom tool takes free text; the service knows only
 * JSON input, so the text travels in an object with one string.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { isShallow } from './shape.ts';

/** Text which holds no JSON object stays text. Some clients send the object itself. */
export function readArguments(value: JsonValue | undefined): JsonValue {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'string') return value;
  if (value.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(value);
    return isJsonObject(parsed) && isShallow(parsed) ? parsed : value;
  } catch {
    return value;
  }
}

export const CUSTOM_INPUT: JsonObject = {
  type: 'object',
  properties: { input: { type: 'string', description: 'The whole input of the tool, as plain text.' } },
  required: ['input'],
};

/** The grammar cannot be enforced here, so the model is told it. */
export function describeCustomTool(
  description: string | null | undefined,
  grammar: { readonly syntax?: string | null | undefined; readonly definition: string } | null | undefined,
): string {
  const rule = grammar ? `The input must match this ${grammar.syntax ?? ''} grammar:\n${grammar.definition}` : '';
  return [description ?? '', rule].filter((text) => text !== '').join('\n\n');
}

/** The free text of a custom tool's call, out of the one-string object in which it travelled. */
export function customInput(json: string): string {
  const value: unknown = JSON.parse(json);
  return isJsonObject(value) && typeof value.input === 'string' ? value.input : json;
}
