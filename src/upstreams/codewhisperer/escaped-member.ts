/**
 * Cuts one string member out of JSON without parsing it, still escaped.
 *
 * The service repeats the same object with one member changing: `{"content":"…","modelId":"m"}`. The surroundings of
 * the changing text are learnt from a parsed frame; a later frame with equal surroundings differs in that string alone.
 * Anything else is left to JSON.parse.
 */
import { parseJsonObject } from '../../core/json.ts';
import { BytePattern } from '../../framing/byte-pattern.ts';
import type { Chunk, Frame } from '../../framing/event-stream.ts';

export class EscapedMember {
  readonly #member: string;
  #before: BytePattern;
  #after: BytePattern;
  #lessons = MAX_LESSONS;

  /** Starts with the object that has no other member. */
  constructor(member: string) {
    this.#member = member;
    this.#before = new BytePattern(Buffer.from(`{${JSON.stringify(member)}:"`));
    this.#after = new BytePattern(Buffer.from('"}'));
  }

  /** The inside of the JSON string in the frame's payload, still escaped and valid; undefined: parse the payload instead. */
  cut({ chunk, start, end }: Pick<Frame, 'chunk' | 'start' | 'end'>): string | undefined {
    const from = start + this.#before.length;
    const to = end - this.#after.length;
    const isKnown = from <= to && this.#before.isAt(chunk.view, start) && this.#after.isAt(chunk.view, to);
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
    if (before.length + after.length > MAX_SURROUNDINGS || !isOnlyPlaceOf(this.#member, before, after)) return;
    this.#before = new BytePattern(Buffer.from(before));
    this.#after = new BytePattern(Buffer.from(after));
  }
}

/** A stream whose surroundings keep changing is parsed; learning from every frame would only cost time. */
const MAX_LESSONS = 16;
const MAX_SURROUNDINGS = 1_024;

/** The text of these bytes, if RFC 8259 allows them inside a string: no bare quote, control character or unknown escape. */
function stringInside(chunk: Chunk, start: number, end: number): string | undefined {
  const { bytes } = chunk;
  let isAscii = true;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80) isAscii = false;
    else if (byte === BACKSLASH) {
      at = lastOfEscape(bytes, at + 1, end);
      if (at < 0) return undefined;
    } else if (byte < SPACE || byte === QUOTE) return undefined;
  }
  return isAscii ? chunk.ascii(start, end) : chunk.utf8(start, end);
}

/** The position of an escape's last byte, given that of the byte after its backslash; -1 for an invalid escape. */
function lastOfEscape(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1;
  const mark = bytes[at] ?? 0;
  if (mark !== LOWER_U) return SHORT_ESCAPES.includes(mark) ? at : -1;
  if (at + 4 >= end) return -1;
  for (let digit = at + 1; digit <= at + 4; digit += 1) if (!HEX_DIGITS.includes(bytes[digit] ?? 0)) return -1;
  return at + 4;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
const SHORT_ESCAPES = Buffer.from('"\\/bfnrt');
const HEX_DIGITS = Buffer.from('0123456789abcdefABCDEF');

/** Whether another text between the two would be read as this member and change nothing else; tried with two texts. */
function isOnlyPlaceOf(member: string, before: string, after: string): boolean {
  const one = parseJsonObject(`${before}one${after}`);
  const two = parseJsonObject(`${before}two${after}`);
  if (one?.[member] !== 'one' || two?.[member] !== 'two') return false;
  return JSON.stringify({ ...one, [member]: '' }) === JSON.stringify({ ...two, [member]: '' });
}
