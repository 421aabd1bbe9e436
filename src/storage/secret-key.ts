/** The key for the seal: from the settings, or from a generated file that only its owner can read. */

import { hkdfSync, randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../core/errors.ts';
import { KEY_BYTES } from './seal.ts';

const SECRET_KEY_FILE = 'secret.key';
/** The new key during a rotation; the database determines which of the two is valid. */
const NEXT_KEY_FILE = 'secret.key.next';

/** Derives the key from a setting by HKDF, because the text may have any length and low entropy per byte. */
export function keyFromSetting(text: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', text, '', 'dragoman seal 1', KEY_BYTES));
}

/** undefined if there is no key file. */
export function readKeyFile(home: string): Uint8Array | undefined {
  return readKey(join(home, SECRET_KEY_FILE));
}

export function readNextKey(home: string): Uint8Array | undefined {
  return readKey(join(home, NEXT_KEY_FILE));
}

/** Flushed to disk before it is returned, so that nothing is sealed with a key that could be lost. */
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

/** Completes a rotation. */
export function adoptNextKey(home: string): void {
  renameSync(join(home, NEXT_KEY_FILE), join(home, SECRET_KEY_FILE));
}

function readKey(path: string): Uint8Array | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
    // Others must not read the key; a copy from a backup often has a permissive mode.
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new GatewayError('storage_unavailable', `Could not read the secret key ${path}. Check its owner and mode.`, {
      cause,
    });
  }
  const key = Buffer.from(text.trim(), 'base64url');
  if (key.length === KEY_BYTES) return key;
  throw new GatewayError('storage_unavailable', `${path} does not contain a secret key. Restore the right file.`);
}

/** If two processes start at once, one creates the key and both use it. Flushed to disk before first use. */
export function makeKeyFile(home: string): Uint8Array {
  makeHome(home);
  const path = join(home, SECRET_KEY_FILE);
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const text = `${randomBytes(KEY_BYTES).toString('base64url')}\n`;
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(draft, path);
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw notWritten(path, cause);
  } finally {
    // A full disk leaves an empty draft.
    rmSync(draft, { force: true });
  }
  const key = readKeyFile(home);
  if (!key)
    throw new GatewayError(
      'storage_unavailable',
      `Could not create the secret key ${path}. Check the disk and the directory's owner.`,
    );
  return key;
}

/** Throws `storage_unavailable`. */
export function makeHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const code = codeOf(cause);
    if (code !== 'EEXIST' && code !== 'ENOTDIR') throw notWritten(home, cause);
    const message = `${home} is not a folder: there is a file in its place. Set DRAGOMAN_HOME to a folder.`;
    throw new GatewayError('storage_unavailable', message, { cause });
  }
}

function notWritten(path: string, cause: unknown): GatewayError {
  const code = codeOf(cause);
  const shown = code === undefined ? '' : ` (${code})`;
  return new GatewayError('storage_unavailable', `Could not write ${path}${shown}. Check the disk and the owner.`, {
    cause,
  });
}

function isMissing(cause: unknown): boolean {
  const code = codeOf(cause);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
}
