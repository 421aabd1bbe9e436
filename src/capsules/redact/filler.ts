/**
 * Text without its content. Each UTF-16 unit is replaced by a fixed one of the same script, case and length in UTF-8;
 * white space, punctuation and symbols stay. So the bytes, the token estimate and the structure of JSON, code and markup
 * stay too, and the filler of a text is that of its parts, wherever it is cut.
 */

export function fillerOf(text: string): string {
  let filler = '';
  for (let index = 0; index < text.length; index++) filler += String.fromCharCode(fillerUnit(text.charCodeAt(index)));
  return filler;
}

/** The filler of a text, except for the tags and labels that clients and models mark parts of it with. */
export function fillerBetweenMarkers(text: string): string {
  let filler = '';
  let from = 0;
  for (const { 0: marker, index } of text.matchAll(MARKER)) {
    filler += fillerOf(text.slice(from, index)) + marker;
    from = index + marker.length;
  }
  return filler + fillerOf(text.slice(from));
}

/** Those that the gateway looks for. */
const MARKER =
  /x-anthropic-billing-header:|<\/?(?:system-reminder|thinking|think|tool_call|tool_use|function_calls|environment_context)>/g;

/** Units are looked up in a table that is filled as they occur; 0 is not computed yet. */
const table = new Uint16Array(0x1_0000);

function fillerUnit(unit: number): number {
  const known = table[unit] ?? 0;
  if (known !== 0 || unit === 0) return known;
  const filler = unit < 0x80 ? asciiFiller(unit) : otherFiller(unit);
  table[unit] = filler;
  return filler;
}

function asciiFiller(unit: number): number {
  if (unit >= 0x31 && unit <= 0x39) return codeOf('1'); // 0 stays, so that a number does not get a leading zero
  if (unit >= 0x61 && unit <= 0x7a) return codeOf('x');
  return unit >= 0x41 && unit <= 0x5a ? codeOf('X') : unit;
}

function otherFiller(unit: number): number {
  if (unit >= 0xd800 && unit <= 0xdfff) return surrogateFiller(unit);
  const char = String.fromCharCode(unit);
  // Emoji sequences and bidirectional text are joined by these; other format characters can spell hidden text.
  if (KEPT_FORMATS.has(unit)) return unit;
  if (!/[\p{L}\p{M}\p{N}\p{C}]/u.test(char) || unit < 0xa0) return unit;
  const [, filler = unit] = FILLERS.find(([end]) => unit < end) ?? [];
  return filler;
}

/** An emoji, or an ideograph of the supplementary planes. Halves are replaced apart: a text may be cut between them. */
function surrogateFiller(unit: number): number {
  if (unit >= 0xdc00) return 0xde00;
  return unit >= 0xd840 && unit <= 0xdb3f ? 0xd840 : 0xd83d;
}

const KEPT_FORMATS: ReadonlySet<number> = new Set([0xad, 0x200b, 0x200c, 0x200d, 0xfe0e, 0xfe0f, 0xfeff]);

/** The ends of ranges of units, and the filler of each range. Ranges have one length in UTF-8 and one kind of token. */
const FILLERS: readonly (readonly [end: number, filler: number])[] = [
  [0x250, codeOf('é')],
  [0x800, codeOf('я')],
  [0x2000, codeOf('ก')],
  [0x3040, codeOf('ꓐ')],
  [0x30a0, codeOf('か')],
  [0x3100, codeOf('カ')],
  [0x3400, codeOf('ꓐ')],
  [0x4dc0, codeOf('㐀')],
  [0x4e00, codeOf('ꓐ')],
  [0xa000, codeOf('字')],
  [0xac00, codeOf('ꓐ')],
  [0xd7b0, codeOf('한')],
  [0x1_0000, codeOf('ꓐ')],
];

function codeOf(char: string): number {
  return char.charCodeAt(0);
}
