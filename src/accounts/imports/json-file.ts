/**
 * JSON files of other programs, which read and write them whenever they like and without any lock. Readers of what we
 * write see the old file or the new one, never half of it; its mode and its owner stay.
 */
import { randomBytes } from 'node:crypto';
import { chmod, chown, lstat, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { ImportProblem } from './problem.ts';

/** Hundreds of accounts fit into a fraction of it. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Somebody may be in the middle of writing it. */
const LOOKS = 3;
const PAUSE_BETWEEN_LOOKS_MS = 50;

/** Throws ImportProblem `missing`, `unreadable` or `not-json`. */
export async function readJson(path: string): Promise<JsonValue> {
  return (await readParsed(path)).value;
}

/** As readJson; undefined instead of a throw. */
export async function readObject(path: string): Promise<JsonObject | undefined> {
  const value = await readJson(path).catch(() => undefined);
  return isJsonObject(value) ? value : undefined;
}

interface Parsed {
  readonly text: string;
  readonly value: JsonValue;
}

async function readParsed(path: string): Promise<Parsed> {
  for (let look = 1; ; look++) {
    const text = await readText(path);
    const value = parse(text);
    if (value !== undefined) return { text, value };
    if (look === LOOKS)
      throw new ImportProblem('not-json', 'The file is no JSON: it was cut off, or is of another kind.');
    await sleep(PAUSE_BETWEEN_LOOKS_MS);
  }
}

async function readText(path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new ImportProblem('unreadable', 'It is no file. Name the file itself.');
    if (found.size > MAX_BYTES) throw new ImportProblem('unreadable', 'The file is larger than any credential file.');
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw cause instanceof ImportProblem ? cause : unreadable(cause);
  }
}

export function unreadable(cause: unknown): ImportProblem {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new ImportProblem('missing', 'There is no such file.');
  const why = code === 'EACCES' || code === 'EPERM' ? 'it belongs to somebody else' : String(code ?? 'unknown reason');
  return new ImportProblem('unreadable', `The file cannot be read: ${why}. Check its owner and mode.`, { cause });
}

/** Numbers which JavaScript would round go back as they were written. */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: JsonValue, context: { source?: string }) => unknown): JsonValue;
  rawJSON(text: string): unknown;
}
// Both are in every Node this runs on; TypeScript's library does not know the second one and the third argument yet.
const EXACT = JSON as unknown as ExactJson;

function parse(text: string): JsonValue | undefined {
  try {
    return EXACT.parse(text.replace(/^\uFEFF/, ''), (_key, value, { source }) => {
      const isRounded = typeof value === 'number' && source !== undefined && String(value) !== source;
      return isRounded && !Number.isSafeInteger(value) ? EXACT.rawJSON(source) : value;
    });
  } catch {
    return undefined;
  }
}

/**
 * Puts what `edit` makes of the file in its place, unless it gives undefined. A file which changes meanwhile is looked
 * at again, so that nobody's later word is lost. False: left as it is, or gone. Throws ImportProblem or what the file
 * system does.
 */
export async function editJson(path: string, edit: (value: JsonValue) => JsonValue | undefined): Promise<boolean> {
  // A link to it, as dotfile managers make them, stays a link.
  const target = await realpath(path).catch(() => undefined);
  if (target === undefined) return false;
  for (let look = 1; look <= LOOKS; look++) {
    const { text, value } = await readParsed(target);
    const next = edit(value);
    if (next === undefined) return false;
    if (await replaceFile(target, text, written(next, text))) return true;
  }
  throw new ImportProblem('locked', 'The file kept changing while it was to be written.');
}

function written(value: JsonValue, before: string): string {
  const indent = /^[[{]\r?\n([ \t]+)/.exec(before.trimStart())?.[1];
  const text = JSON.stringify(value, undefined, indent);
  return before.endsWith('\n') ? `${text}\n` : text;
}

/** False: it is not what it was any more. */
async function replaceFile(path: string, before: string, text: string): Promise<boolean> {
  const { mode, uid, gid } = await lstat(path);
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true });
    await chmod(draft, mode & 0o777);
    if (uid !== process.getuid?.() && process.getuid !== undefined) await chown(draft, uid, gid);
    if ((await readFile(path, 'utf8')) !== before) {
      await rm(draft, { force: true });
      return false;
    }
    await rename(draft, path);
    return true;
  } catch (cause) {
    await rm(draft, { force: true });
    throw cause;
  }
}
