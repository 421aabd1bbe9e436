/**
 * Estimates token counts for when the service reports none. Text is read once, by character class,
 * the way current tokenizers split it (words with their space, digits by threes, runs of punctuation, most
 * ideographs alone). Always labelled as an estimate; tokens.test.ts compares it with a real tokenizer.
 */
import type { Attachment } from './attachment.ts';
import type { Conversation, DocumentPart, ImagePart, Part } from './conversation.ts';
import { hasUtf16Mark } from './file-format.ts';
import { isJsonObject, type JsonValue } from './json.ts';
import { knownTexts } from './known-texts.ts';

/** Tokens in a text. Long texts are sampled: 1 MB takes one or two milliseconds, 64 MB at most four. */
export function estimateTokens(text: string): number {
  const { length } = text;
  if (length <= WHOLE_CHARS) return Math.ceil(tokensIn(text, 0, length));
  const sampled = Math.min(MAX_SAMPLED_CHARS, Math.max(WHOLE_CHARS, length * SAMPLED_SHARE));
  const windows = Math.ceil(sampled / WINDOW_CHARS);
  let tokens = 0;
  for (let window = 0; window < windows; window += 1) {
    const from = Math.floor((window * (length - WINDOW_CHARS)) / (windows - 1));
    tokens += tokensIn(text, from, from + WINDOW_CHARS);
  }
  return Math.ceil((tokens * length) / (windows * WINDOW_CHARS));
}

/** The same figure for text in JSON's escapes, as it arrives in streams: the inside of a valid JSON string. */
export function estimateEscapedTokens(escaped: string): number {
  const { length } = escaped;
  // Unescaped first if it may have to be sampled, because the windows count unescaped characters.
  if (length > WHOLE_CHARS) return estimateTokens(JSON.parse(`"${escaped}"`));
  return Math.ceil(tokensIn(escaped, 0, length, true));
}

const WHOLE_CHARS = 1_024;
const WINDOW_CHARS = 256;
const SAMPLED_SHARE = 0.2;
/** Keeps the time at two to four milliseconds for a text of any length. */
const MAX_SAMPLED_CHARS = 512 * 1024;

/** At most `WHOLE_CHARS` characters. */
function tokensIn(text: string, from: number, to: number, isEscaped = false): number {
  const length = takeUnits(text, from, to);
  let tokens = 0;
  let previous = BREAK;
  let run = 0;
  for (let index = 0; index < length; index += 1) {
    let code = UNITS[index] ?? 0;
    if (code === BACKSLASH && isEscaped) {
      index += 1;
      code = UNESCAPED[UNITS[index] ?? 0] ?? 0;
      if (code === UNICODE_ESCAPE) {
        code = Number.parseInt(String.fromCharCode(...UNITS.subarray(index + 1, index + 5)), 16);
        index += 4;
      }
    }
    const kind = KINDS[code] ?? SYMBOL;
    // A word may continue from upper to lower case; from lower to upper case, camelCase is split.
    if (kind === previous || (kind === LOWER && previous === UPPER)) {
      run += 1;
    } else {
      tokens += run < TABLE_RUN ? (COSTS[previous * TABLE_RUN + run] ?? 0) : costOf(previous, run);
      run = 1;
    }
    previous = kind;
  }
  return tokens + costOf(previous, run);
}

/** Reading a typed array takes half the time of `charCodeAt`, which has to find out how the string is stored. */
const UNITS = new Uint16Array(WHOLE_CHARS);
const UNIT_BYTES = Buffer.from(UNITS.buffer);
/** Copying fewer characters one by one is faster than the call. */
const SHORT_CHARS = 48;

function takeUnits(text: string, from: number, to: number): number {
  const length = to - from;
  if (length < SHORT_CHARS)
    for (let index = 0; index < length; index += 1) UNITS[index] = text.charCodeAt(from + index);
  else UNIT_BYTES.write(length === text.length ? text : text.slice(from, to), 'utf16le');
  return length;
}

/** An image of common size, and the most for one: width × height / 750 after the usual scaling to 1.2 megapixels. */
const IMAGE_TOKENS = 1_600;
const PIXELS_PER_TOKEN = 750;
/** Role and separators. */
const TURN_TOKENS = 4;

/** Counts everything the model reads: system prompt, all turns and declared tools. */
export function estimateConversationTokens(conversation: Conversation): number {
  let tokens = 0;
  for (const part of conversation.system) tokens += textTokens(part.text);
  for (const turn of conversation.turns) {
    tokens += TURN_TOKENS;
    for (const part of turn.parts) tokens += partTokens(part);
  }
  for (const tool of conversation.tools) {
    tokens += TURN_TOKENS + estimateTokens(tool.name) + textTokens(tool.description) + schemaTokens(tool.inputSchema);
  }
  return tokens;
}

function textTokens(text: string): number {
  return knownTexts.tokensOf(text, estimateTokens);
}

function partTokens(part: Part): number {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return textTokens(part.text);
    case 'image':
      return imageTokens(part);
    case 'document':
      return documentTokens(part);
    case 'redacted-reasoning':
      return Math.ceil(part.data.length / 4);
    case 'tool-use':
      return TURN_TOKENS + estimateTokens(part.name) + jsonTokens(part.input);
    case 'tool-result':
      return part.content.reduce((sum, inner) => sum + partTokens(inner), TURN_TOKENS);
  }
}

function imageTokens({ attachment: { pixels } }: ImagePart): number {
  return pixels ? Math.min(IMAGE_TOKENS, Math.ceil((pixels.width * pixels.height) / PIXELS_PER_TOKEN)) : IMAGE_TOKENS;
}

/** Assumes that the text of a binary document is a tenth of its bytes. Of a text file, all of them are. */
function documentTokens({ source }: DocumentPart): number {
  if (source.type === 'url') return IMAGE_TOKENS;
  if (source.type === 'text') return textTokens(source.text);
  const { attachment } = source;
  return attachment.format === 'text' ? textFileTokens(attachment) : Math.ceil(attachment.size / 40);
}

/** Of a large file, only the beginning is decoded. */
function textFileTokens({ base64, size }: Attachment): number {
  const bytes = Buffer.from(base64.slice(0, MAX_DECODED_CHARS), 'base64');
  const text = bytes.toString(hasUtf16Mark(bytes) ? 'utf16le' : 'utf8');
  return Math.ceil((estimateTokens(text) * size) / Math.max(1, bytes.length));
}

/** A multiple of four, so that the base64 is cut between bytes. */
const MAX_DECODED_CHARS = 1024 * 1024;

/** Schemas are never changed in place, and what requests have in common is shared between them. */
const SCHEMA_TOKENS = new WeakMap<object, number>();

function schemaTokens(schema: JsonValue | undefined): number {
  if (typeof schema !== 'object' || schema === null) return jsonTokens(schema);
  const known = SCHEMA_TOKENS.get(schema);
  if (known !== undefined) return known;
  const tokens = jsonTokens(schema);
  SCHEMA_TOKENS.set(schema, tokens);
  return tokens;
}

/** Walks the value instead of serialising it, counting keys, values and punctuation. */
function jsonTokens(value: JsonValue | undefined): number {
  if (typeof value === 'string') return textTokens(value) + 1;
  if (typeof value !== 'object' || value === null) return value === undefined ? 0 : 2;
  if (!isJsonObject(value)) return value.reduce<number>((sum, item) => sum + jsonTokens(item) + 1, 1);
  let tokens = 1;
  for (const key in value) tokens += estimateTokens(key) + 1.5 + jsonTokens(value[key]);
  return Math.ceil(tokens);
}

const BREAK = 0;
const LOWER = 1;
const UPPER = 2;
const DIGIT = 3;
const PUNCTUATION = 4;
const SPACE = 5;
const NEWLINE = 6;
const IDEOGRAPH = 7;
const KANA = 8;
const HANGUL = 9;
const ACCENTED = 10;
const OTHER_LETTER = 11;
const SURROGATE = 12;
const SYMBOL = 13;

/** Kinds beyond ASCII, from a code unit up to the next one listed. */
const KINDS_FROM: readonly (readonly [number, number])[] = [
  [0x80, ACCENTED],
  [0x250, OTHER_LETTER],
  [0x2000, SYMBOL],
  [0x3040, KANA],
  [0x3100, SYMBOL],
  [0x3400, IDEOGRAPH],
  [0x4dc0, SYMBOL],
  [0x4e00, IDEOGRAPH],
  [0xa000, SYMBOL],
  [0xac00, HANGUL],
  [0xd7b0, SYMBOL],
  [0xd800, SURROGATE],
  [0xe000, SYMBOL],
];

function kindsOfAll(): Uint8Array {
  const kinds = new Uint8Array(0x1_0000);
  for (let code = 0; code < 0x80; code += 1) kinds[code] = asciiKind(String.fromCharCode(code));
  for (const [from, kind] of KINDS_FROM) kinds.fill(kind, from);
  return kinds;
}

function asciiKind(char: string): number {
  if (/[a-z]/.test(char)) return LOWER;
  if (/[A-Z]/.test(char)) return UPPER;
  if (/[0-9]/.test(char)) return DIGIT;
  if (char === '\n' || char === '\r') return NEWLINE;
  return /\s/.test(char) ? SPACE : PUNCTUATION;
}

/** Tokens of a run of `length` characters of one kind. The figures are fitted to o200k on prose, code, JSON and Chinese. */
function costOf(kind: number, length: number): number {
  switch (kind) {
    case LOWER:
    case UPPER:
      return length <= 7 ? 1 : length <= 11 ? 1.2 : length / 7;
    case DIGIT:
      return Math.ceil(length / 3);
    case PUNCTUATION:
      return length <= 2 ? 0.85 : 0.85 + (length - 2) * 0.25;
    case SPACE:
      return length === 1 ? 0 : 0.5;
    case NEWLINE:
      return 0.5;
    case IDEOGRAPH:
      return length * 0.78;
    case KANA:
      return length * 0.7;
    case HANGUL:
      return length * 0.65;
    case ACCENTED:
      return length * 0.6;
    case OTHER_LETTER:
      return length * 0.27;
    case SURROGATE:
      return length;
    case SYMBOL:
      return length * 0.9;
    default:
      return 0;
  }
}

const BACKSLASH = 0x5c;
/** Not the code of an escaped character. */
const UNICODE_ESCAPE = 0xff;
/** What the character after a backslash stands for in JSON. */
const UNESCAPED = new Uint8Array(0x80);
for (const character of '"\\/bfnrt') UNESCAPED[character.charCodeAt(0)] = JSON.parse(`"\\${character}"`).charCodeAt(0);
UNESCAPED['u'.charCodeAt(0)] = UNICODE_ESCAPE;

/** Lookup tables for every character: several times faster than calls. */
const KINDS = kindsOfAll();
const TABLE_RUN = 32;
const COSTS = Float64Array.from({ length: (SYMBOL + 1) * TABLE_RUN }, (_, cell) =>
  costOf(Math.floor(cell / TABLE_RUN), cell % TABLE_RUN),
);
