/**
 * dragoman's own export of accounts, for a backup or for another machine. Imported accounts are not linked to the file.
 * docs/accounts.md describes the format.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { isoTime } from '../../core/times.ts';
import { unreachable } from '../../core/unreachable.ts';
import { accountIdOf } from '../account-id.ts';
import { type Credential, REGION_PATTERN } from '../credentials.ts';
import { type AccountOptions, DEFAULT_OPTIONS, patchOptions } from '../options.ts';
import type { Account } from '../ports.ts';
import { checkedProxy } from '../proxy.ts';
import { fieldsOf, locate, textOf } from './fields.ts';
import { type Finding, type Outcome, problemOf } from './finding.ts';
import { ImportProblem } from './problem.ts';
import { KIND_FAMILIES, type Reading, toSecrets } from './secrets.ts';

const FORMAT = 'dragoman-accounts';
const VERSION = 1;

/** Without `withSecrets` the export is a list of accounts, not a backup. */
export function toExport(accounts: readonly Account[], withSecrets: boolean, nowMs: number): JsonObject {
  return {
    format: FORMAT,
    version: VERSION,
    exportedAt: isoTime(nowMs),
    withSecrets,
    accounts: accounts.map((account) => entryOf(account, withSecrets)),
  };
}

function entryOf({ id, label, source, credential, accessToken, options, proxy }: Account, withSecrets: boolean) {
  const { priority, weight, groups, maxConcurrency, minIntervalMs } = options;
  const secrets: JsonObject = {
    ...secretsOf(credential),
    ...(accessToken && {
      accessToken: accessToken.value,
      expiresAt: isoTime(accessToken.expiresAtMs),
    }),
    ...(proxy === undefined ? {} : { proxy }),
  };
  return {
    id,
    label,
    kind: credential.kind,
    source: source.type,
    options: { priority, weight, groups, minIntervalMs, maxConcurrency: maxConcurrency ?? null },
    ...placeOf(credential),
    ...(withSecrets ? secrets : {}),
  };
}

function secretsOf(credential: Credential): JsonObject {
  switch (credential.kind) {
    case 'builder-id':
    case 'idc': {
      const { refreshToken, clientId, clientSecret } = credential;
      return { refreshToken, clientId, clientSecret };
    }
    case 'social':
      return { refreshToken: credential.refreshToken };
    case 'external-idp':
      return { refreshToken: credential.refreshToken };
    case 'api-key':
      return { apiKey: credential.apiKey };
    case 'iam':
      return {};
    default:
      return unreachable(credential);
  }
}

/** Where the credential signs in; contains no secret. */
function placeOf(credential: Credential): JsonObject {
  const { region } = credential;
  const profileArn = 'profileArn' in credential ? credential.profileArn : undefined;
  const place = { region, ...(profileArn === undefined ? {} : { profileArn }) };
  switch (credential.kind) {
    case 'builder-id':
    case 'idc':
      return credential.startUrl === undefined ? place : { ...place, startUrl: credential.startUrl };
    case 'external-idp': {
      const { clientId, tokenEndpoint, scopes } = credential;
      return { ...place, clientId, tokenEndpoint, scopes };
    }
    case 'iam':
      return credential.awsProfile === undefined ? place : { ...place, awsProfile: credential.awsProfile };
    case 'social':
    case 'api-key':
      return place;
    default:
      return unreachable(credential);
  }
}

export function isExport(document: JsonValue): document is JsonObject {
  return isJsonObject(document) && document.format === FORMAT;
}

export function findInExport(path: string, document: JsonObject, reading: Reading): readonly Finding[] {
  const { version, withSecrets, accounts } = document;
  const entries = Array.isArray(accounts) ? accounts.filter(isJsonObject) : [];
  return entries.map((entry: JsonObject) => {
    const label = textOf(entry.label) ?? 'imported';
    const id = textOf(entry.id);
    return {
      origin: 'export',
      place: `${path} (${label})`,
      id: id !== undefined && ID_PATTERN.test(id) ? id : accountIdOf('import', `${path} ${label}`),
      label,
      source: { type: 'import' },
      isSure: true,
      outcome: outcomeOf(entry, version === VERSION, withSecrets === true, reading),
    };
  });
}

/** The form of dragoman's own account ids. */
const ID_PATTERN = /^[a-z]+-[a-z0-9-]{4,40}$/;

function outcomeOf(entry: JsonObject, isKnown: boolean, withSecrets: boolean, reading: Reading): Outcome {
  try {
    if (!isKnown)
      throw new ImportProblem('unknown-shape', 'The export was made by a newer version of dragoman. Update dragoman.');
    const { options, proxy } = settingsOf(entry);
    if (entry.kind === 'iam') {
      const credential: Credential = { kind: 'iam', region: regionOf(entry), awsProfile: textOf(entry.awsProfile) };
      return { type: 'credential', secrets: { credential, accessToken: undefined }, options, proxy };
    }
    if (!withSecrets)
      throw new ImportProblem(
        'no-secrets',
        'The export was made without --secrets, so it holds no credentials. Export again with --secrets.',
      );
    const { kind } = entry;
    const family = isKind(kind) ? KIND_FAMILIES[kind] : undefined;
    if (!family)
      throw new ImportProblem(
        'unknown-shape',
        'This version of dragoman does not know the kind of this account. Update dragoman.',
      );
    const awsKind = kind === 'builder-id' || kind === 'idc' ? kind : undefined;
    const secrets = toSecrets(fieldsOf(locate(entry)), { ...reading, family, awsKind });
    return { type: 'credential', secrets, options, proxy };
  } catch (cause) {
    return problemOf(cause);
  }
}

function isKind(kind: JsonValue | undefined): kind is keyof typeof KIND_FAMILIES {
  return typeof kind === 'string' && Object.hasOwn(KIND_FAMILIES, kind);
}

function regionOf({ region }: JsonObject): string {
  if (typeof region === 'string' && REGION_PATTERN.test(region)) return region;
  throw new ImportProblem(
    'bad-region',
    'The region of the account is not an AWS region. Use one such as us-east-1 or eu-central-1.',
  );
}

/** The account's options and proxy, validated like new settings. */
function settingsOf(entry: JsonObject): { options: AccountOptions; proxy: string | undefined } {
  const exported = isJsonObject(entry.options) ? entry.options : {};
  const number = (name: string) => (typeof exported[name] === 'number' ? exported[name] : undefined);
  const { groups } = exported;
  const proxy = textOf(entry.proxy);
  try {
    const options = patchOptions(DEFAULT_OPTIONS, {
      priority: number('priority'),
      weight: number('weight'),
      groups: Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : undefined,
      maxConcurrency: number('maxConcurrency'),
      minIntervalMs: number('minIntervalMs'),
    });
    return { options, proxy: proxy === undefined ? undefined : checkedProxy(proxy) };
  } catch {
    throw new ImportProblem(
      'unknown-shape',
      'The options or the proxy of the account are invalid. Correct them in the file, or export again.',
    );
  }
}
