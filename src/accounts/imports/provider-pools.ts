/**
 * `provider_pools.json` of AIClient-2-API: pools of accounts by provider. An account in the Kiro pool is the path of a
 * credential file, or the file itself in base64. The other pools belong to other services and are ignored.
 * Source: configs/provider_pools.json.example of https://github.com/justlovemaki/AIClient-2-API
 */
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue, parseJsonObject } from '../../core/json.ts';
import { MAX_LABEL_CHARS } from '../../core/labels.ts';
import { accountIdOf } from '../account-id.ts';
import { textOf } from './fields.ts';
import { type Finding, problemOf } from './finding.ts';
import { enabledIn, unlinkedFinding } from './gateway-file.ts';
import { ImportProblem } from './problem.ts';
import type { Reading } from './secrets.ts';

/** Further pools of the same provider have a suffix: `claude-kiro-oauth-2`. */
const KIRO_POOL = /^claude-kiro-oauth(?:-|$)/;

export function isProviderPools(document: JsonValue): document is JsonObject {
  return (
    isJsonObject(document) && Object.entries(document).some(([key, pool]) => KIRO_POOL.test(key) && Array.isArray(pool))
  );
}

/** `inspect`: reads a file that a pool names. */
export async function findInProviderPools(
  path: string,
  document: JsonObject,
  reading: Reading,
  inspect: (path: string) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const entries = Object.entries(document)
    .filter(([key]) => KIRO_POOL.test(key))
    .flatMap(([, pool]) => (Array.isArray(pool) ? pool.filter(isJsonObject) : []));
  const found = entries.map((entry: JsonObject, index) => findEntry(path, entry, index, reading, inspect));
  return (await Promise.all(found)).flat();
}

async function findEntry(
  path: string,
  entry: JsonObject,
  index: number,
  reading: Reading,
  inspect: (path: string) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const key = textOf(entry.uuid) ?? String(index);
  const name = textOf(entry.customName)?.slice(0, MAX_LABEL_CHARS);
  const overrides = { ...(name === undefined ? {} : { label: name }), ...enabledIn(entry) };
  try {
    const base64 = textOf(entry.KIRO_OAUTH_CREDS_BASE64);
    if (base64 !== undefined) return [{ ...unlinkedFinding(path, key, decoded(base64), reading), ...overrides }];
    const file = textOf(entry.KIRO_OAUTH_CREDS_FILE_PATH);
    if (file === undefined)
      throw new ImportProblem(
        'unknown-shape',
        'The pool entry names no credential file. Add its path, or remove the entry.',
      );
    const findings = await inspect(await locateFile(path, file));
    return findings.map((finding) => ({ ...finding, ...overrides }));
  } catch (cause) {
    return [
      {
        origin: 'gateway-file',
        place: `${path} (${name ?? key})`,
        id: accountIdOf('import', `${path} ${key}`),
        label: name ?? key,
        source: { type: 'import' },
        isSure: true,
        outcome: problemOf(cause),
      },
    ];
  }
}

/** Paths are relative to the folder the program runs in: the folder of the pools file, or its parent. */
async function locateFile(pools: string, file: string): Promise<string> {
  const relative = file.replaceAll('\\', '/');
  for (const folder of [dirname(pools), dirname(dirname(pools))]) {
    const path = resolve(folder, relative);
    const status = await stat(path).catch(() => undefined);
    if (status?.isFile()) return path;
  }
  const message = `The credential file ${file.slice(0, 200)} is neither beside the pools file nor one folder up. Copy it there.`;
  throw new ImportProblem('missing', message);
}

function decoded(base64: string): JsonObject {
  const value = parseJsonObject(Buffer.from(base64, 'base64').toString('utf8'));
  if (value) return value;
  throw new ImportProblem(
    'not-json',
    'The base64 credential does not decode to a JSON object. Import the original file instead.',
  );
}
