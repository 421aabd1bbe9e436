/**
 * Files of other gateways. Each has a format of its own, and all of them say the same: one credential, a list of them,
 * or something which holds such a list, in camelCase or snake_case. So every object with tokens in it is an entry,
 * wherever it stands, if something says that its tokens are for this service.
 */
import { basename, dirname, extname, sep } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { accountIdOf } from '../account-id.ts';
import { type Fields, fieldsOf, lettersOf, locate, textOf } from './fields.ts';
import { type Finding, type Outcome, outcomeOf, problemOf } from './finding.ts';
import { ImportProblem } from './problem.ts';
import { isApiKey, METHOD_FAMILIES, PROVIDER_FAMILIES, type Reading, toSecrets } from './secrets.ts';
import type { Selected, TokenPlace } from './token-file.ts';

/** At least one finding: an unknown shape is one. */
export function findInDocument(path: string, document: JsonValue, reading: Reading): readonly Finding[] {
  const entries = entriesOf(document);
  if (entries.length === 0) {
    const said = 'There is no credential in it which dragoman knows how to read.';
    return [toFinding(path, undefined, '', problemOf(new ImportProblem('unknown-shape', said)))];
  }
  const source = sourceNameOf(path);
  return entries.map((entry, index) => {
    const name = nameOf(entry.object) ?? (entries.length === 1 ? '' : entry.at.join('.'));
    const outcome = outcomeOf(() => secretsOf(entry.object, reading));
    const label =
      memberText(entry.object, LABEL_MEMBERS) ?? (entries.length === 1 ? source : `${source} #${index + 1}`);
    return { ...toFinding(path, placeIn(entries, entry), name, outcome), label, ...enabledIn(entry.object) };
  });
}

/** `owner` undefined and several entries: nothing would tell them apart later, so they are not linked. */
function toFinding(path: string, link: { owner?: string } | undefined, name: string, outcome: Outcome): Finding {
  return {
    origin: 'gateway-file',
    place: name === '' ? path : `${path} (${name})`,
    id: accountIdOf('import', `${path} ${link?.owner ?? name}`),
    label: name === '' ? 'imported' : name,
    source: link ? { type: 'gateway-file', path, ...link } : { type: 'import' },
    isSure: true,
    outcome,
  };
}

/** An object that holds one credential, read once and not linked to its source. `key`: unique within `path`. */
export function unlinkedFinding(path: string, key: string, object: JsonObject, reading: Reading): Finding {
  const outcome = outcomeOf(() => secretsOf(object, reading));
  const finding = toFinding(path, undefined, nameOf(object) ?? key, outcome);
  return { ...finding, id: accountIdOf('import', `${path} ${key}`), ...enabledIn(object) };
}

/** Another program's switch for one account: `enabled: 0` as databases have it, `isDisabled: true`, `disabled: "true"`. */
export function enabledIn(object: JsonObject): { readonly enabled?: false } {
  const isOff = Object.entries(object).some(([key, value]) => {
    const letters = lettersOf(key);
    if (letters === 'enabled') return OFF.has(String(value).toLowerCase());
    return (letters === 'disabled' || letters === 'isdisabled') && ON.has(String(value).toLowerCase());
  });
  return isOff ? { enabled: false } : {};
}

const OFF: ReadonlySet<string> = new Set(['false', '0', 'no']);
const ON: ReadonlySet<string> = new Set(['true', '1', 'yes']);

function secretsOf(object: JsonObject, reading: Reading) {
  const fields = fieldsOf(locate(object));
  if (!isForThisService(object, fields)) {
    const message = 'It belongs to another service, or nothing says that it is for Amazon Q Developer or Kiro.';
    throw new ImportProblem('foreign', message);
  }
  return toSecrets(fields, reading);
}

interface Entry extends Selected {
  readonly at: readonly (string | number)[];
}

const MAX_DEPTH = 6;

function entriesOf(document: JsonValue): readonly Entry[] {
  const entries: Entry[] = [];
  const walk = (value: JsonValue, at: Entry['at'], put: (next: JsonValue) => JsonValue): void => {
    if (at.length > MAX_DEPTH) return;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) walk(item, [...at, index], (next) => put(value.with(index, next)));
    } else if (isJsonObject(value)) {
      if (holdsTokens(value)) entries.push({ object: value, at, put });
      else
        for (const [key, item] of Object.entries(value))
          walk(item, [...at, key], (next) => put({ ...value, [key]: next }));
    }
  };
  walk(document, [], (next) => next);
  return entries;
}

function holdsTokens(object: JsonObject): boolean {
  // Two identities in one object are still an entry: one with a problem.
  const fields = fieldsIn(object);
  if (!fields) return true;
  const { refreshToken, accessToken, apiKey } = fields;
  return textOf(refreshToken) !== undefined || textOf(accessToken) !== undefined || isApiKey(apiKey);
}

function fieldsIn(object: JsonObject): Fields | undefined {
  try {
    return fieldsOf(locate(object));
  } catch (cause) {
    if (cause instanceof ImportProblem) return undefined;
    throw cause;
  }
}

/** In small letters: what gateways for many services call this one. */
const OUR_NAMES: ReadonlySet<string> = new Set([
  'kiro',
  'kirooauth',
  'kiroide',
  'kirocli',
  'amazonq',
  'amazonqdeveloper',
  'q',
  'qcli',
  'codewhisperer',
  'aws',
]);
const SERVICE_MEMBERS: ReadonlySet<string> = new Set(['type', 'provider', 'providerid', 'platform', 'service']);

/** Gateways for many services keep refresh tokens of others in the same files: those must never be sent to this one. */
function isForThisService(object: JsonObject, fields: Fields): boolean {
  const tokens = [fields.refreshToken, fields.accessToken].map((token) => textOf(token) ?? '');
  if (tokens.some((token) => /^ao[ar]/.test(token)) || isApiKey(fields.apiKey)) return true;
  if (textOf(fields.profileArn)?.includes(':codewhisperer:') || textOf(fields.clientIdHash)) return true;
  const said = Object.entries(object)
    .filter(([key]) => SERVICE_MEMBERS.has(lettersOf(key)))
    .flatMap(([, value]) => textOf(value) ?? [])
    .map(lettersOf);
  if (said.some((name) => OUR_NAMES.has(name))) return true;
  if (METHOD_FAMILIES[lettersOf(textOf(fields.authMethod) ?? '')]) return true;
  // Google is also a service of its own.
  if (said.some((name) => name !== 'google' && PROVIDER_FAMILIES[name])) return true;
  return said.length === 0 && textOf(fields.clientId) !== undefined && textOf(fields.clientSecret) !== undefined;
}

/** Members which tell one entry of a file from another, the most lasting one first. */
const OWNER_MEMBERS = ['id', 'uuid', 'accountid', 'userid', 'email', 'label', 'nickname', 'name', 'clientid'];
const NAME_MEMBERS = ['label', 'nickname', 'email', 'name', 'userid', 'id', 'uuid'];

/** What a person recognises; an id is not. */
const LABEL_MEMBERS = ['label', 'nickname', 'email', 'name'];

function nameOf(object: JsonObject): string | undefined {
  return memberText(object, NAME_MEMBERS);
}

function memberText(object: JsonObject, names: readonly string[]): string | undefined {
  return names.flatMap((letters) => memberOf(object, letters) ?? [])[0]?.slice(0, 80);
}

/** File names that say nothing about the program they belong to. */
const COMMON_NAMES = /^(?:accounts?|auth|config|configs|credentials?|data|database|export|pools?|settings|tokens?)$/i;

/** For people: `kiro.rs` for `~/kiro.rs/credentials.json`, `work` for `~/work.json`. */
function sourceNameOf(path: string): string {
  const stem = basename(path, extname(path));
  const folders = dirname(path)
    .split(sep)
    .filter((folder) => folder !== '');
  const folder = folders.findLast((name) => !COMMON_NAMES.test(name)) ?? stem;
  return (COMMON_NAMES.test(stem) ? folder : stem).slice(0, 60);
}

function memberOf(object: JsonObject, letters: string): string | undefined {
  for (const [key, value] of Object.entries(object)) {
    if (lettersOf(key) !== letters) continue;
    if (typeof value === 'number') return String(value);
    const text = textOf(value);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** How to find it again when its program has rewritten the file; undefined: there is no sure way. */
function placeIn(entries: readonly Entry[], entry: Entry): { owner?: string } | undefined {
  for (const letters of OWNER_MEMBERS) {
    const value = memberOf(entry.object, letters);
    if (value === undefined) continue;
    if (entries.filter(({ object }) => memberOf(object, letters) === value).length === 1)
      return { owner: `${letters}=${value}` };
  }
  return entries.length === 1 ? {} : undefined;
}

export function gatewayPlace(path: string, owner: string | undefined, reading: Reading): TokenPlace {
  return { path, reading, select: (document) => selectEntry(document, owner), besides: async () => ({}) };
}

function selectEntry(document: JsonValue, owner: string | undefined): Selected | undefined {
  const entries = entriesOf(document);
  const [letters = '', ...value] = owner?.split('=') ?? [];
  const theirs =
    owner === undefined ? entries : entries.filter(({ object }) => memberOf(object, letters) === value.join('='));
  return theirs.length === 1 ? theirs[0] : undefined;
}
