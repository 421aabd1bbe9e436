/**
 * Parses large JSON without blocking the event loop for long: each long string is cut out of the bytes and parsed in
 * slices, with pauses between them, and what remains is parsed as usual with placeholders in their places.
 */
import { randomUUID } from 'node:crypto';
import { type KnownTexts, knownTexts } from '../core/known-texts.ts';
import { type Steps, timeSlices } from '../core/steps.ts';
import { rememberTexts } from './known-json.ts';
import type { ScannedJson, StringSpan } from './scanned-json.ts';

/** JSON up to this length is parsed at once, in about 20 ms. */
const WHOLE_BYTES = 2 * 1024 * 1024;
/** The scan tells where longer strings are. It is one less than the length from which the JSON of texts is remembered. */
export const LONG_STRING_BYTES = 255;
/** Strings up to this length are parsed with the rest: at most 50 MB, given the limit on the number of values. */
export const CUT_STRING_BYTES = 512;
/** A few milliseconds of decoding and parsing. */
export const SLICE_BYTES = 1024 * 1024;

/** Rejects with the parser's SyntaxError. Remembers in `known` the JSON of texts that is serialised as it came. */
export async function parseLargeJson(
  json: Buffer,
  scanned: ScannedJson,
  known: KnownTexts = knownTexts,
): Promise<unknown> {
  return timeSlices.start(parseSteps(json, scanned, known));
}

function* parseSteps(json: Buffer, scanned: ScannedJson, known: KnownTexts): Steps<unknown> {
  const { longStrings } = scanned;
  if (json.length <= WHOLE_BYTES || !longStrings.some(isCutOut)) {
    const value: unknown = JSON.parse(json.toString('utf8'));
    rememberTexts(value, json, scanned, known);
    return value;
  }
  // Random, so that no text in the request equals a placeholder.
  const prefix = `${randomUUID()}:`;
  const texts = new Map<string, string>();
  let skeleton = '';
  let at = 0;
  for (const span of longStrings) {
    if (!isCutOut(span)) continue;
    const { start, end } = span;
    const placeholder = `${prefix}${texts.size}`;
    skeleton += json.toString('utf8', at, start) + placeholder;
    texts.set(placeholder, yield* stringSteps(json, start, end));
    at = end;
  }
  skeleton += json.toString('utf8', at);
  yield;
  const value: unknown = JSON.parse(skeleton);
  yield;
  return withTexts(value, texts);
}

function isCutOut({ start, end }: StringSpan): boolean {
  return end - start > CUT_STRING_BYTES;
}

function* stringSteps(json: Buffer, start: number, end: number): Steps<string> {
  let text = '';
  for (let at = start; at < end; ) {
    const next = sliceEnd(json, at, end);
    text += JSON.parse(`"${json.toString('utf8', at, next)}"`);
    at = next;
    yield;
  }
  return text;
}

/** Behind a whole character and a whole escape, at most a slice after `start`, which is such a place too. */
function sliceEnd(json: Buffer, start: number, end: number): number {
  if (end - start <= SLICE_BYTES) return end;
  let at = start + SLICE_BYTES;
  // An escape has at most six bytes: \u005c.
  const backslash = json.subarray(at - 5, at).lastIndexOf(BACKSLASH);
  if (backslash !== -1) {
    const last = at - 5 + backslash;
    let first = last;
    while (first > start && json[first - 1] === BACKSLASH) first -= 1;
    const beginsEscape = (last - first) % 2 === 0;
    const length = json[last + 1] === LETTER_U ? 6 : 2;
    if (beginsEscape && last + length > at) at = last;
  }
  while (at > start && ((json[at] ?? 0) & 0xc0) === 0x80) at -= 1;
  // Invalid UTF-8 may have no character boundary.
  return at > start ? at : start + SLICE_BYTES;
}

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

/** Puts the texts where their placeholders stand, in place: nothing else has seen the value yet. */
function withTexts(root: unknown, texts: ReadonlyMap<string, string>): unknown {
  const holder: Record<string, unknown> = { root };
  const open: unknown[] = [holder];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const entries = value as Record<string, unknown>; // lists have keys too
    for (const key of Object.keys(entries)) {
      const inner = entries[key];
      if (typeof inner === 'object' && inner !== null) open.push(inner);
      else if (typeof inner === 'string') {
        const text = texts.get(inner);
        if (text !== undefined) entries[key] = text;
      }
    }
  }
  return holder.root;
}
