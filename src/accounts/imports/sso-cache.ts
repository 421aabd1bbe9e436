/**
 * The AWS SSO cache, `~/.aws/sso/cache/*.json`: tokens of the AWS toolkits beside the AWS CLI's tokens for other purposes.
 * Each file is one identity; other files are searched only for its client registration, by client id.
 * Source: https://docs.aws.amazon.com/sdkref/latest/guide/understanding-sso.html
 */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { accountIdOf } from '../account-id.ts';
import { type Fields, fieldsOf, locate, textOf } from './fields.ts';
import { type Finding, outcomeOf, problemOf } from './finding.ts';
import { readJson, readObject, unreadable } from './json-file.ts';
import { clientOf, KIRO_FILE_NAME } from './kiro-ide.ts';
import { ImportProblem } from './problem.ts';
import { type Reading, scopesOf, toSecrets } from './secrets.ts';
import { readTokenFields, type TokenPlace, wholeDocument } from './token-file.ts';

/** Every token in the folder except the Kiro IDE's; empty if the folder does not exist. */
export async function findInSsoCache(folder: string, reading: Reading): Promise<readonly Finding[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).filter((name) => name.endsWith('.json') && name !== KIRO_FILE_NAME).sort();
  } catch (cause) {
    const problem = unreadable(cause);
    return problem.code === 'missing' ? [] : [{ ...findingAt(folder), outcome: { type: 'problem', problem } }];
  }
  const found = await Promise.all(names.map((name) => findSsoToken(join(folder, name), reading)));
  return found.flat();
}

/** Empty if the file is not a token, for example a registration. */
export async function findSsoToken(path: string, reading: Reading): Promise<readonly Finding[]> {
  try {
    const token = await readJson(path);
    if (!isJsonObject(token) || !isToken(token)) return [];
    const place = ssoPlace(path, reading);
    const fields = await readTokenFields(place);
    const scopes = scopesOf(fields.scopes);
    const isSure = scopes.some((scope) => scope.startsWith('codewhisperer:'));
    if (scopes.length > 0 && !isSure) throw otherPurpose();
    const { label, ...finding } = findingAt(path);
    const startUrl = textOf(fields.startUrl);
    const name = startUrl === undefined ? label : `${label} ${startUrl.replace(/^https:\/\//, '')}`;
    return [{ ...finding, label: name, isSure, outcome: outcomeOf(() => toSecrets(fields, place.reading)) }];
  } catch (cause) {
    return [{ ...findingAt(path), outcome: problemOf(cause) }];
  }
}

function findingAt(path: string) {
  return {
    origin: 'sso-cache',
    place: path,
    id: accountIdOf('sso', path),
    label: 'AWS SSO cache',
    source: { type: 'sso-cache', path },
    isSure: true,
  } as const;
}

export function ssoPlace(path: string, reading: Reading): TokenPlace {
  const registration = (token: JsonObject) => registrationOf(path, token);
  return { path, reading: { ...reading, family: 'aws' }, select: wholeDocument, registration };
}

function isToken(object: JsonObject): boolean {
  const { refreshToken, accessToken } = fieldsOf(locate(object));
  return textOf(refreshToken) !== undefined || textOf(accessToken) !== undefined;
}

/** Newer tokens hold the client id only; its secret and scopes are in another file, whose name is not predictable. */
async function registrationOf(path: string, token: JsonObject): Promise<Fields> {
  const { clientId, clientSecret, scopes } = fieldsOf(locate(token));
  if (textOf(clientId) === undefined || (textOf(clientSecret) !== undefined && scopes !== undefined)) return {};
  const folder = dirname(path);
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith('.json') || name === basename(path)) continue;
    const other = await readObject(join(folder, name));
    if (!other || isToken(other)) continue;
    const fields = fieldsOf(locate(other));
    if (fields.clientId === clientId)
      return { ...clientOf(other), ...(fields.scopes === undefined ? {} : { scopes: fields.scopes }) };
  }
  return {};
}

function otherPurpose(): ImportProblem {
  return new ImportProblem('other-purpose', 'The token is for AWS accounts, not for Amazon Q Developer or Kiro.');
}
