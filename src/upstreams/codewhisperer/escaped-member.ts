/**
 * Cuts one string member out of JSON without parsing it, still escaped.
 *
 * The service repeats the same object with one member changing: `{"content":"…","modelId":"m"}`. The surroundings of
 * the changing text are learnt from a parsed frame; a later frame with equal surroundings differs in that string alone.
 * Anything else is left to JSON.parse.
 */
import { LRUCache } from 'lru-cache';
import { parseJsonObject } from '../../core/json.ts';
import { BytePattern } from '../../framing/byte-pattern.ts';
import type { Chunk, Frame } from '../../framing/event-stream.ts';

export class EscapedMember {
  readonly #member: string;
  #surroundings: Surroundings;
  #lessons = MAX_LESSONS;

  /** Starts with the object that has no other member. */
  constructor(member: string) {
    this.#member = member;
    this.#surroundings = surroundingsOf(member, `{${JSON.stringify(member)}:"`, '"}');
  }

  /** The inside of the JSON string in the frame's payload, still escaped and valid; undefined: parse the payload instead. */
  cut({ chunk, start, end }: Pick<Frame, 'chunk' | 'start' | 'end'>): string | undefined {
    const { before, after } = this.#surroundings;
    const from = start + before.length;
    const to = end - after.length;
    const isKnown = from <= to && before.isAt(chunk.view, start) && after.isAt(chunk.view, to);
    return isKnown ? stringInside(chunk, from, to) : undefined;
  }

  /** Call with a text that could not be cut and the member's value from JSON.parse. */
  learn(json: string, value: string): void {
    if (this.#lessons === 0) return;
    this.#lessons -= 1;
    const escaped = JSON.stringify(value);
    const at = json.indexOf(`${JSON.stringify(this.#member)}:${escaped}`);
    if (at < 0) return;
    const start = at + JSON.stringify(this.#member).length + 2;
    const [before, after] = [json.slice(0, start), json.slice(start + escaped.length - 2)];
    if (before.length + after.length > MAX_SURROUNDINGS) return;
    const surroundings = surroundingsOf(this.#member, before, after);
    if (surroundings.isOnlyPlace) this.#surroundings = surroundings;
  }
}

interface Surroundings {
  readonly before: BytePattern;
  readonly after: BytePattern;
  /** Another text between the two is read as this member and changes nothing else. */
  readonly isOnlyPlace: boolean;
}

/** Every reply of a model learns the same, so what has been checked is kept. */
const known = new LRUCache<string, Surroundings>({ max: 64 });

function surroundingsOf(member: string, before: string, after: string): Surroundings {
  // JSON text has no null characters.
  const key = `${member}\0${before}\0${after}`;
  let surroundings = known.get(key);
  if (!surroundings) {
    surroundings = {
      before: new BytePattern(Buffer.from(before)),
      after: new BytePattern(Buffer.from(after)),
      isOnlyPlace: isOnlyPlaceOf(member, before, after),
    };
    known.set(key, surroundings);
  }
  return surroundings;
}

/** A stream whose surroundings keep changing is parsed; learning from every frame would only cost time. */
const MAX_LESSONS = 16;
const MAX_SURROUNDINGS = 1_024;

/** The text of these bytes, if RFC 8259 allows them inside a string: no bare quote, control character or unknown escape. */
function stringInside(chunk: Chunk, start: number, end: number): string | undefined {
  const { bytes } = chunk;
  let isAscii = true;
  for (let at = start; at < end; at += 1) {
    const kind = KINDS[bytes[at] ?? 0];
    if (kind === PLAIN) continue;
    if (kind === BEYOND_ASCII) isAscii = false;
    else if (kind === ESCAPE) {
      at = lastOfEscape(bytes, at + 1, end);
      if (at < 0) return undefined;
    } else return undefined;
  }
  return isAscii ? chunk.ascii(start, end) : chunk.utf8(start, end);
}

/** The position of an escape's last byte, given that of the byte after its backslash; -1 for an invalid escape. */
function lastOfEscape(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1;
  const digits = DIGITS_AFTER[bytes[at] ?? 0] ?? UNKNOWN;
  if (digits === UNKNOWN || at + digits >= end) return -1;
  for (let digit = at + 1; digit <= at + digits; digit += 1) if (IS_HEX_DIGIT[bytes[digit] ?? 0] !== 1) return -1;
  return at + digits;
}

/** Of each byte within a string. Tables, because `Buffer.includes` is a call into native code for each escape. */
const PLAIN = 0;
const BEYOND_ASCII = 1;
const ESCAPE = 2;
const FORBIDDEN = 3;
const KINDS = new Uint8Array(256).fill(FORBIDDEN, 0, 0x20).fill(BEYOND_ASCII, 0x80);
KINDS[0x22] = FORBIDDEN;
KINDS[0x5c] = ESCAPE;

/** How many digits follow the character after a backslash. */
const UNKNOWN = 0xff;
const DIGITS_AFTER = new Uint8Array(256).fill(UNKNOWN);
for (const character of Buffer.from('"\\/bfnrt')) DIGITS_AFTER[character] = 0;
DIGITS_AFTER[0x75] = 4;

const IS_HEX_DIGIT = new Uint8Array(256);
for (const digit of Buffer.from('0123456789abcdefABCDEF')) IS_HEX_DIGIT[digit] = 1;

/** Tried with two texts. */
function isOnlyPlaceOf(member: string, before: string, after: string): boolean {
  const one = parseJsonObject(`${before}one${after}`);
  const two = parseJsonObject(`${before}two${after}`);
  if (one?.[member] !== 'one' || two?.[member] !== 'two') return false;
  return JSON.stringify({ ...one, [member]: '' }) === JSON.stringify({ ...two, [member]: '' });
}
