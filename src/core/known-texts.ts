/**
 * What was computed for long texts that come again: a client sends its whole conversation with every turn, so all but
 * the newest texts were serialised and estimated before. Texts are found by their content alone, not by their sender;
 * the only thing that a client can observe of another's is time. They are the user's own words, so they stay in this
 * process's memory, within a bound, and are never logged.
 *
 * Two generations instead of a list ordered by use: when the newer one is full, the older one is dropped, and a text that
 * is used moves from the older to the newer. A generation's bytes share a few large buffers. Measured with a body of
 * 340 new texts, 1.2 MB: it is serialised in 4.1 ms, and in 5.0 to 6.3 ms with lru-cache and a buffer for each text.
 *
 * Texts come in nearly the same order each time. So the text that followed the last one is tried first: comparing a string
 * with itself reads none of its characters, which have left the processor's cache.
 */

/** Shorter texts cost more to find than to serialise. */
const MIN_CHARS = 256;
/** Pictures and whole files would displace everything else. */
const MAX_CHARS = 128 * 1024;
/** In memory, about three times the texts' bytes: a few conversations of 1 MB or fifty of usual length. */
const MAX_BYTES = 12 * 1024 * 1024;

interface KnownText {
  readonly text: string;
  /** As `JSON.stringify` prints it, in UTF-8. */
  readonly json: Buffer;
  tokens: number | undefined;
  /** Its position in the order of its generation. */
  readonly place: number;
}

interface NewText extends Pick<KnownText, 'text' | 'json'> {
  readonly key: TextKey;
}

export interface PlacedText {
  readonly text: string;
  /** Of its JSON in the source, with its quotes. */
  readonly start: number;
  readonly end: number;
}

export class KnownTexts {
  readonly #maxGenerationBytes: number;
  readonly #bufferBytes: number;
  #newer: Generation;
  #older: Generation;
  #serialized = 0;
  /** The position in the newer generation of the text that is expected next. */
  #expected = 0;

  constructor(maxBytes: number = MAX_BYTES) {
    this.#maxGenerationBytes = maxBytes / 2;
    this.#bufferBytes = Math.ceil(maxBytes / 64);
    this.#newer = new Generation(this.#bufferBytes);
    this.#older = new Generation(this.#bufferBytes);
  }

  /** The text's JSON in UTF-8; undefined if the text is too short or too long to be remembered. Not to be changed. */
  jsonOf(text: string): Buffer | undefined {
    if (!isRemembered(text)) return undefined;
    const expected = this.#expectedEntry(text);
    if (expected) return expected.json;
    const key = keyOf(text);
    let known = this.#find(key, text);
    if (!known) {
      this.#serialized += 1;
      known = this.#add(key, text, JSON.stringify(text), undefined);
    }
    this.#expected = known.place + 1;
    return known.json;
  }

  /**
   * Remembers texts whose JSON is a part of `source`, from quote to quote, as `JSON.stringify` prints it, in UTF-8. Nothing
   * may change `source` afterwards: it is kept if it consists of the texts for the most part, and else they are copied.
   */
  rememberAll(texts: readonly PlacedText[], source: Buffer): void {
    const added: NewText[] = [];
    let bytes = 0;
    let sourceBytes = 0;
    for (let index = 0; index < texts.length; index++) {
      const { text, start, end } = texts[index] as PlacedText; // within its bounds
      const key = isRemembered(text) ? keyOf(text) : undefined;
      if (key === undefined || this.#find(key, text)) continue;
      added.push({ key, text, json: source.subarray(start, end) });
      bytes += bytesOf(text);
      sourceBytes += end - start;
    }
    const { byteLength } = source.buffer;
    const isKept = 2 * sourceBytes > byteLength && bytes + byteLength <= this.#maxGenerationBytes;
    if (!isKept) {
      for (const { key, text, json } of added) this.#add(key, text, json, undefined);
      return;
    }
    this.#makeRoom(bytes + byteLength);
    this.#newer.bytes += byteLength;
    for (const { key, text, json } of added) this.#newer.keep(key, text, json);
  }

  /** The result of `estimate`, which is called once for a text whose JSON is known. */
  tokensOf(text: string, estimate: (text: string) => number): number {
    if (!isRemembered(text)) return estimate(text);
    const known = this.#expectedEntry(text) ?? this.#find(keyOf(text), text);
    if (!known) return estimate(text);
    this.#expected = known.place + 1;
    known.tokens ??= estimate(text);
    return known.tokens;
  }

  /** Bytes in memory. */
  get bytes(): number {
    return this.#newer.bytes + this.#older.bytes;
  }

  /** How many texts were serialised, rather than found. */
  get serialized(): number {
    return this.#serialized;
  }

  clear(): void {
    this.#newer = new Generation(this.#bufferBytes);
    this.#older = new Generation(this.#bufferBytes);
  }

  /** The text's entry if it is about where it is expected. */
  #expectedEntry(text: string): KnownText | undefined {
    const { inOrder } = this.#newer;
    for (let index = 0; index < NEAR.length; index++) {
      const place = this.#expected + (NEAR[index] ?? 0);
      const entry = place >= 0 && place < inOrder.length ? inOrder[place] : undefined;
      if (entry?.text !== text) continue;
      this.#expected = place + 1;
      return entry;
    }
    return undefined;
  }

  #find(key: TextKey, text: string): KnownText | undefined {
    const newer = this.#newer.texts.get(key);
    if (newer?.text === text) return newer;
    const older = this.#older.texts.get(key);
    return older?.text === text ? this.#add(key, older.text, older.json, older.tokens) : undefined;
  }

  #add(key: TextKey, text: string, json: string | Buffer, tokens: number | undefined): KnownText {
    this.#makeRoom(this.#newer.bytesFor(text, json));
    return this.#newer.add(key, text, json, tokens);
  }

  #makeRoom(bytes: number): void {
    if (this.#newer.bytes + bytes <= this.#maxGenerationBytes) return;
    this.#older = this.#newer;
    this.#newer = new Generation(this.#bufferBytes);
  }
}

/** Where a text is looked for: tool results that stand before a text are written behind it. */
const NEAR = [0, 1, -2] as const;

function isRemembered({ length }: string): boolean {
  return length >= MIN_CHARS && length <= MAX_CHARS;
}

/** Of an entry's objects. */
const ENTRY_BYTES = 300;

/** Of an entry without its JSON. */
function bytesOf(text: string): number {
  return 2 * text.length + ENTRY_BYTES;
}

class Generation {
  readonly texts = new Map<TextKey, KnownText>();
  /** All that were added, in that order. */
  readonly inOrder: KnownText[] = [];
  /** In memory. */
  bytes = 0;
  readonly #bufferBytes: number;
  #buffer = Buffer.alloc(0);
  #used = 0;

  constructor(bufferBytes: number) {
    this.#bufferBytes = bufferBytes;
  }

  /** What `add` needs at most. */
  bytesFor(text: string, json: string | Buffer): number {
    return bytesOf(text) + Math.max(this.#bufferBytes, mostBytes(json));
  }

  add(key: TextKey, text: string, json: string | Buffer, tokens: number | undefined): KnownText {
    return this.#set(key, { text, json: this.#store(json), tokens, place: this.inOrder.length });
  }

  /** Without a copy of `json`, the bytes of which are counted elsewhere. */
  keep(key: TextKey, text: string, json: Buffer): void {
    this.#set(key, { text, json, tokens: undefined, place: this.inOrder.length });
  }

  #set(key: TextKey, known: KnownText): KnownText {
    this.bytes += bytesOf(known.text);
    this.texts.set(key, known);
    this.inOrder.push(known);
    return known;
  }

  #store(json: string | Buffer): Buffer {
    const most = mostBytes(json);
    if (most > this.#buffer.length - this.#used) {
      this.#buffer = Buffer.allocUnsafeSlow(Math.max(this.#bufferBytes, most));
      this.#used = 0;
      this.bytes += this.#buffer.length;
    }
    const start = this.#used;
    this.#used += typeof json === 'string' ? this.#buffer.write(json, start) : json.copy(this.#buffer, start);
    return this.#buffer.subarray(start, this.#used);
  }
}

/** Short texts are not counted: a UTF-16 unit has at most three bytes in UTF-8. */
function mostBytes(json: string | Buffer): number {
  if (typeof json !== 'string') return json.length;
  return json.length <= COUNTED_CHARS ? 3 * json.length : Buffer.byteLength(json);
}

const COUNTED_CHARS = 16 * 1024;

/**
 * Longer texts are found by their length and three samples: hashing one of 8,000 characters takes 5 µs, its samples 0.2 µs.
 * Texts with the same key displace each other. (V8 hashes no more than the length of a string from 16,384 characters on.)
 */
const MAX_HASHED_CHARS = 2_000;
const SAMPLE_CHARS = 32;

type TextKey = string | number;

function keyOf(text: string): TextKey {
  const { length } = text;
  if (length <= MAX_HASHED_CHARS) return text;
  let key = addSample(length, text, 0);
  key = addSample(key, text, length >> 1);
  return addSample(key, text, length - SAMPLE_CHARS);
}

/** Over UTF-16 units. `Math.imul` takes ten times as long until V8 has optimised this, which takes thousands of texts. */
function addSample(key: number, text: string, start: number): number {
  let hash = key;
  for (let at = start; at < start + SAMPLE_CHARS; at++) hash = (31 * hash + text.charCodeAt(at)) | 0;
  return hash;
}

/** Of this process. */
export const knownTexts = new KnownTexts();
