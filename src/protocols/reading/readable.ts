/** Reads content of unknown kinds, and the JSON that tools return: text stays text, images stay images. */
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { type MediaPart, readBytes, startsLikeImage } from './media.ts';

/** Metadata of the vendors' blocks: ids, signatures, ciphertext. Deeper in a block, an id or a type may be data. */
const METADATA_KEY = /^(?:type|id|tool_use_id|file_id|caller|cache_control|signature|encrypted_.*)$/;
const CIPHERTEXT_KEY = /^(?:signature|encrypted_.*)$/;

/** Longer strings are files: base64 in the text would fill the model's context with noise. */
const MAX_UNBROKEN_CHARACTERS = 2_000;

/** Shorter strings are more likely ids or hashes. */
const MIN_FILE_CHARACTERS = 32;

/** The depth that later stages can walk. */
const MAX_DEPTH = 128;
const TOO_DEEP = '[nested too deep, left out]';

export interface ForeignContent {
  /** For example `location: {"name":"Paris"}`; undefined if there is nothing to read. */
  readonly text: string | undefined;
  readonly media: readonly MediaPart[];
}

/** Reads a block or an item without its metadata. If only a text is left, returns that text. */
export function readForeign(block: JsonObject, at: string): ForeignContent {
  const walk = new Walk(at, 'block');
  const words = walk.readable(block);
  if (words === undefined) return { text: undefined, media: walk.media };
  const only = isJsonObject(words) && Object.keys(words).length === 1 ? words.text : undefined;
  if (typeof only === 'string') return { text: only, media: walk.media };
  const printed = JSON.stringify(words);
  return { text: typeof block.type === 'string' ? `${block.type}: ${printed}` : printed, media: walk.media };
}

/** Reads JSON that a program returned: every member is kept, except files. */
export function readData(value: JsonValue, at: string): ForeignContent {
  const walk = new Walk(at, 'data');
  const words = walk.readable(value);
  return { text: words === undefined ? undefined : JSON.stringify(words), media: walk.media };
}

class Walk {
  readonly media: MediaPart[] = [];
  readonly #at: string;
  readonly #kind: 'block' | 'data';

  constructor(at: string, kind: 'block' | 'data') {
    this.#at = at;
    this.#kind = kind;
  }

  readable(value: unknown, depth = 0): JsonValue | undefined {
    if (typeof value === 'string') return this.#readableString(value, undefined);
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    if (value === null && this.#kind === 'data') return null;
    if (typeof value !== 'object' || value === null) return undefined;
    if (depth === MAX_DEPTH) return TOO_DEEP;
    if (Array.isArray(value)) {
      const items = value.map((item) => this.readable(item, depth + 1)).filter((item) => item !== undefined);
      return this.#unlessEmptied(items, value.length);
    }
    return isJsonObject(value) ? this.#readableObject(value, depth) : undefined;
  }

  #readableObject(value: JsonObject, depth: number): JsonValue | undefined {
    const mediaType = value.mimeType ?? value.mediaType ?? value.media_type ?? value.mime_type;
    const type = typeof mediaType === 'string' ? mediaType : undefined;
    const isFile = value.type === 'base64' || (type !== undefined && !type.startsWith('text/'));
    const entries: [string, JsonValue][] = [];
    for (const [key, child] of Object.entries(value)) {
      if (this.#isMetadata(key, depth) || (isFile && child === mediaType)) continue;
      const isBytes = isFile && BYTES_KEY.test(key);
      const words =
        isBytes && typeof child === 'string' ? this.#readBytes(child, type) : this.readable(child, depth + 1);
      if (words !== undefined) entries.push([key, words]);
    }
    return this.#unlessEmptied(Object.fromEntries(entries), Object.keys(value).length);
  }

  #isMetadata(key: string, depth: number): boolean {
    return this.#kind === 'block' && (depth === 0 ? METADATA_KEY : CIPHERTEXT_KEY).test(key);
  }

  /** Keeps data that was empty from the start; drops a container that held only files. */
  #unlessEmptied(words: JsonObject | readonly JsonValue[], originalSize: number): JsonValue | undefined {
    const isEmpty = (Array.isArray(words) ? words : Object.keys(words)).length === 0;
    return isEmpty && (this.#kind === 'block' || originalSize > 0) ? undefined : words;
  }

  #readableString(text: string, mediaType: string | undefined): JsonValue | undefined {
    if (text === '') return this.#kind === 'data' ? text : undefined;
    if (DATA_URL.test(text)) return this.#readBytes(text, mediaType);
    if (text.length < MIN_FILE_CHARACTERS || !UNBROKEN.test(text)) return text;
    if (startsLikeImage(text)) return this.#readBytes(text, mediaType);
    return text.length > MAX_UNBROKEN_CHARACTERS ? describe(mediaType, text) : text;
  }

  /** undefined if the bytes are an image, which becomes a separate part; otherwise a description. */
  #readBytes(bytes: string, mediaType: string | undefined): string | undefined {
    try {
      const part = readBytes(bytes, mediaType, undefined, this.#at, this.#at);
      if (part.type !== 'image') return describe(part.mediaType, bytes);
      this.media.push(part);
      return undefined;
    } catch (error) {
      if (error instanceof GatewayError) return describe(mediaType, bytes);
      throw error;
    }
  }
}

/** `[application/zip, 12,000 characters of base64, left out]` */
function describe(mediaType: string | undefined, data: string): string {
  const size = `${data.length.toLocaleString('en-US')} characters of base64`;
  return `[${/^[\w.+/-]{1,64}$/.test(mediaType ?? '') ? `${mediaType}, ` : ''}${size}, left out]`;
}

const BYTES_KEY = /^(?:data|blob|base64|bytes)$/;
const DATA_URL = /^data:[^,]{0,200};base64,/i;
const UNBROKEN = /^[\w+/=:;,.-]*$/;
