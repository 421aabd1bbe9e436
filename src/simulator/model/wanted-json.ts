/** Detects whether a request asks for a JSON reply, and in which form. */
import { type JsonObject, type JsonValue, parseJsonObject } from '../../core/json.ts';
import { generateJson } from './json/generate.ts';
import { endOfObject } from './written-plan.ts';

/** `schema`: absent if any object is acceptable. */
export interface WantedJson {
  readonly schema?: JsonObject;
}

const WITH_SCHEMA =
  /\b(?:answer|respond|response|reply|output|return)\b[^\n]{0,200}\bJSON schema\b[^\n{]{0,400}\n?\s*(?=\{)/gi;
const ANY_OBJECT =
  /\b(?:answer|response|reply|output) must (?:consist of|be) (?:one|a single|a valid|only a|valid) JSON object\b/i;

/** Reads the latest of these texts that asks for JSON. */
export function findWantedJson(texts: readonly string[]): WantedJson | undefined {
  for (const text of texts.toReversed()) {
    for (const found of [...text.matchAll(WITH_SCHEMA)].reverse()) {
      const schema = readObject(text, found.index + found[0].length);
      if (schema) return { schema };
    }
    if (ANY_OBJECT.test(text)) return {};
  }
  return undefined;
}

function readObject(text: string, from: number): JsonObject | undefined {
  const end = endOfObject(text, from);
  return end === undefined ? undefined : parseJsonObject(text.slice(from, end));
}

/** `words`: the reply if no JSON is requested. */
export function answerInJson({ schema }: WantedJson, words: string): string {
  const value: JsonValue | undefined = schema ? generateJson(schema) : { answer: words };
  return value === undefined ? `I found no value that fits the JSON Schema. ${words}` : JSON.stringify(value);
}
