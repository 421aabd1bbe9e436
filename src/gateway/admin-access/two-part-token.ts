/** Random tokens of two parts: an id, which finds the row, and a secret, of which only a hash is stored. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export interface TwoPartToken {
  readonly id: string;
  /** 256 random bits. */
  readonly secret: string;
}

/** Base64url of 12 and of 32 bytes. */
const WRITTEN = /^([\w-]{16})\.([\w-]{43})$/;

export function generateToken(): TwoPartToken {
  return { id: randomBytes(12).toString('base64url'), secret: randomBytes(32).toString('base64url') };
}

export function writeToken({ id, secret }: TwoPartToken): string {
  return `${id}.${secret}`;
}

/** Returns undefined if the text does not have the form of `writeToken`. */
export function readToken(written: string): TwoPartToken | undefined {
  const [, id, secret] = WRITTEN.exec(written) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

export function sha256(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** In constant time. */
export function equalTexts(one: string, other: string): boolean {
  return equalHashes(sha256(one), sha256(other));
}

/** In constant time. */
export function equalHashes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
