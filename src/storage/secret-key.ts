/** The key behind the seal: from the settings, or a file of its own, made once and readable by its owner alone. */

import { hkdfSync, randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../core/errors.ts';
import { KEY_BYTES } from './seal.ts';

const SECRET_KEY_FILE = 'secret.key';
/** Of a rotation under way; which of the two is right, the database says. */
const NEXT_KEY_FILE = 'secret.key.next';

/** From a text of the user's: hashed, for it may have any length and its entropy may be spread thin. */
export function keyFromSetting(text: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', text, '', 'dragoman seal 1', KEY_BYTES));
}

/** undefined: there is none. */
export function readKeyFile(home: string): Uint8Array | undefined {
  return readKey(join(home, SECRET_KEY_FILE));
}

export function readNextKey(home: string): Uint8Array | undefined {
  return readKey(join(home, NEXT_KEY_FILE));
}

/** Written to the disk before it is returned: a key which could be lost must seal nothing. */
export function makeNextKey(home: string): Uint8Array {
  const path = join(home, NEXT_KEY_FILE);
  const key = randomBytes(KEY_BYTES);
  try {
    rmSync(path, { force: true });
    writeFileSync(path, `${key.toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (cause) {
    rmSync(path, { force: true });
    throw notWritten(path, cause);
  }
  return key;
}

/** The rotation is done. */
export function adoptNextKey(home: string): void {
  renameSync(join(home, NEXT_KEY_FILE), join(home, SECRET_KEY_FILE));
}

function readKey(path: string): Uint8Array | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
    // A key which others may read is none; tightening is harmless, and a copy from a backup is often too open.
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new GatewayError('storage_unavailable', `The secret key ${path} cannot be read.`, { cause });
  }
  const key = Buffer.from(text.trim(), 'base64url');
  if (key.length === KEY_BYTES) return key;
  throw new GatewayError('storage_unavailable', `${path} holds no secret key. Put the right file back.`);
}

/** Of two processes which start at once, one makes the key and both use it. On the disk before it seals anything. */
export function makeKeyFile(home: string): Uint8Array {
  makeHome(home);
  const path = join(home, SECRET_KEY_FILE);
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const text = `${randomBytes(KEY_BYTES).toString('base64url')}\n`;
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(draft, path);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw notWritten(path, cause);
  } finally {
    // A full disk leaves an empty one.
    rmSync(draft, { force: true });
  }
  const key = readKeyFile(home);
  if (!key) throw new GatewayError('storage_unavailable', `The secret key ${path} cannot be made.`);
  return key;
}

/** Throws `storage_unavailable`. */
export function makeHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw notWritten(home, cause);
  }
}

function notWritten(path: string, cause: unknown): GatewayError {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new GatewayError('storage_unavailable', `${path} cannot be written${code}. Check the disk and its owner.`, {
    cause,
  });
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
