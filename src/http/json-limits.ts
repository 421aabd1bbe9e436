/**
 * How much structure a request may have, found by a scan of its bytes before anything is parsed. Parsing and reading
 * cost time and memory by the value and by the level, not by the byte: ten million messages fit into 20 MiB, and as many
 * nested lists. Real requests stay far below: 5,000 turns with tools hold fewer than 100,000 values.
 */
import { setImmediate } from 'node:timers/promises';
import { GatewayError } from '../core/errors.ts';

/** Elements of one list, or members of one object. */
export const MAX_ENTRIES = 50_000;
/** Elements and members of all lists and objects together. */
export const MAX_VALUES = 250_000;
/** Lists and objects inside each other. Tool schemas and arguments may have 128 levels of their own. */
export const MAX_DEPTH = 512;

/** Bytes between two pauses: a few milliseconds of scanning, during which nothing else is served. */
const SLICE_BYTES = 2 * 1024 * 1024;

/** Rejects with `invalid_request` that names the limit and what exceeds it. Whether it is JSON at all, the parser says. */
export async function assertWithinLimits(json: Buffer): Promise<void> {
  const scan = new StructureScan(json);
  while (!scan.run(SLICE_BYTES)) await setImmediate();
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const LIST_START = 0x5b;
const LIST_END = 0x5d;
const OBJECT_START = 0x7b;
const OBJECT_END = 0x7d;

/** Bytes of a string that are read one by one before the rest is left to the native search for its end. */
const SHORT_STRING = 64;

class StructureScan {
  readonly #json: Buffer;
  #at = 0;
  #depth = 0;
  /** Of all lists and objects so far. An empty one counts as one of a single entry. */
  #values = 0;
  #stringStart = 0;
  /** By depth: whether it is a list, the commas so far, and where the string before the latest colon begins. */
  readonly #isList: boolean[] = [];
  readonly #commas: number[] = [];
  readonly #keys: number[] = [];

  constructor(json: Buffer) {
    this.#json = json;
  }

  /** Reads on for about as many bytes; true when it has come to the end. */
  run(bytes: number): boolean {
    const json = this.#json;
    const end = Math.min(json.length, this.#at + bytes);
    let at = this.#at;
    while (at < end) {
      const byte = json[at++];
      if (byte === QUOTE) {
        this.#stringStart = at;
        at = stringEnd(json, at);
      } else if (byte === COMMA) this.#nextEntry();
      else if (byte === COLON) this.#keys[this.#depth] = this.#stringStart;
      else if (byte === LIST_START || byte === OBJECT_START) this.#open(byte === LIST_START);
      else if (byte === LIST_END || byte === OBJECT_END) {
        // The parser goes no further than an end without a beginning.
        if (this.#depth === 0) return true;
        this.#depth -= 1;
      }
    }
    this.#at = at;
    return at >= json.length;
  }

  #open(isList: boolean): void {
    if (this.#depth >= MAX_DEPTH) throw tooDeep();
    this.#depth += 1;
    this.#isList[this.#depth] = isList;
    this.#commas[this.#depth] = 0;
    this.#countValue();
  }

  #nextEntry(): void {
    const commas = (this.#commas[this.#depth] ?? 0) + 1;
    this.#commas[this.#depth] = commas;
    if (commas >= MAX_ENTRIES) throw this.#tooManyEntries();
    this.#countValue();
  }

  #countValue(): void {
    this.#values += 1;
    if (this.#values > MAX_VALUES) throw tooManyValues();
  }

  #tooManyEntries(): GatewayError {
    const path = this.#path();
    const kind = this.#isList[this.#depth] ? 'a list' : 'an object';
    return new GatewayError(
      'invalid_request',
      `${path === '' ? 'The request body' : path}: ${kind} with more than ${MAX_ENTRIES} entries, the limit of this gateway. Send fewer.`,
      path === '' ? {} : { param: path },
    );
  }

  /** `messages[2].content` of the list or object at hand; '' is the body itself. Of a deep path, the end. */
  #path(): string {
    let path = '';
    for (let depth = Math.max(1, this.#depth - MAX_PATH_KEYS); depth < this.#depth; depth++)
      path += this.#isList[depth] ? `[${this.#commas[depth]}]` : `.${this.#key(depth)}`;
    return path.replace(/^\./, '');
  }

  #key(depth: number): string {
    const start = this.#keys[depth] ?? 0;
    const end = Math.min(stringEnd(this.#json, start) - 1, start + MAX_KEY_BYTES);
    return this.#json.toString('utf8', start, end);
  }
}

const MAX_PATH_KEYS = 8;
const MAX_KEY_BYTES = 100;

/** Behind the quote that ends the string whose first byte is at `start`; the length of `json` where none does. */
function stringEnd(json: Buffer, start: number): number {
  const { length } = json;
  let at = start;
  for (;;) {
    const searchFrom = Math.min(at + SHORT_STRING, length);
    while (at < searchFrom) {
      const byte = json[at];
      if (byte === QUOTE) return at + 1;
      at += byte === BACKSLASH ? 2 : 1;
    }
    if (at >= length) return length;
    const quote = json.indexOf(QUOTE, at);
    if (quote === -1) return length;
    let escapes = quote;
    while (escapes > at && json[escapes - 1] === BACKSLASH) escapes -= 1;
    if ((quote - escapes) % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function tooDeep(): GatewayError {
  return new GatewayError(
    'invalid_request',
    `The request body has more than ${MAX_DEPTH} lists and objects inside each other, the limit of this gateway. Send flatter values, or write the deep ones as text.`,
  );
}

function tooManyValues(): GatewayError {
  return new GatewayError(
    'invalid_request',
    `The request body holds more than ${MAX_VALUES} values, the limit of this gateway. Send fewer messages or tools, or write large structures as text.`,
  );
}
