/**
 * Most clients escape texts as `JSON.stringify` does, which is how they are serialised again for the service. The JSON of
 * such a text is remembered as it came, so that it is copied instead: in a body of 1.2 MB that saves 2.4 ms of 4.5.
 *
 * What is remembered is found by any request that has the same text, so the pairs of text and JSON must be certain: the
 * strings of the parsed value are counted in the order in which they stand in the JSON.
 */
import type { KnownTexts, PlacedText } from '../core/known-texts.ts';
import type { ScannedJson, StringSpan } from './scanned-json.ts';

/** `value`: parsed from this JSON, which is UTF-8: otherwise texts would have replacement characters that the JSON does not have. */
export function rememberTexts(
  value: unknown,
  json: Buffer,
  { longStrings, values }: ScannedJson,
  known: KnownTexts,
): void {
  if (!longStrings.some(({ isCanonical }) => isCanonical)) return;
  const walk = new StringWalk(longStrings);
  walk.read(value);
  if (!walk.isInOrder || walk.values !== values || walk.found !== longStrings.length) return;
  known.rememberAll(walk.texts, json);
}

/** Finds strings by their position among all strings that are values. */
class StringWalk {
  /** Of all lists and objects, as the scan counts them: fewer if one name stands twice in an object, where the last one counts. */
  values = 0;
  /** No object has a name that may be an index: those are moved to its beginning. */
  isInOrder = true;
  /** Of the long strings. */
  found = 0;
  readonly texts: PlacedText[] = [];
  readonly #longStrings: readonly StringSpan[];
  #next: StringSpan | undefined;
  #strings = 0;

  constructor(longStrings: readonly StringSpan[]) {
    this.#longStrings = longStrings;
    this.#next = longStrings[0];
  }

  read(value: unknown): void {
    if (typeof value === 'string') {
      if (this.#strings === this.#next?.index) this.#add(value, this.#next);
      this.#strings += 1;
    } else if (Array.isArray(value)) {
      this.values += Math.max(1, value.length);
      for (let index = 0; index < value.length; index++) this.read(value[index]);
    } else if (typeof value === 'object' && value !== null) this.#readObject(value);
  }

  #add(text: string, { start, end, isCanonical }: StringSpan): void {
    if (isCanonical) this.texts.push({ text, start: start - 1, end: end + 1 });
    this.found += 1;
    this.#next = this.#longStrings[this.found];
  }

  #readObject(object: object): void {
    const members = object as Readonly<Record<string, unknown>>; // parsed from JSON
    let count = 0;
    for (const key in members) {
      count += 1;
      if (isDigit(key.charCodeAt(0))) this.isInOrder = false;
      this.read(members[key]);
    }
    this.values += Math.max(1, count);
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
