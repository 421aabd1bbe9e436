/** Decodes text documents. They have no file signature, so the bytes alone decide the encoding. */
import { hasUtf16Mark } from '../../core/file-format.ts';

export interface DecodedText {
  readonly text: string;
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be';
}

/** Undefined: neither UTF-8 nor UTF-16 with a byte order mark. Older encodings cannot be told apart. */
export function decodeText(bytes: Uint8Array): DecodedText | undefined {
  const encoding = hasUtf16Mark(bytes) ? (bytes[0] === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8';
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), encoding };
  } catch {
    return undefined;
  }
}
