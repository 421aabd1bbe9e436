/** Opaque random ids of the alphabet that every vendor's ids have. */
import { randomFillSync } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 24;

/** Asking the system costs microseconds however little is asked for, so bytes are fetched for many ids at once. */
const bytes = Buffer.alloc(4_096);
let next = bytes.length;

/** 24 characters of [A-Za-z0-9], about 143 bits. */
export function randomId(): string {
  let id = '';
  while (id.length < LENGTH) {
    if (next === bytes.length) {
      randomFillSync(bytes);
      next = 0;
    }
    const byte = bytes[next++] ?? 0;
    // 248 is the largest multiple of 62 in a byte: bytes above it would favour the alphabet's beginning.
    if (byte < 248) id += ALPHABET[byte % 62];
  }
  return id;
}
