/**
 * Cuts one string member out of JSON without parsing it, still escaped.
 *
 * The service repeats the same object with one member changing: `{"content":"…","modelId":"m"}`. The surroundings of
 * the changing text are learnt from a parsed frame; a later frame with equal surroundings differs in that string alone.
 * Anything else is left to JSON.parse.
 */
import { parseJsonObject } from '../../core/json.ts';

export class EscapedMember {
  readonly #member: string;
  #before: string;
  #after: string;
  #lessons = MAX_LESSONS;

  /** Starts with the object that has no other member. */
  constructor(member: string) {
    this.#member = member;
    this.#before = `{${JSON.stringify(member)}:"`;
    this.#after = '"}';
  }

  /** The inside of the JSON string, still escaped and valid; undefined: parse the text instead. */
  cut(json: string): string | undefined {
    const start = this.#before.length;
    const end = json.length - this.#after.length;
    // Slice and compare: half the time of startsWith and endsWith for strings this short.
    if (end < start || json.slice(0, start) !== this.#before || json.slice(end) !== this.#after) return undefined;
    const inside = json.slice(start, end);
    return isStringInside(inside) ? inside : undefined;
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
    this.#before = before;
    this.#after = after;
  }
}

/** A stream whose surroundings keep changing is parsed; learning from every frame would only cost time. */
const MAX_LESSONS = 16;
const MAX_SURROUNDINGS = 1_024;

/** Most texts have nothing to escape, and a loop over a few characters is cheaper than the regular expression. */
function isStringInside(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < SPACE || code === QUOTE || code === BACKSLASH) return STRING_INSIDE.test(text);
  }
  return true;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** RFC 8259's string grammar in full: no bare quote, no control character, no unknown escape. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them, so the pattern has to name them.
const STRING_INSIDE = /^[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})[^"\\\u0000-\u001f]*)*$/;

/** Whether another text between the two would be read as this member and change nothing else; tried with two texts. */
function isOnlyPlaceOf(member: string, before: string, after: string): boolean {
  const one = parseJsonObject(`${before}one${after}`);
  const two = parseJsonObject(`${before}two${after}`);
  if (one?.[member] !== 'one' || two?.[member] !== 'two') return false;
  return JSON.stringify({ ...one, [member]: '' }) === JSON.stringify({ ...two, [member]: '' });
}
