/**
 * The Kiro IDE's own sign-in: `~/.aws/sso/cache/kiro-auth-token.json`, and beside it the client registration which it
 * names by a hash. The IDE goes on using both, so what we refresh is written back in the same format. No other file of
 * that folder is read: they belong to other identities.
 */
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { BUILDER_ID_START_URL, type Credential, REGION_PATTERN } from './credentials.ts';
import type { CredentialFile, Secrets } from './ports.ts';

/** The hash goes into a path. */
const HASH_PATTERN = /^[A-Za-z0-9_-]{1,128}$/;
/** Real ones are much longer; shorter ones, or ones with dots in the middle, are copies for display. */
const SHORTEST_REFRESH_TOKEN = 100;

export function openKiroFile(path: string): CredentialFile {
  return {
    async read() {
      const token = await readJson(path);
      return token && toSecrets(token, await readRegistration(path, token));
    },

    async write(credential, accessToken, mayReplace) {
      const current = await readJson(path);
      const present = current && toCredential(current, await readRegistration(path, current));
      if (!current || !present) return 'gone';
      if (!mayReplace(present)) return 'theirs-is-newer';
      const { profileArn } = credential;
      const next: JsonObject = {
        ...current,
        accessToken: accessToken.value,
        refreshToken: credential.refreshToken,
        expiresAt: new Date(accessToken.expiresAtMs).toISOString(),
        ...(profileArn === undefined ? {} : { profileArn }),
      };
      await replaceFile(path, `${JSON.stringify(next, undefined, 2)}\n`);
      return 'written';
    },
  };
}

async function readRegistration(path: string, token: JsonObject): Promise<JsonObject | undefined> {
  const hash = textOf(token.clientIdHash);
  if (hash === undefined || !HASH_PATTERN.test(hash)) return undefined;
  return readJson(join(dirname(path), `${hash}.json`));
}

function toSecrets(token: JsonObject, registration: JsonObject | undefined): Secrets | undefined {
  const credential = toCredential(token, registration);
  if (!credential) return undefined;
  const value = textOf(token.accessToken);
  const expiresAtMs = toMs(token.expiresAt);
  const isUsable = value !== undefined && expiresAtMs !== undefined && !isMasked(value);
  return { credential, accessToken: isUsable ? { value, expiresAtMs } : undefined };
}

function toCredential(token: JsonObject, registration: JsonObject | undefined): Credential | undefined {
  const refreshToken = textOf(token.refreshToken);
  if (refreshToken === undefined || refreshToken.length < SHORTEST_REFRESH_TOKEN || isMasked(refreshToken))
    return undefined;
  const region = textOf(token.region) ?? 'us-east-1';
  if (!REGION_PATTERN.test(region)) return undefined;
  const profileArn = textOf(token.profileArn);
  const method = textOf(token.authMethod)?.toLowerCase();
  const provider = textOf(token.provider)?.toLowerCase();
  if (method === 'social' || (method === undefined && (provider === 'google' || provider === 'github')))
    return { kind: 'social', refreshToken, region, profileArn };
  // Signed in at the organisation's own identity provider: a kind this version cannot refresh.
  if (method === 'external_idp') return undefined;
  const clientId = textOf(token.clientId) ?? textOf(registration?.clientId);
  const clientSecret = textOf(token.clientSecret) ?? textOf(registration?.clientSecret);
  if (clientId === undefined || clientSecret === undefined) return undefined;
  const startUrl = textOf(token.startUrl);
  const isBuilderId = provider === 'builderid' || (provider === undefined && startUrl === BUILDER_ID_START_URL);
  const kind = isBuilderId ? 'builder-id' : 'idc';
  return { kind, refreshToken, clientId, clientSecret, region, startUrl, profileArn };
}

function isMasked(token: string): boolean {
  return token.includes('...') || token.includes('…') || token.includes('***');
}

/** ISO 8601 as written; numbers as seconds or milliseconds, told apart by their size. */
function toMs(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value < 1e11 ? value * 1000 : value;
  if (typeof value !== 'string') return undefined;
  // Some writers leave the zone out and mean UTC.
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(value) ? value : `${value}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** undefined: missing, unreadable, or in the middle of being written by somebody else. */
async function readJson(path: string): Promise<JsonObject | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    // What JSON.parse returns is JSON, and an object is all that was left to find out.
    return isJsonObject(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** Readers see the old file or the new one, never half; who may read it does not change. */
async function replaceFile(path: string, text: string): Promise<void> {
  const mode = await stat(path).then(
    (found) => found.mode & 0o777,
    () => 0o600,
  );
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, text, { mode, flag: 'wx', flush: true });
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    throw cause;
  }
}
