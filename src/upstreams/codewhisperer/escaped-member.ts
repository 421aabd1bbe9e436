/**
 * Cuts one string member out of JSON without parsing it, still escaped.
 *
 * The service sends the same object over and over with one member changing: `{"content":"…","modelId":"m"}`. What
 * stands around the changing text is learnt from a parsed frame; a later frame with equal surroundings differs in that
 * string alone. Whatever looks otherwise is left to JSON.parse.
 */
export class EscapedMember {
  readonly #member: string;
  #before: string;
  #after: string;
  #lessons = MAX_LESSONS;

  /** Begins with the object that has no other member. */
  constructor(member: string) {
    this.#member = member;
    this.#before = `{${JSON.stringify(member)}:"`;
    this.#after = '"}';
  }

  /** The inside of the JSON string, valid as it stands; undefined: parse the text instead. */
  cut(json: string): string | undefined {
    const start = this.#before.length;
    const end = json.length - this.#after.length;
    // Cut and compared: for strings this short that takes half the time of startsWith and endsWith.
    if (end < start || json.slice(0, start) !== this.#before || json.slice(end) !== this.#after) return undefined;
    const inside = json.slice(start, end);
    return isStringInside(inside) ? inside : undefined;
  }

  /** Call with a text that could not be cut and what JSON.parse made of its member. */
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

/** A stream whose surroundings keep changing is parsed; trying to learn from each frame would only cost. */
const MAX_LESSONS = 16;
const MAX_SURROUNDINGS = 1_024;

/** Most texts have nothing to escape, and a loop over a few characters is cheaper than a call of the grammar. */
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

/** All of RFC 8259's string grammar: no bare quote, no control character, no unknown escape. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them, so they must be looked for.
const STRING_INSIDE = /^[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})[^"\\\u0000-\u001f]*)*$/;

/** That another text between them would be read as this member and change nothing else: tried with two. */
function isOnlyPlaceOf(member: string, before: string, after: string): boolean {
  const one = parse(`${before}one${after}`);
  const two = parse(`${before}two${after}`);
  if (one?.[member] !== 'one' || two?.[member] !== 'two') return false;
  return JSON.stringify({ ...one, [member]: '' }) === JSON.stringify({ ...two, [member]: '' });
}

function parse(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    // Only string keys are read from it, and an array or a string has none of ours.
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
