/**
 * A client sends its whole conversation and all its tools with every turn. The elements at the beginning of a list that
 * have the same bytes as in an earlier body are neither scanned nor parsed again: the values parsed then are shared, so
 * nothing may change them. This also lets later steps find what they computed for such a value.
 *
 * Bodies are found by their bytes alone, not by their sender; the only thing that a client can observe of another's is
 * time. They stay in this process's memory, within a bound, and are never logged.
 */
import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ListObserver, ScannedElements } from './json-limits.ts';
import { parseLargeJson } from './large-json.ts';
import type { ScannedJson, StringSpan } from './scanned-json.ts';

/** Smaller bodies are parsed as fast as they are found. */
export const MIN_BODY_BYTES = 16 * 1024;
/** Larger ones would displace everything else. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** In memory: three conversations of 1 MB, or thirty of usual length. */
const MAX_BYTES = 12 * 1024 * 1024;
/** Each body is compared with all that are known. */
const MAX_BODIES = 64;

const LIST_END = 0x5d;
const TURNS: ReadonlySet<string> = new Set(['messages', 'input']);
const KEYS: ReadonlySet<string> = new Set(['messages', 'input', 'system', 'tools']);

interface KnownList {
  /** Behind its bracket. */
  readonly start: number;
  /** Behind each element, all of which are objects. */
  readonly ends: readonly number[];
  /** In the list up to the end of each element: see MAX_VALUES. */
  readonly values: readonly number[];
  /** The same for strings that are values. */
  readonly strings: readonly number[];
  readonly elements: readonly unknown[];
}

interface KnownBody {
  readonly json: Buffer;
  readonly lists: ReadonlyMap<string, KnownList>;
}

interface Match {
  readonly id: number;
  readonly list: KnownList;
  /** Elements that are the same. */
  readonly count: number;
}

export class KnownBodies {
  readonly #bodies: LRUCache<number, KnownBody>;
  #lastId = 0;

  constructor(maxBytes: number = MAX_BYTES) {
    this.#bodies = new LRUCache({ max: MAX_BODIES, maxSize: maxBytes, sizeCalculation: bytesOf });
  }

  /** undefined: the body is not worth remembering. */
  reader(json: Buffer): BodyReader | undefined {
    const { length } = json;
    return length < MIN_BODY_BYTES || length > MAX_BODY_BYTES ? undefined : new BodyReader(json, this);
  }

  /** The known list under this key that has the most elements in common with the one at `start`. */
  find(key: string, json: Buffer, start: number): Match | undefined {
    let best: Match | undefined;
    for (const entry of this.#bodies.entries()) {
      // Not as a pair, which would be read by an iterator.
      const { json: knownJson, lists } = entry[1];
      const list = lists.get(key);
      // Most bodies are of other conversations: the first element that they would need shows that.
      if (!list || !isSameElement(best?.count ?? 0, list, knownJson, json, start)) continue;
      const count = commonElements(list, knownJson, json, start);
      if (count > (best?.count ?? 0)) best = { id: entry[0], list, count };
      // The tools of an agent are the same in all its conversations.
      if (count === list.ends.length && json[(list.ends.at(-1) ?? 0) - list.start + start] === LIST_END) break;
    }
    if (best) this.#bodies.get(best.id); // marks it as used
    return best;
  }

  add(body: KnownBody): void {
    this.#lastId += 1;
    this.#bodies.set(this.#lastId, body);
  }

  forget(id: number): void {
    this.#bodies.delete(id);
  }

  /** In memory. */
  get bytes(): number {
    return this.#bodies.calculatedSize;
  }
}

/** Of this process. */
export const knownBodies = new KnownBodies();

/** With what was parsed from it: strings take up to two bytes per character, objects and lists much more than their JSON. */
function bytesOf({ json, lists }: KnownBody): number {
  let values = 0;
  for (const list of lists.values()) values += list.values.at(-1) ?? 0;
  return json.buffer.byteLength + 2 * json.length + BYTES_PER_VALUE * values;
}

/** Measured with tens of thousands of elements such as `{}`, `{"a":"x"}` and `{"c":[1]}`: 36 to 60, with their places. */
const BYTES_PER_VALUE = 60;

/** Whether this element has the same bytes, whatever is before it. */
function isSameElement(index: number, list: KnownList, known: Buffer, json: Buffer, start: number): boolean {
  const end = list.ends[index];
  const from = list.ends[index - 1] ?? list.start;
  return end !== undefined && isSamePart(known, from, end, json, start - list.start);
}

function isSamePart(known: Buffer, from: number, end: number, json: Buffer, offset: number): boolean {
  return end + offset <= json.length && json.compare(known, from, end, from + offset, end + offset) === 0;
}

/** Halves what may be in common, instead of comparing each of up to 50,000 elements. */
function commonElements({ start: knownStart, ends }: KnownList, known: Buffer, json: Buffer, start: number): number {
  const offset = start - knownStart;
  let common = 0;
  let most = ends.length;
  for (let tried = most; common < most; tried = Math.ceil((common + most) / 2)) {
    const from = ends[common - 1] ?? knownStart;
    const end = ends[tried - 1] ?? from;
    if (isSamePart(known, from, end, json, offset)) common = tried;
    else most = tried - 1;
  }
  return common;
}

interface ReadList {
  readonly key: string;
  readonly start: number;
  readonly match: Match | undefined;
  readonly ends: number[];
  readonly values: number[];
  readonly strings: number[];
}

/** Reads one body: pass it to the scan, then parse. */
export class BodyReader implements ListObserver {
  readonly #json: Buffer;
  readonly #known: KnownBodies;
  readonly #lists: ReadList[] = [];
  #current: ReadList | undefined;
  /** A key with an escape may be another spelling of a known key, of which the last member counts. */
  #hasEscapedKey = false;

  constructor(json: Buffer, known: KnownBodies) {
    this.#json = json;
    this.#known = known;
  }

  begin(key: string, start: number): ScannedElements | undefined {
    this.#current = undefined;
    if (key.includes('\\')) this.#hasEscapedKey = true;
    if (!KEYS.has(key)) return undefined;
    const match = this.#known.find(key, this.#json, start);
    const { list, count } = match ?? { list: undefined, count: 0 };
    const ends = list?.ends.slice(0, count).map((end) => end - list.start + start) ?? [];
    const values = list?.values.slice(0, count) ?? [];
    const strings = list?.strings.slice(0, count) ?? [];
    this.#current = { key, start, match, ends, values, strings };
    this.#lists.push(this.#current);
    if (count === 0) return undefined;
    return { count, end: ends.at(-1) ?? start, values: values.at(-1) ?? 0, strings: strings.at(-1) ?? 0 };
  }

  endElement(index: number, end: number, values: number, strings: number): void {
    // Not behind an element that is not an object: only objects are known to be complete by their bytes.
    if (!this.#current || index !== this.#current.ends.length) return;
    this.#current.ends.push(end);
    this.#current.values.push(values);
    this.#current.strings.push(strings);
  }

  /** Rejects with the parser's SyntaxError. */
  async parse(scanned: ScannedJson): Promise<unknown> {
    const matched = this.#lists.filter(({ match }) => match !== undefined);
    const value = isCutOut(matched, this.#json.length)
      ? ((await this.#parseNew(matched, scanned)) ?? JSON.parse(this.#json.toString('utf8')))
      : this.#share(matched, await parseLargeJson(this.#json, scanned));
    this.#remember(value);
    return value;
  }

  /** Puts the known elements into the place of those that were parsed again. */
  #share(matched: readonly ReadList[], value: unknown): unknown {
    if (typeof value !== 'object' || value === null || !this.#areKeysUnique()) return value;
    const members = value as Record<string, unknown>; // parsed from JSON
    for (const { key, match } of matched) {
      const list = members[key];
      for (let index = 0; match && Array.isArray(list) && index < match.count; index++)
        list[index] = match.list.elements[index];
    }
    return value;
  }

  /** Otherwise the last of two members counts, which may not be the list that was compared. */
  #areKeysUnique(): boolean {
    return !this.#hasEscapedKey && new Set(this.#lists.map(({ key }) => key)).size === this.#lists.length;
  }

  /** undefined: the known elements could not be put into their places, or the JSON is invalid. */
  async #parseNew(matched: readonly ReadList[], scanned: ScannedJson): Promise<object | undefined> {
    // Random, so that no text in the request equals a placeholder.
    const placeholder = randomUUID();
    const cut = cutOut(this.#json, matched, Buffer.from(`"${placeholder}"`), scanned);
    const value = await parseLargeJson(cut.json, cut).catch(() => undefined);
    if (typeof value !== 'object' || value === null) return undefined;
    const members = value as Record<string, unknown>; // parsed from JSON
    for (const { key, match } of matched) {
      const list = members[key];
      // Of two members of one name, the last one counts.
      if (!match || !Array.isArray(list) || list[0] !== placeholder) return undefined;
      members[key] = [...match.list.elements.slice(0, match.count), ...list.slice(1)];
    }
    return value;
  }

  #remember(value: unknown): void {
    if (typeof value !== 'object' || value === null || !this.#areKeysUnique()) return;
    const members = value as Record<string, unknown>; // parsed from JSON
    const lists = new Map<string, KnownList>();
    for (const { key, start, match, ends, values, strings } of this.#lists) {
      const list = members[key];
      if (ends.length === 0 || !Array.isArray(list)) continue;
      lists.set(key, { start, ends, values, strings, elements: list.slice(0, ends.length) });
      if (match && TURNS.has(key) && isContinued(match)) this.#known.forget(match.id);
    }
    if (lists.size > 0) this.#known.add({ json: this.#json, lists });
  }
}

/** Whether it is the turn before, whose body is of no further use. */
function isContinued({ list, count }: Match): boolean {
  return count === list.ends.length || (count >= MIN_COMMON && count >= list.ends.length - MAX_CHANGED);
}

/** Clients add to the last elements of a turn, or move marks away from them. */
const MAX_CHANGED = 2;
/** Different conversations may begin alike. */
const MIN_COMMON = 4;

/** Parsing a byte takes about as long as copying so many of them. */
const COPIED_BYTES = 16;

/** Whether parsing the body without its known elements is worth a copy of the rest. */
function isCutOut(matched: readonly ReadList[], length: number): boolean {
  let knownBytes = 0;
  for (const { start, match, ends } of matched) knownBytes += (ends[(match?.count ?? 0) - 1] ?? start) - start;
  return COPIED_BYTES * knownBytes > length;
}

/** The body with a placeholder for the known elements of each list, and what the scan has found outside of them. */
function cutOut(
  json: Buffer,
  lists: readonly ReadList[],
  placeholder: Buffer,
  { longStrings, values }: ScannedJson,
): ScannedJson & { readonly json: Buffer } {
  const pieces: Buffer[] = [];
  const shifted: StringSpan[] = [];
  let from = 0;
  let shift = 0;
  let next = 0;
  let knownValues = 0;
  /** Strings that are left out, less the placeholders. */
  let fewerStrings = 0;
  const shiftUntil = (limit: number) => {
    for (let span = longStrings[next]; span && span.start < limit; span = longStrings[++next]) {
      const { start, end, index, isCanonical } = span;
      shifted.push({ start: start + shift, end: end + shift, index: index - fewerStrings, isCanonical });
    }
  };
  for (const { start, match, ends, values: valuesTo, strings: stringsTo } of lists) {
    const last = (match?.count ?? 0) - 1;
    const end = ends[last] ?? start;
    shiftUntil(start);
    pieces.push(json.subarray(from, start), placeholder);
    shift += placeholder.length - (end - start);
    fewerStrings += (stringsTo[last] ?? 0) - 1;
    knownValues += valuesTo[last] ?? 0;
    from = end;
  }
  shiftUntil(json.length);
  pieces.push(json.subarray(from));
  return { json: Buffer.concat(pieces), longStrings: shifted, values: values - knownValues };
}
