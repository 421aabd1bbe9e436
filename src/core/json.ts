/** Types for JSON values, in place of `any`, reading JSON objects, and serializing in steps. */
import type { Steps } from './steps.ts';

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

/** What `JSON.stringify` prints for a JSON value, a step for each element of a list that is not inside another list. */
export function* printInSteps(value: unknown): Steps<string> {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return yield* printList(value);
  let json = '';
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    json += `${json === '' ? '' : ','}${JSON.stringify(key)}:`;
    json += yield* printInSteps(member);
  }
  return `{${json}}`;
}

function* printList(list: readonly unknown[]): Steps<string> {
  let json = '';
  for (const element of list) {
    json += `${json === '' ? '' : ','}${JSON.stringify(element)}`;
    yield;
  }
  return `[${json}]`;
}
