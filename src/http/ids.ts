/** Opaque random ids in the alphabet of the vendors' ids. */
import { randomFillSync } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 24;

/** A call to the system costs microseconds for any number of bytes, so one call fetches enough for many ids. */
const bytes = Buffer.alloc(4_096);
let next = bytes.length;

/** Codes of the letters: a text made from bytes is one string, not one for each letter. */
const CODES = Buffer.from(ALPHABET, 'latin1');
const id = Buffer.alloc(LENGTH);

/** 24 characters of [A-Za-z0-9], about 143 bits. */
export function randomId(): string {
  let length = 0;
  while (length < LENGTH) {
    if (next === bytes.length) {
      randomFillSync(bytes);
      next = 0;
    }
    const byte = bytes[next++] ?? 0;
    // 248 is the largest multiple of 62 in a byte: using the bytes above it would favour the first letters.
    if (byte < 248) id[length++] = CODES[byte % 62] ?? 0;
  }
  return id.toString('latin1');
}
