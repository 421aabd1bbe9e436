/** Finds the sign-ins of other programs on this machine, and recognizes files given by path. */
import { open, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isJsonObject, type JsonValue } from '../../core/json.ts';
import { accountIdOf } from '../account-id.ts';
import { findInBridgeDatabase } from './bridge-database.ts';
import { findInCliDatabase } from './cli-database.ts';
import { findInProxyFolder, isProxyToken, PROXY_FOLDER_NAME } from './codewhisperer-proxy.ts';
import { findInExport, isExport } from './export-file.ts';
import { fieldsOf, locate } from './fields.ts';
import { type DiscoveredOrigin, type Finding, type ImportOrigin, problemOf } from './finding.ts';
import { findInDocument } from './gateway-file.ts';
import { readJson, unreadable } from './json-file.ts';
import { findKiroIde, KIRO_FILE_NAME } from './kiro-ide.ts';
import { ImportProblem } from './problem.ts';
import { findInProviderPools, isProviderPools } from './provider-pools.ts';
import { identityOf, type Reading } from './secrets.ts';
import { findInSsoCache, findSsoToken } from './sso-cache.ts';

export interface Machine {
  readonly home: string;
  /** The Kiro IDE's token file, from a setting; undefined: the default path. */
  readonly kiroFile?: string | undefined;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export const DISCOVERED_ORIGINS: readonly DiscoveredOrigin[] = [
  'kiro-ide',
  'kiro-cli',
  'amazon-q-cli',
  'sso-cache',
  'codewhisperer-proxy',
];

export async function discover(
  machine: Machine,
  origins: readonly DiscoveredOrigin[],
  reading: Reading,
): Promise<readonly Finding[]> {
  const found = await Promise.all(origins.map((origin) => findOf(origin, machine, reading)));
  return withoutDuplicates(found.flat());
}

async function findOf(origin: DiscoveredOrigin, machine: Machine, reading: Reading): Promise<readonly Finding[]> {
  const cache = join(machine.home, '.aws', 'sso', 'cache');
  switch (origin) {
    case 'kiro-ide':
      return findKiroIde(machine.kiroFile ?? join(cache, KIRO_FILE_NAME), reading);
    case 'sso-cache':
      return findInSsoCache(cache, reading);
    case 'codewhisperer-proxy':
      return findInProxyFolder(join(machine.home, PROXY_FOLDER_NAME), reading);
    case 'kiro-cli':
    case 'amazon-q-cli': {
      const paths = [...new Set(databasesOf(origin, machine))];
      const found = await Promise.all(paths.map((path) => findDatabase(path, origin, reading)));
      return found.flat();
    }
  }
}

/** Kiro CLI has used two folders on Windows. */
function databasesOf(origin: 'kiro-cli' | 'amazon-q-cli', { home, platform, env }: Machine): readonly string[] {
  const file = (...folders: string[]) => join(...folders, 'data.sqlite3');
  const app = origin === 'kiro-cli' ? 'kiro-cli' : 'amazon-q';
  if (platform === 'darwin') return [file(home, 'Library', 'Application Support', app)];
  if (platform !== 'win32') return [file(env.XDG_DATA_HOME || join(home, '.local', 'share'), app)];
  const local = env.LOCALAPPDATA || join(home, 'AppData', 'Local');
  const roaming = env.APPDATA || join(home, 'AppData', 'Roaming');
  return origin === 'kiro-cli' ? [file(local, 'Kiro-Cli'), file(roaming, 'kiro-cli')] : [file(local, app)];
}

async function findDatabase(path: string, origin: ImportOrigin, reading: Reading): Promise<readonly Finding[]> {
  const kind = await kindOf(path).catch((cause: unknown) => cause);
  if (kind instanceof ImportProblem && kind.code === 'missing') return [];
  return findInCliDatabase(path, origin, reading);
}

/** The findings of a file given by path, at least one. `path` is absolute. */
export async function inspectFile(path: string, reading: Reading): Promise<readonly Finding[]> {
  try {
    const inFolder = (await isFolder(path)) ? await findInProxyFolder(path, reading) : [];
    if (inFolder.length > 0) return inFolder;
    if ((await kindOf(path)) === 'sqlite') {
      const bridge = await findInBridgeDatabase(path, reading);
      return withoutDuplicates(atLeastOne(path, bridge ?? (await findInCliDatabase(path, 'kiro-cli', reading))));
    }
    const document = await readJson(path);
    if (!isProviderPools(document)) return withoutDuplicates(await findInJson(path, document, reading));
    const inspect = async (file: string) => findInJson(file, await readJson(file), reading);
    return withoutDuplicates(atLeastOne(path, await findInProviderPools(path, document, reading, inspect)));
  } catch (cause) {
    return [withProblem(path, cause)];
  }
}

/** Several files, in order. A file that cannot be read does not stop the others. */
export async function inspectFiles(
  paths: readonly string[],
  reading: Reading,
): Promise<readonly { readonly path: string; readonly findings: readonly Finding[] }[]> {
  const inspected = await Promise.all(paths.map((path) => inspectFile(path, reading)));
  const checked = withoutDuplicates(inspected.flat());
  let from = 0;
  return paths.map((path, index) => {
    const findings = checked.slice(from, from + (inspected[index]?.length ?? 0));
    from += findings.length;
    return { path, findings };
  });
}

async function findInJson(path: string, document: JsonValue, reading: Reading): Promise<readonly Finding[]> {
  if (isExport(document)) return findInExport(path, document, reading);
  if (isProxyToken(path, document)) return findInProxyFolder(dirname(path), reading);
  if (isKiroFile(path, document)) return findKiroIde(path, reading);
  const isInCache = dirname(path).endsWith(join('.aws', 'sso', 'cache'));
  const inCache = isInCache ? await findSsoToken(path, reading) : [];
  return inCache.length > 0 ? inCache : findInDocument(path, document, reading);
}

/** Recognized by its name, or by its reference to a client registration in the IDE's format. */
function isKiroFile(path: string, document: JsonValue): boolean {
  if (basename(path) === KIRO_FILE_NAME) return true;
  if (!isJsonObject(document)) return false;
  try {
    const { clientIdHash, clientSecret } = fieldsOf(locate(document));
    return clientIdHash !== undefined && clientSecret === undefined;
  } catch {
    return false;
  }
}

function atLeastOne(path: string, found: readonly Finding[]): readonly Finding[] {
  if (found.length > 0) return found;
  return [
    withProblem(
      path,
      new ImportProblem('unknown-shape', 'The file holds no sign-in. Sign in with that program first.'),
    ),
  ];
}

function withProblem(path: string, cause: unknown): Finding {
  return {
    origin: 'gateway-file',
    place: path,
    id: accountIdOf('import', path),
    label: 'imported',
    source: { type: 'import' },
    isSure: true,
    outcome: problemOf(cause),
  };
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

const SQLITE_HEADER = 'SQLite format 3\0';

/** Throws ImportProblem `missing` or `unreadable`. */
async function kindOf(path: string): Promise<'sqlite' | 'other'> {
  try {
    await using file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SQLITE_HEADER.length), 0, SQLITE_HEADER.length, 0);
    return buffer.toString('latin1', 0, bytesRead) === SQLITE_HEADER ? 'sqlite' : 'other';
  } catch (cause) {
    throw unreadable(cause);
  }
}

/** Reports a credential found in two places once, at the first of them. */
function withoutDuplicates(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Map<string, Finding>();
  return findings.map((finding) => {
    if (finding.outcome.type === 'problem') return finding;
    const secret = identityOf(finding.outcome.secrets.credential);
    const first = seen.get(secret);
    if (!first) seen.set(secret, finding);
    if (!first) return finding;
    const problem = new ImportProblem(
      'duplicate',
      `The credential is the same as in ${first.place}, which is imported instead.`,
    );
    return { ...finding, outcome: { type: 'problem', problem } };
  });
}
