/**
 * The text of client API keys: `dg-<public id>-<secret>`. The public id is also the second half of the key's id, so a key
 * that turns up somewhere can be found in the list and revoked by anyone who sees its beginning. Keys that earlier versions
 * created (`dgm-` and 40 characters) stay valid.
 */
import { hash as digest, randomBytes, randomInt } from 'node:crypto';

const MARK = 'dg-';
const PUBLIC_ID_BYTES = 6;
const PREFIX_CHARS = MARK.length + 2 * PUBLIC_ID_BYTES;
/** `dgm-` and the first 8 characters. */
const EARLIER_PREFIX_CHARS = 12;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** 190 bits of entropy. */
const SECRET_CHARS = 32;

/** `4f1c2d3e4a5b` */
export function randomPublicId(): string {
  return randomBytes(PUBLIC_ID_BYTES).toString('hex');
}

/** The id of a key: its name in logs and sums. It stays when the secret is replaced. */
export function keyIdOf(publicId: string): string {
  return `key-${publicId}`;
}

export function publicIdOf(keyId: string): string {
  return keyId.slice('key-'.length);
}

export function generateKey(publicId: string): string {
  const secret = Array.from({ length: SECRET_CHARS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return `${MARK}${publicId}-${secret}`;
}

/** The part of a key that may be seen, by which it is looked up. */
export function prefixOf(key: string): string {
  return key.slice(0, key.startsWith(MARK) ? PREFIX_CHARS : EARLIER_PREFIX_CHARS);
}

/** Compared if no key has the prefix, so that the comparison takes the same time. */
export const UNKNOWN_HASH = Buffer.alloc(32);

export function sha256(text: string): Buffer {
  return bytesOfHash(hashText(text));
}

/** SHA-256 as text, one character for each byte. */
export function hashText(text: string): string {
  return digest('sha256', text, 'latin1');
}

/** A buffer made from text comes from Node's pool, in half the time of one that the hash makes. */
export function bytesOfHash(hash: string): Buffer {
  return Buffer.from(hash, 'latin1');
}
