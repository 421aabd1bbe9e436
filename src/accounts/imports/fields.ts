/**
 * The members of a credential in the spellings that other programs use: camelCase or snake_case, at the top level or one
 * level down. Each is returned with its path, so that a rotated token is written back to the same place.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { isoTime } from '../../core/times.ts';
import { ImportProblem } from './problem.ts';

/** Spellings in lower case without separators, the most specific one first. */
const SPELLINGS = {
  refreshToken: ['refreshtoken'],
  accessToken: ['accesstoken'],
  expiresAt: ['expiresat', 'expireat', 'expiration', 'expiry', 'expired'],
  authMethod: ['authmethod', 'auth', 'authtype', 'type'],
  provider: ['provider', 'idp', 'loginprovider', 'identityprovider'],
  /** Region of the sign-in; some programs store the API's region beside it. */
  region: ['idcregion', 'authregion', 'ssoregion', 'oidcregion', 'region'],
  clientId: ['clientid'],
  clientSecret: ['clientsecret'],
  clientExpiresAt: ['clientsecretexpiresat', 'registrationexpiresat'],
  clientIdHash: ['clientidhash'],
  startUrl: ['starturl'],
  profileArn: ['profilearn'],
  tokenEndpoint: ['tokenendpoint'],
  scopes: ['scopes', 'scope'],
  apiKey: ['kiroapikey', 'apikey'],
} as const;

type FieldName = keyof typeof SPELLINGS;
export type Fields = Readonly<Partial<Record<FieldName, JsonValue>>>;

/** Members that hold a part of the same credential. */
const NESTED: ReadonlySet<string> = new Set([
  'credentials',
  'credential',
  'token',
  'tokens',
  'auth',
  'oauth',
  'providerspecificdata',
]);

/** Two different values of one of these mean two identities in one object. */
const UNIQUE: readonly FieldName[] = ['refreshToken', 'accessToken', 'clientId', 'clientSecret'];

export interface Located {
  readonly path: readonly [string, ...string[]];
  readonly value: JsonValue;
}
export type Layout = ReadonlyMap<FieldName, Located>;

/** Throws ImportProblem `ambiguous`. */
export function locate(object: JsonObject): Layout {
  const layout = new Map<FieldName, Located>();
  const members = membersOf(object);
  for (const field of Object.keys(SPELLINGS) as FieldName[]) {
    const spellings: readonly string[] = SPELLINGS[field];
    const candidates = spellings.flatMap((spelling) => members.filter(({ letters }) => letters === spelling));
    const [first] = candidates;
    if (!first) continue;
    if (UNIQUE.includes(field) && candidates.some(({ value }) => value !== first.value)) throw twoIdentities(field);
    layout.set(field, { path: first.path, value: first.value });
  }
  return layout;
}

export function fieldsOf(layout: Layout): Fields {
  return Object.fromEntries([...layout].map(([field, { value }]) => [field, value]));
}

interface Member extends Located {
  readonly letters: string;
}

function membersOf(object: JsonObject): Member[] {
  const members: Member[] = [];
  const nested: Member[] = [];
  for (const [key, value] of Object.entries(object)) {
    const letters = lettersOf(key);
    if (isJsonObject(value) && NESTED.has(letters)) {
      for (const [inner, innerValue] of Object.entries(value))
        nested.push({ letters: lettersOf(inner), path: [key, inner], value: innerValue });
    } else if (value !== null && value !== '') members.push({ letters, path: [key], value });
  }
  return [...members, ...nested.filter(({ value }) => value !== null && value !== '')];
}

/** `refresh_token`, `refreshToken` and `Refresh-Token` are the same member. */
export function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '');
}

export function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value !== 'string') return undefined;
  const trimmed = value.trim();
  return trimmed === '' ? undefined : trimmed;
}

/** Accepts ISO 8601, and seconds or milliseconds as a number or as text, told apart by size. */
export function toMs(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value < SECONDS_END ? value * 1000 : value;
  const text = textOf(value);
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return toMs(Number(text));
  // Some programs leave the time zone out and mean UTC.
  const zoned = text.replace(/UTC$/, 'Z');
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(zoned) ? zoned : `${zoned}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The year 5138 in seconds, 1973 in milliseconds. */
const SECONDS_END = 1e11;

/** A date in the format of the value it replaces. */
export function formatLike(before: JsonValue | undefined, ms: number): JsonValue {
  const number = typeof before === 'string' && /^\d+$/.test(before) ? Number(before) : before;
  if (typeof number !== 'number') return isoTime(ms);
  const now = number < SECONDS_END ? Math.floor(ms / 1000) : ms;
  return typeof before === 'string' ? String(now) : now;
}

/** A copy of the object with one member changed. */
export function withMember(object: JsonObject, [key, ...rest]: Located['path'], value: JsonValue): JsonObject {
  const [next, ...further] = rest;
  if (next === undefined) return { ...object, [key]: value };
  const inner = object[key];
  return { ...object, [key]: withMember(isJsonObject(inner) ? inner : {}, [next, ...further], value) };
}

function twoIdentities(field: FieldName): ImportProblem {
  return new ImportProblem(
    'ambiguous',
    `The credential holds two different values of ${field}, perhaps of two people. Remove the wrong one.`,
  );
}
