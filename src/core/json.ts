/** Types for JSON values, in place of `any`, and reading JSON objects. */

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined if the text is not JSON, or not an object. */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Like `JSON.parse`, but `JSON.stringify` prints the numbers as they were written: models copy ids with more digits than a
 * JavaScript number holds. Such a number becomes an opaque object, so the value is for printing alone.
 */
export function parseToPrint(json: string): unknown {
  return LONG_NUMBER.test(json) ? JSON.parse(json, asWritten) : JSON.parse(json);
}

/** All shorter ones are exact. */
const LONG_NUMBER = /\d{16}/;

function asWritten(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  return typeof value !== 'number' || source === undefined || String(value) === source ? value : RAW.rawJSON(source);
}

/** https://tc39.es/proposal-json-parse-with-source, which TypeScript does not describe yet. */
const RAW = JSON as typeof JSON & { rawJSON(text: string): object };
