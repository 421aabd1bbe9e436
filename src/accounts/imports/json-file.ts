/**
 * JSON files of other programs, which read and write them at any time without a lock. Writes are atomic and keep the
 * file's mode and owner.
 */
import { randomBytes } from 'node:crypto';
import { chmod, chown, lstat, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { ImportProblem } from './problem.ts';

/** Far more than hundreds of accounts need. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Attempts to read a file that another program may be writing. */
const MAX_ATTEMPTS = 3;
const PAUSE_BETWEEN_ATTEMPTS_MS = 50;

/** Throws ImportProblem `missing`, `unreadable` or `not-json`. */
export async function readJson(path: string): Promise<JsonValue> {
  return (await readParsed(path)).value;
}

/** As readJson, but undefined if the file cannot be read or is not an object. */
export async function readObject(path: string): Promise<JsonObject | undefined> {
  const value = await readJson(path).catch(() => undefined);
  return isJsonObject(value) ? value : undefined;
}

interface Parsed {
  readonly text: string;
  readonly value: JsonValue;
}

async function readParsed(path: string): Promise<Parsed> {
  for (let attempt = 1; ; attempt++) {
    const text = await readText(path);
    const value = parse(text);
    if (value !== undefined) return { text, value };
    if (attempt === MAX_ATTEMPTS)
      throw new ImportProblem('not-json', 'The file is not valid JSON. It may be truncated or of another format.');
    await sleep(PAUSE_BETWEEN_ATTEMPTS_MS);
  }
}

async function readText(path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw notAFile();
    if (found.size > MAX_BYTES)
      throw new ImportProblem(
        'unreadable',
        `The file is larger than ${MAX_BYTES / 1024 / 1024} MiB, so it is not a credential file.`,
      );
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw cause instanceof ImportProblem ? cause : unreadable(cause);
  }
}

export function unreadable(cause: unknown): ImportProblem {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new ImportProblem('missing', 'The file does not exist.');
  if (code === 'EISDIR') return notAFile();
  const why = code === 'EACCES' || code === 'EPERM' ? 'permission denied' : String(code ?? 'unknown reason');
  return new ImportProblem('unreadable', `Could not read the file: ${why}. Check its owner and mode.`, { cause });
}

function notAFile(): ImportProblem {
  return new ImportProblem('unreadable', 'The path is not a file. Pass the path of the file itself.');
}

/** Keeps numbers that JavaScript would round exactly as they are in the file. */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: JsonValue, context: { source?: string }) => unknown): JsonValue;
  rawJSON(text: string): unknown;
}
// Every supported Node has both; TypeScript's library lacks `rawJSON` and the reviver's third argument.
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
 * Replaces the file with the result of `edit`, unless that is undefined. If the file changes meanwhile, it is read again,
 * so that no later write is lost. False: left unchanged, or missing. Throws ImportProblem or a file system error.
 */
export async function editJson(path: string, edit: (value: JsonValue) => JsonValue | undefined): Promise<boolean> {
  // Keep symbolic links, such as those of dotfile managers.
  const target = await realpath(path).catch(() => undefined);
  if (target === undefined) return false;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const { text, value } = await readParsed(target);
    const next = edit(value);
    if (next === undefined) return false;
    if (await replaceFile(target, text, serialize(next, text))) return true;
  }
  throw new ImportProblem(
    'locked',
    'Could not write the file: another program kept changing it. Close that program, or try again.',
  );
}

function serialize(value: JsonValue, before: string): string {
  const indent = /^[[{]\r?\n([ \t]+)/.exec(before.trimStart())?.[1];
  const text = JSON.stringify(value, undefined, indent);
  return before.endsWith('\n') ? `${text}\n` : text;
}

/** False: the file has changed since it was read. */
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
