/**
 * What was computed for long texts that come again: a client sends its whole conversation with every turn, so all but
 * the newest texts were serialised and estimated before. Texts are found by their content alone, not by their sender;
 * the only thing that a client can observe of another's is time. They are the user's own words, so they stay in this
 * process's memory, within a bound, and are never logged.
 */
import { LRUCache } from 'lru-cache';

/** Shorter texts cost more to find than to serialise. */
const MIN_CHARS = 256;
/** In memory, about three times the texts' bytes: a few conversations of 1 MB or fifty of usual length. */
const MAX_BYTES = 12 * 1024 * 1024;
/** Pictures and whole files would displace everything else. */
const MAX_CHARS = 512 * 1024;

interface KnownText {
  readonly text: string;
  /** As `JSON.stringify` prints it, in UTF-8. */
  readonly json: Buffer;
  tokens: number | undefined;
}

export class KnownTexts {
  readonly #texts: LRUCache<string, KnownText>;
  #serialized = 0;

  constructor(maxBytes: number = MAX_BYTES) {
    this.#texts = new LRUCache({ maxSize: maxBytes, sizeCalculation: bytesOf });
  }

  /** The text's JSON in UTF-8; undefined if the text is too short or too long to be remembered. Not to be changed. */
  jsonOf(text: string): Buffer | undefined {
    if (text.length < MIN_CHARS || text.length > MAX_CHARS) return undefined;
    const known = this.#find(text);
    if (known) return known.json;
    this.#serialized += 1;
    const json = toBytes(JSON.stringify(text));
    this.#texts.set(keyOf(text), { text, json, tokens: undefined });
    return json;
  }

  /** The result of `estimate`, which is called once for a text whose JSON is known. */
  tokensOf(text: string, estimate: (text: string) => number): number {
    const known = text.length < MIN_CHARS || text.length > MAX_CHARS ? undefined : this.#find(text);
    if (!known) return estimate(text);
    known.tokens ??= estimate(text);
    return known.tokens;
  }

  /** Bytes in memory. */
  get bytes(): number {
    return this.#texts.calculatedSize;
  }

  /** How many texts were serialised, rather than found. */
  get serialized(): number {
    return this.#serialized;
  }

  clear(): void {
    this.#texts.clear();
  }

  #find(text: string): KnownText | undefined {
    const known = this.#texts.get(keyOf(text));
    return known?.text === text ? known : undefined;
  }
}

/** Of this process. */
export const knownTexts = new KnownTexts();

/** V8 hashes strings up to this length; all longer ones of one length would share a hash. */
const MAX_HASHED_CHARS = 16_000;
const SAMPLE_CHARS = 64;

function keyOf(text: string): string {
  const { length } = text;
  if (length <= MAX_HASHED_CHARS) return text;
  const middle = length >> 1;
  const samples = [0, middle, length - SAMPLE_CHARS].map((at) => text.slice(at, at + SAMPLE_CHARS));
  return `${length}:${samples.join('')}`;
}

/** Not from the shared pool, of which one small piece keeps all the others alive. */
function toBytes(json: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(json));
  bytes.write(json);
  return bytes;
}

function bytesOf({ text, json }: KnownText): number {
  return 2 * text.length + json.length + ENTRY_BYTES;
}

/** Of the entry's objects. */
const ENTRY_BYTES = 300;
