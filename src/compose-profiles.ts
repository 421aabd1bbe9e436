/** The wire profiles of a gateway: the shipped ones, and the user's own in DRAGOMAN_HOME. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import type { Settings } from './config.ts';
import { GatewayError } from './core/errors.ts';
import type { ProfileFile } from './upstreams/codewhisperer/profile-files.ts';
import { type ClientFacts, WireProfiles } from './upstreams/codewhisperer/profiles.ts';
import { VERSION } from './version.ts';

const MAX_FILES = 100;
const MAX_FILE_BYTES = 1024 * 1024;

/** Throws `invalid_request` naming the file, the member at fault and what is expected there, or the setting. */
export async function loadWireProfiles({
  home,
  wireProfile,
}: Pick<Settings, 'home' | 'wireProfile'>): Promise<WireProfiles> {
  const profiles = new WireProfiles(CLIENT, await readProfileFolder(join(home, 'profiles')));
  const known = profiles.list().map(({ profile }) => profile.id);
  if (wireProfile === undefined || known.includes(wireProfile)) return profiles;
  throw new GatewayError(
    'invalid_request',
    `DRAGOMAN_WIRE_PROFILE is ${JSON.stringify(wireProfile)}, which is not a known wire profile. Use one of: ${known.join(', ')}.`,
  );
}

const CLIENT: ClientFacts = {
  platform: token(process.platform),
  release: releaseNumber(release()),
  node: token(process.versions.node),
  version: token(VERSION),
};

/** Without the suffix that distributions add to the kernel's version. */
function releaseNumber(text: string): string {
  return /^\d+(?:\.\d+){0,3}/.exec(text)?.[0] ?? '0';
}

/** Only characters that a token may have (RFC 9110, section 5.6.2). */
function token(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9!$%&'*+.^_`|~-]/g, '-').slice(0, 64) || 'other';
}

/** Sorted by name; empty if the folder does not exist, nor its parent as a folder: whatever opens the home says so. */
async function readProfileFolder(folder: string): Promise<readonly ProfileFile[]> {
  const entries = await readdir(folder).catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')) return [];
    throw unreadable(folder, cause);
  });
  const names = entries.filter((name) => name.endsWith('.json') && !name.startsWith('.')).sort();
  if (names.length > MAX_FILES)
    throw new GatewayError(
      'invalid_request',
      `${folder} has more than ${MAX_FILES} wire profiles. Remove some of the files.`,
    );
  return Promise.all(names.map((name) => readProfileFile(join(folder, name))));
}

async function readProfileFile(path: string): Promise<ProfileFile> {
  try {
    if ((await stat(path)).size > MAX_FILE_BYTES) throw new Error(`the file is larger than ${MAX_FILE_BYTES} bytes`);
    const content: unknown = JSON.parse(await readFile(path, 'utf8'));
    return { name: path, content };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): GatewayError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new GatewayError('invalid_request', `Could not read the wire profile ${path}: ${why}.`, { cause });
}
