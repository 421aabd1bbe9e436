/**
 * Files of other gateways. The formats differ, but each holds one credential, a list of them, or an object around such a
 * list, in camelCase or snake_case. So every object with tokens is an entry, at any depth, if something in it shows that
 * the tokens are for this service.
 */
import { basename, dirname, extname, sep } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { accountIdOf } from '../account-id.ts';
import { type Fields, fieldsOf, lettersOf, locate, textOf } from './fields.ts';
import { type Finding, type Outcome, outcomeOf, problemOf } from './finding.ts';
import { ImportProblem } from './problem.ts';
import { isApiKey, METHOD_FAMILIES, PROVIDER_FAMILIES, type Reading, toSecrets } from './secrets.ts';
import type { Selected, TokenPlace } from './token-file.ts';

/** At least one finding; a file without credentials gives a problem. */
export function findInDocument(path: string, document: JsonValue, reading: Reading): readonly Finding[] {
  const entries = entriesOf(document);
  if (entries.length === 0) {
    const message = 'The file holds no credential in a format that dragoman knows.';
    return [toFinding(path, undefined, '', problemOf(new ImportProblem('unknown-shape', message)))];
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

/** `link` undefined: the entry could not be told apart from the others later, so it is not linked. */
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

/** One credential that is not linked to its source. `key`: unique within `path`. */
export function unlinkedFinding(path: string, key: string, object: JsonObject, reading: Reading): Finding {
  const outcome = outcomeOf(() => secretsOf(object, reading));
  const finding = toFinding(path, undefined, nameOf(object) ?? key, outcome);
  return { ...finding, id: accountIdOf('import', `${path} ${key}`), ...enabledIn(object) };
}

/** Reads another program's switch for one account: `enabled: 0` (databases), `isDisabled: true`, `disabled: "true"`. */
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
    const message = 'The credential is for another service, or nothing in it names Amazon Q Developer or Kiro.';
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
  // An object with two identities is an entry with a problem.
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

/** Names of this service in gateways for many services, in lower case. */
const SERVICE_NAMES: ReadonlySet<string> = new Set([
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

/** Gateways for many services keep all refresh tokens in one file; those of other services must never be sent here. */
function isForThisService(object: JsonObject, fields: Fields): boolean {
  const tokens = [fields.refreshToken, fields.accessToken].map((token) => textOf(token) ?? '');
  if (tokens.some((token) => /^ao[ar]/.test(token)) || isApiKey(fields.apiKey)) return true;
  if (textOf(fields.profileArn)?.includes(':codewhisperer:') || textOf(fields.clientIdHash)) return true;
  const services = Object.entries(object)
    .filter(([key]) => SERVICE_MEMBERS.has(lettersOf(key)))
    .flatMap(([, value]) => textOf(value) ?? [])
    .map(lettersOf);
  if (services.some((name) => SERVICE_NAMES.has(name))) return true;
  if (METHOD_FAMILIES[lettersOf(textOf(fields.authMethod) ?? '')]) return true;
  // Google is a sign-in provider here and a service of its own elsewhere.
  if (services.some((name) => name !== 'google' && PROVIDER_FAMILIES[name])) return true;
  return services.length === 0 && textOf(fields.clientId) !== undefined && textOf(fields.clientSecret) !== undefined;
}

/** Members that identify an entry within its file, the most stable one first. */
const OWNER_MEMBERS = ['id', 'uuid', 'accountid', 'userid', 'email', 'label', 'nickname', 'name', 'clientid'];
const NAME_MEMBERS = ['label', 'nickname', 'email', 'name', 'userid', 'id', 'uuid'];

/** Names that a person recognizes, so no ids. */
const LABEL_MEMBERS = ['label', 'nickname', 'email', 'name'];

function nameOf(object: JsonObject): string | undefined {
  return memberText(object, NAME_MEMBERS);
}

function memberText(object: JsonObject, names: readonly string[]): string | undefined {
  return names.flatMap((letters) => memberOf(object, letters) ?? [])[0]?.slice(0, 80);
}

/** File and folder names that do not name a program. */
const COMMON_NAMES = /^(?:accounts?|auth|config|configs|credentials?|data|database|export|pools?|settings|tokens?)$/i;

/** A label for people: `kiro.rs` for `~/kiro.rs/credentials.json`, `work` for `~/work.json`. */
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

/** How to find the entry after its program has rewritten the file; undefined if nothing identifies it. */
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
  return { path, reading, select: (document) => selectEntry(document, owner), registration: async () => ({}) };
}

function selectEntry(document: JsonValue, owner: string | undefined): Selected | undefined {
  const entries = entriesOf(document);
  const [letters = '', ...value] = owner?.split('=') ?? [];
  const matching =
    owner === undefined ? entries : entries.filter(({ object }) => memberOf(object, letters) === value.join('='));
  return matching.length === 1 ? matching[0] : undefined;
}
