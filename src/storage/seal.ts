/**
 * Encrypts stored values with AES-256-GCM and a fresh nonce each time. Each value is bound to its place, so
 * that a sealed credential copied into another row does not decrypt.
 *
 *   version (1) | nonce (12) | tag (16) | ciphertext
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES;
export const KEY_BYTES = 32;

export interface Seal {
  /** `place`: table and row, stable for the same row. */
  close(place: string, text: string): Uint8Array;
  /** Throws `storage_unavailable` for a wrong key, a wrong place or changed bytes, which cannot be told apart. */
  open(place: string, sealed: Uint8Array): string;
}

/** `key`: 32 bytes. */
export function createSeal(key: Uint8Array): Seal {
  if (key.length !== KEY_BYTES) throw new TypeError(`a key must have ${KEY_BYTES} bytes, not ${key.length}`);
  return {
    close(place, text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([Uint8Array.of(VERSION), nonce, cipher.getAuthTag(), sealed]);
    },
    open(place, sealed) {
      if (sealed[0] !== VERSION || sealed.length < HEAD_BYTES) throw unsealable(place);
      const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
      const tag = sealed.subarray(1 + NONCE_BYTES, HEAD_BYTES);
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(place)).setAuthTag(tag);
        return decipher.update(sealed.subarray(HEAD_BYTES), undefined, 'utf8') + decipher.final('utf8');
      } catch (cause) {
        throw unsealable(place, cause);
      }
    },
  };
}

function unsealable(place: string, cause?: unknown): GatewayError {
  const message = `The data in ${place} could not be decrypted: wrong secret key or corrupted data. Restore the key or a backup.`;
  return new GatewayError('storage_unavailable', message, { cause });
}
