/** Opaque random ids of the alphabet that every vendor's ids have. */
import { randomBytes } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 24;

/** 24 characters of [A-Za-z0-9], about 143 bits. */
export function randomId(): string {
  let id = '';
  // 248 is the largest multiple of 62 in a byte: bytes above it would favour the alphabet's beginning.
  while (id.length < LENGTH) {
    for (const byte of randomBytes(LENGTH + 8)) if (byte < 248 && id.length < LENGTH) id += ALPHABET[byte % 62];
  }
  return id;
}
