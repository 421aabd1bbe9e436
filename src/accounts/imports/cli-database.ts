/**
 * The SQLite databases of Kiro CLI and Amazon Q CLI: table `auth_kv` holds tokens and client registrations as JSON
 * text, table `state` the chosen profile. The CLI may read and write at any time, so the database is opened for one
 * operation at a time, and each write is one transaction.
 * Source of the tables: https://github.com/aws/amazon-q-developer-cli
 */

import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { type JsonValue, parseJsonObject } from '../../core/json.ts';
import { accountIdOf } from '../account-id.ts';
import { hasProfiles } from '../credentials.ts';
import type { CredentialFile, Secrets } from '../ports.ts';
import { type Fields, fieldsOf, locate, textOf } from './fields.ts';
import { type Finding, type ImportOrigin, outcomeOf, problemOf, withTokens } from './finding.ts';
import { clientOf } from './kiro-ide.ts';
import { ImportProblem } from './problem.ts';
import { type Family, type Reading, toSecrets } from './secrets.ts';
import { LOCK_WAIT_MS, withDatabase } from './sqlite-file.ts';

/** `kirocli:odic:token`: program, sign-in method, content. "odic" is the vendor's spelling; "oidc" is accepted too. */
const TOKEN_KEY = /^(kirocli|codewhisperer):(social|odic|oidc|external-idp):token$/;
const FAMILIES: Readonly<Record<string, Family>> = { social: 'social', 'external-idp': 'external-idp' };
const PROGRAMS: Readonly<Record<string, { origin: ImportOrigin; label: string; prefix: string }>> = {
  kirocli: { origin: 'kiro-cli', label: 'Kiro CLI', prefix: 'kirocli' },
  codewhisperer: { origin: 'amazon-q-cli', label: 'Amazon Q CLI', prefix: 'qcli' },
};

/** Every sign-in in the database. `origin` is reported if the database cannot be read. */
export async function findInCliDatabase(
  path: string,
  origin: ImportOrigin,
  reading: Reading,
  maxWaitMs = LOCK_WAIT_MS,
): Promise<readonly Finding[]> {
  try {
    const rows = await readRows(path, maxWaitMs);
    return [...rows.auth.keys()].filter((key) => TOKEN_KEY.test(key)).map((key) => toFinding(path, key, rows, reading));
  } catch (cause) {
    const place = { origin, place: path, id: accountIdOf('cli', path), label: path };
    return [{ ...place, source: { type: 'import' }, isSure: true, outcome: problemOf(cause) }];
  }
}

function toFinding(path: string, key: string, rows: Rows, reading: Reading): Finding {
  const [program = ''] = key.split(':');
  const { origin, label, prefix } = PROGRAMS[program] ?? { origin: 'kiro-cli', label: program, prefix: 'cli' };
  return {
    origin,
    place: `${path} (${key})`,
    id: accountIdOf(prefix, `${path} ${key}`),
    label,
    source: { type: 'cli-database', path, key },
    isSure: true,
    outcome: outcomeOf(() => secretsAt(key, rows, reading)),
  };
}

export function openCliDatabase(path: string, key: string, reading: Reading): CredentialFile {
  const usableAt = (rows: Rows): Secrets | undefined => {
    const outcome = outcomeOf(() => secretsAt(key, rows, reading));
    return outcome.type === 'credential' ? outcome.secrets : undefined;
  };
  return {
    async read() {
      const rows = await readRows(path).catch(() => undefined);
      return rows && usableAt(rows);
    },

    async write(credential, accessToken, mayReplace) {
      if (!existsSync(path)) return 'gone';
      return withDatabase(path, false, (database) => {
        database.exec('begin immediate');
        const rows = rowsOf(database);
        const token = parseJsonObject(rows.auth.get(key) ?? '');
        const present = usableAt(rows);
        const isOurs = token && present && mayReplace(present.credential);
        if (isOurs) {
          const next = withTokens(token, locate(token), { credential, accessToken });
          database.prepare('update auth_kv set value = ? where key = ?').run(JSON.stringify(next), key);
        }
        database.exec(isOurs ? 'commit' : 'rollback');
        return isOurs ? 'written' : present ? 'theirs-is-newer' : 'gone';
      });
    },
  };
}

/** Throws ImportProblem. */
function secretsAt(key: string, rows: Rows, reading: Reading): Secrets {
  const token = parseJsonObject(rows.auth.get(key) ?? '');
  if (!token) throw new ImportProblem('unknown-shape', `The database entry ${key} is not a token.`);
  const [program = '', method = ''] = key.split(':');
  const family = FAMILIES[method] ?? 'aws';
  const fields = fieldsOf(locate(token));
  const client = family === 'aws' ? registrationOf(program, method, fields, rows) : {};
  const context = { ...reading, family };
  const secrets = toSecrets({ ...client, ...fields }, context);
  const { credential } = secrets;
  const profileArn = chosenProfile(rows);
  if (!hasProfiles(credential) || credential.profileArn !== undefined || profileArn === undefined) return secrets;
  return toSecrets({ ...client, ...fields, profileArn }, context);
}

/** The client of the same sign-in method and region: a refresh token works with no other. */
function registrationOf(program: string, method: string, token: Fields, { auth }: Rows): Fields {
  for (const spelling of new Set([method, 'odic', 'oidc'])) {
    const registration = parseJsonObject(auth.get(`${program}:${spelling}:device-registration`) ?? '');
    if (!registration) continue;
    const region = textOf(fieldsOf(locate(registration)).region);
    if (region === undefined || region === (textOf(token.region) ?? 'us-east-1')) return clientOf(registration);
  }
  return {};
}

/** The database holds one profile; with sign-ins of two organisations, its owner is unknown. */
function chosenProfile({ auth, state }: Rows): JsonValue | undefined {
  const organisations = [...auth.keys()].filter((key) => /:(odic|oidc|external-idp):token$/.test(key));
  return organisations.length > 1 ? undefined : parseJsonObject(state.get('api.codewhisperer.profile') ?? '')?.arn;
}

interface Rows {
  readonly auth: ReadonlyMap<string, string>;
  readonly state: ReadonlyMap<string, string>;
}

function readRows(path: string, maxWaitMs = LOCK_WAIT_MS): Promise<Rows> {
  return withDatabase(path, true, rowsOf, maxWaitMs);
}

function rowsOf(database: DatabaseSync): Rows {
  const auth = database.prepare('select key, value from auth_kv order by key').all();
  const hasState = database.prepare("select 1 from sqlite_master where type = 'table' and name = 'state'").get();
  const profileQuery = "select key, value from state where key = 'api.codewhisperer.profile'";
  return { auth: toMap(auth), state: hasState ? toMap(database.prepare(profileQuery).all()) : new Map() };
}

function toMap(rows: readonly Record<string, unknown>[]): ReadonlyMap<string, string> {
  return new Map(rows.map(({ key, value }) => [String(key), asText(value)]));
}

function asText(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value);
}
