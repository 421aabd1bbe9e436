/**
 * The Kiro IDE's own sign-in: `~/.aws/sso/cache/kiro-auth-token.json`, and beside it the client registration which it
 * names by a hash. The IDE goes on using both, so what we refresh is written back in the same format. No other file of
 * that folder is read: they belong to other identities.
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
/** It goes into a path. */
const HASH_PATTERN = /^[A-Za-z0-9_-]{1,128}$/;

/** Nothing where there is no such file. */
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
  return { path, reading, select: wholeDocument, besides: (token) => registrationOf(path, token) };
}

async function registrationOf(path: string, token: JsonObject): Promise<Fields> {
  const { clientId, clientIdHash } = fieldsOf(locate(token));
  const hash = textOf(clientIdHash);
  if (hash === undefined || !HASH_PATTERN.test(hash)) return {};
  const registration = await readObject(join(dirname(path), `${hash}.json`));
  const client = registration ? clientOf(registration) : {};
  // A token which names another client than its registration does: nobody can tell what belongs together.
  return clientId === undefined || clientId === client.clientId ? client : {};
}

/** The client alone: whatever else a registration says is not about this sign-in. There, `expiresAt` is the client's. */
export function clientOf(registration: JsonObject): Fields {
  const { clientId, clientSecret, clientExpiresAt, expiresAt } = fieldsOf(locate(registration));
  const ends = clientExpiresAt ?? expiresAt;
  return {
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(ends === undefined ? {} : { clientExpiresAt: ends }),
  };
}
