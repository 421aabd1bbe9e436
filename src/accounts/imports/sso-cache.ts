/**
 * The AWS SSO cache, `~/.aws/sso/cache/*.json`: tokens of the AWS toolkits beside those which AWS's command line uses
 * for other things. A file is one identity; only a client registration is looked for in the others, by its id.
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

/** Every token of the folder but the Kiro IDE's; nothing where there is no folder. */
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

/** Nothing when the file is something else than a token: a registration, say. */
export async function findSsoToken(path: string, reading: Reading): Promise<readonly Finding[]> {
  try {
    const token = await readJson(path);
    if (!isJsonObject(token) || !isToken(token)) return [];
    const place = ssoPlace(path, reading);
    const fields = await readTokenFields(place);
    const scopes = scopesOf(fields.scopes);
    const isSure = scopes.some((scope) => scope.startsWith('codewhisperer:'));
    if (scopes.length > 0 && !isSure) throw forSomethingElse();
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
  const besides = (token: JsonObject) => registrationOf(path, token);
  return { path, reading: { ...reading, family: 'aws' }, select: wholeDocument, besides };
}

function isToken(object: JsonObject): boolean {
  const { refreshToken, accessToken } = fieldsOf(locate(object));
  return textOf(refreshToken) !== undefined || textOf(accessToken) !== undefined;
}

/** Newer tokens name their client and leave its secret and scopes in a file of its own, under no name we could know. */
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

function forSomethingElse(): ImportProblem {
  return new ImportProblem('other-purpose', 'It was made for AWS accounts, not for Amazon Q Developer or Kiro.');
}
