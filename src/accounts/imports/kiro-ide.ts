/**
 * The Kiro IDE's sign-in: `~/.aws/sso/cache/kiro-auth-token.json`, and beside it the client registration that it names by
 * a hash. The IDE keeps using both, so refreshed tokens are written back in the same format. Other files of the folder
 * are not read, because they belong to other identities.
 */
import { dirname, join } from 'node:path';
import type { JsonObject } from '../../core/json.ts';
import { kiroAccountId } from '../account-id.ts';
import { type Fields, fieldsOf, locate, textOf } from './fields.ts';
import { type Finding, outcomeOf, problemOf } from './finding.ts';
import { readObject } from './json-file.ts';
import { ImportProblem } from './problem.ts';
import { type Reading, toSecrets } from './secrets.ts';
import { readTokenFields, type TokenPlace, wholeDocument } from './token-file.ts';

export const KIRO_FILE_NAME = 'kiro-auth-token.json';
/** Restricted, because the hash becomes part of a path. */
const HASH_PATTERN = /^[A-Za-z0-9_-]{1,128}$/;

/** Empty if the file does not exist. */
export async function findKiroIde(path: string, reading: Reading): Promise<readonly Finding[]> {
  const finding = {
    origin: 'kiro-ide',
    place: path,
    id: kiroAccountId(path),
    label: 'Kiro IDE',
    source: { type: 'kiro-file', path, imported: true },
    isSure: true,
  } as const;
  try {
    const fields = await readTokenFields(kiroPlace(path, reading));
    return [{ ...finding, outcome: outcomeOf(() => toSecrets(fields, reading)) }];
  } catch (cause) {
    if (cause instanceof ImportProblem && cause.code === 'missing') return [];
    return [{ ...finding, outcome: problemOf(cause) }];
  }
}

export function kiroPlace(path: string, reading: Reading): TokenPlace {
  return { path, reading, select: wholeDocument, registration: (token) => registrationOf(path, token) };
}

async function registrationOf(path: string, token: JsonObject): Promise<Fields> {
  const { clientId, clientIdHash } = fieldsOf(locate(token));
  const hash = textOf(clientIdHash);
  if (hash === undefined || !HASH_PATTERN.test(hash)) return {};
  const registration = await readObject(join(dirname(path), `${hash}.json`));
  const client = registration ? clientOf(registration) : {};
  // If token and registration name different clients, neither can be trusted.
  return clientId === undefined || clientId === client.clientId ? client : {};
}

/** Only the client's members; in a registration, `expiresAt` is the client's expiry. */
export function clientOf(registration: JsonObject): Fields {
  const { clientId, clientSecret, clientExpiresAt, expiresAt } = fieldsOf(locate(registration));
  const expiry = clientExpiresAt ?? expiresAt;
  return {
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(expiry === undefined ? {} : { clientExpiresAt: expiry }),
  };
}
