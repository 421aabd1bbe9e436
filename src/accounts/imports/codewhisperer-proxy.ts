/**
 * The folder of codewhisperer-openai-proxy, `~/.codewhisperer-proxy`: `tokens.json` holds one sign-in in snake_case,
 * `registration.json` the client its refresh token was issued to. The proxy rereads both for every request.
 */
import { basename, dirname, join } from 'node:path';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { isJsonObject } from '../../core/json.ts';
import { accountIdOf } from '../account-id.ts';
import { type Fields, fieldsOf, locate, textOf } from './fields.ts';
import { type Finding, outcomeOf, problemOf } from './finding.ts';
import { readObject } from './json-file.ts';
import { clientOf } from './kiro-ide.ts';
import { ImportProblem } from './problem.ts';
import { type Reading, toSecrets } from './secrets.ts';
import { readTokenFields, type TokenPlace, wholeDocument } from './token-file.ts';

export const PROXY_FOLDER_NAME = '.codewhisperer-proxy';
const TOKEN_FILE_NAME = 'tokens.json';
const REGISTRATION_FILE_NAME = 'registration.json';

/** Empty if the folder holds no token. */
export async function findInProxyFolder(folder: string, reading: Reading): Promise<readonly Finding[]> {
  const path = join(folder, TOKEN_FILE_NAME);
  const finding = {
    origin: 'codewhisperer-proxy',
    place: path,
    id: accountIdOf('proxy', path),
    label: 'codewhisperer-proxy',
    source: { type: 'codewhisperer-proxy', path },
    isSure: true,
  } as const;
  try {
    const place = proxyPlace(path, reading);
    const fields = await readTokenFields(place);
    return [{ ...finding, outcome: outcomeOf(() => toSecrets(fields, place.reading)) }];
  } catch (cause) {
    if (cause instanceof ImportProblem && cause.code === 'missing') return [];
    return [{ ...finding, outcome: problemOf(cause) }];
  }
}

/** Recognized by its name and by `oauth_flow`, which no other program writes. */
export function isProxyToken(path: string, document: JsonValue): boolean {
  return basename(path) === TOKEN_FILE_NAME && isJsonObject(document) && textOf(document.oauth_flow) !== undefined;
}

export function proxyPlace(path: string, reading: Reading): TokenPlace {
  const registration = (token: JsonObject) => registrationOf(path, token);
  return { path, reading: { ...reading, family: 'aws' }, select: wholeDocument, registration };
}

/** The proxy keeps one registration, for one region. */
async function registrationOf(path: string, token: JsonObject): Promise<Fields> {
  const registration = await readObject(join(dirname(path), REGISTRATION_FILE_NAME));
  if (!registration) return {};
  const regions = [token, registration].map((object) => textOf(fieldsOf(locate(object)).region) ?? 'us-east-1');
  return regions[0] === regions[1] ? clientOf(registration) : {};
}
