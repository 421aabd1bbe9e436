/** Serialises JSON values to UTF-8 in steps. Long texts that were serialised before are copied. */
import { type KnownTexts, knownTexts } from './known-texts.ts';
import type { Steps } from './steps.ts';

interface KnownJson {
  readonly texts?: KnownTexts;
  /** The JSON of a member that is an object or a list, if it was serialised before. */
  readonly bytesOf?: (key: string, member: object) => Buffer | undefined;
}

/** The bytes of what `JSON.stringify` prints for a JSON value, a step for each element of a list that is not inside another list. */
export function* jsonBytes(value: unknown, known: KnownJson = {}): Steps<Buffer> {
  const json = new JsonPieces(known);
  yield* printInSteps(value, json);
  return yield* json.join();
}

function* printInSteps(value: unknown, json: JsonPieces): Steps<void> {
  if (Array.isArray(value)) {
    let separator = '[';
    for (const element of value) {
      json.add(separator);
      print(element, json);
      separator = ',';
      yield;
    }
    json.add(separator === '[' ? '[]' : ']');
  } else if (typeof value === 'object' && value !== null) {
    let separator = '{';
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined) continue;
      json.add(separator + keyJson(key));
      yield* printInSteps(member, json);
      separator = ',';
    }
    json.add(separator === '{' ? '{}' : '}');
  } else print(value, json);
}

function print(value: unknown, json: JsonPieces): void {
  if (typeof value === 'string') json.addText(value);
  else if (typeof value !== 'object' || value === null) json.add(JSON.stringify(value) ?? 'null');
  else if (Array.isArray(value)) printList(value, json);
  else printObject(value, json);
}

function printList(list: readonly unknown[], json: JsonPieces): void {
  json.add('[');
  for (let index = 0; index < list.length; index++) {
    if (index > 0) json.add(',');
    print(list[index], json);
  }
  json.add(']');
}

function printObject(object: object, json: JsonPieces): void {
  const members = object as Readonly<Record<string, unknown>>; // from JSON
  let separator = '{';
  // JSON objects inherit nothing, and the pairs of `Object.entries` would be thrown away at once.
  for (const key in members) {
    const member = members[key];
    if (member === undefined) continue;
    json.add(separator + keyJson(key));
    if (!json.addKnown(key, member)) print(member, json);
    separator = ',';
  }
  json.add(separator === '{' ? '{}' : '}');
}

/** Key → its JSON and a colon. The first ones are the wire's own, which every message repeats. */
const KEYS = new Map<string, string>();
const MAX_KEYS = 200;
const MAX_KEY_CHARS = 40;

function keyJson(key: string): string {
  const known = KEYS.get(key);
  if (known !== undefined) return known;
  const json = `${JSON.stringify(key)}:`;
  if (KEYS.size < MAX_KEYS && key.length <= MAX_KEY_CHARS) KEYS.set(key, json);
  return json;
}

/** Texts from this length on are pieces of their own, so that each step takes a few milliseconds. */
const LONG_CHARS = 64 * 1024;
const STEP_BYTES = 1024 * 1024;

/** JSON that is put together from strings and bytes. */
export class JsonPieces {
  readonly #texts: KnownTexts;
  readonly #bytesOf: KnownJson['bytesOf'];
  readonly #pieces: (string | Buffer)[] = [];
  /** After the last piece: long runs of short strings are encoded at once. */
  #tail = '';

  constructor({ texts = knownTexts, bytesOf }: KnownJson = {}) {
    this.#texts = texts;
    this.#bytesOf = bytesOf;
  }

  /** Characters and bytes so far, roughly. */
  length = 0;

  add(json: string): void {
    this.length += json.length;
    this.#tail += json;
  }

  /** As `JSON.stringify` prints it. */
  addValue(value: unknown): void {
    print(value, this);
  }

  /** The text in quotes. */
  addText(text: string): void {
    const known = this.#texts.jsonOf(text);
    if (known) this.addBytes(known);
    else if (text.length < LONG_CHARS) this.add(JSON.stringify(text));
    else {
      const json = JSON.stringify(text);
      this.length += json.length;
      this.#pieces.push(this.#tail, json);
      this.#tail = '';
    }
  }

  /** Whether the member's JSON was known and added. */
  addKnown(key: string, member: unknown): boolean {
    const known = typeof member === 'object' && member !== null ? this.#bytesOf?.(key, member) : undefined;
    if (known) this.addBytes(known);
    return known !== undefined;
  }

  addBytes(bytes: Buffer): void {
    this.length += bytes.length;
    this.#pieces.push(this.#tail, bytes);
    this.#tail = '';
  }

  /** A step for about a mebibyte. */
  *join(): Steps<Buffer> {
    if (this.#pieces.length === 0) return Buffer.from(this.#tail);
    const pieces = this.#pieces;
    pieces.push(this.#tail);
    this.#tail = '';
    let length = 0;
    let pauseAt = STEP_BYTES;
    for (let index = 0; index < pieces.length; index++) {
      const piece = pieces[index] ?? '';
      length += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
      if (length < pauseAt) continue;
      pauseAt = length + STEP_BYTES;
      yield;
    }
    const bytes = Buffer.allocUnsafeSlow(length);
    let at = 0;
    pauseAt = STEP_BYTES;
    for (let index = 0; index < pieces.length; index++) {
      const piece = pieces[index] ?? '';
      at += typeof piece === 'string' ? bytes.write(piece, at) : piece.copy(bytes, at);
      if (at < pauseAt) continue;
      pauseAt = at + STEP_BYTES;
      yield;
    }
    return bytes;
  }
}
