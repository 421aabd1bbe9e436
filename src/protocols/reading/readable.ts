/** Content of a kind that no table knows, as text and media: its words stay, its images stay images. */
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { type MediaPart, readBytes, typeByBytes } from './media.ts';

/** No words in them: ids, bookkeeping, signatures, ciphertext. */
const WORDLESS_KEY = /^(?:type|id|tool_use_id|file_id|caller|cache_control|signature|encrypted_.*)$/;

/** Longer ones are files, not words: base64 in the text would fill the model's context with noise. */
const MAX_UNBROKEN_CHARACTERS = 2_000;

/** Shorter ones are rather ids and hashes, unless their first bytes are those of a known format. */
const MIN_FILE_CHARACTERS = 32;

const MAX_DEPTH = 16;

export interface ForeignContent {
  /** `location: {"name":"Paris"}`; undefined when there is nothing in it to read. */
  readonly text: string | undefined;
  readonly media: readonly MediaPart[];
}

export function readForeign(block: JsonObject, at: string): ForeignContent {
  if (typeof block.text === 'string') return { text: block.text === '' ? undefined : block.text, media: [] };
  const walk = new Walk(at);
  const words = walk.readable(block, MAX_DEPTH);
  if (words === undefined) return { text: undefined, media: walk.media };
  const printed = JSON.stringify(words);
  return { text: typeof block.type === 'string' ? `${block.type}: ${printed}` : printed, media: walk.media };
}

class Walk {
  readonly media: MediaPart[] = [];
  readonly #at: string;

  constructor(at: string) {
    this.#at = at;
  }

  readable(value: unknown, levels: number): JsonValue | undefined {
    if (typeof value === 'string') return this.#readableString(value, undefined);
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    if (levels === 0) return undefined;
    if (Array.isArray(value)) {
      const items = value.map((item) => this.readable(item, levels - 1)).filter((item) => item !== undefined);
      return items.length === 0 ? undefined : items;
    }
    return isJsonObject(value) ? this.#readableObject(value, levels) : undefined;
  }

  #readableObject(value: JsonObject, levels: number): JsonValue | undefined {
    const mediaType = value.mimeType ?? value.mediaType ?? value.media_type ?? value.mime_type;
    const type = typeof mediaType === 'string' ? mediaType : undefined;
    const isFile = value.type === 'base64' || (type !== undefined && !type.startsWith('text/'));
    const entries: [string, JsonValue][] = [];
    for (const [key, child] of Object.entries(value)) {
      if (WORDLESS_KEY.test(key) || (isFile && child === mediaType)) continue;
      const isBytes = isFile && BYTES_KEY.test(key);
      const words =
        isBytes && typeof child === 'string' ? this.#readBytes(child, type) : this.readable(child, levels - 1);
      if (words !== undefined) entries.push([key, words]);
    }
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }

  #readableString(text: string, mediaType: string | undefined): JsonValue | undefined {
    if (text === '') return undefined;
    if (DATA_URL.test(text)) return this.#readBytes(text, mediaType);
    if (text.length < MIN_FILE_CHARACTERS || !UNBROKEN.test(text)) return text;
    if (typeByBytes(text).startsWith('image/')) return this.#readBytes(text, mediaType);
    return text.length > MAX_UNBROKEN_CHARACTERS ? describe(mediaType, text) : text;
  }

  /** Undefined: the bytes are an image, which is a part of its own. Otherwise a description of them. */
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
