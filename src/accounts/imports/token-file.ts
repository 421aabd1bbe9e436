/** Another program's JSON file with a token: read, and written back after a rotation. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { CredentialFile, Secrets, WriteOutcome } from '../ports.ts';
import { type Fields, fieldsOf, locate } from './fields.ts';
import { outcomeOf, withTokens } from './finding.ts';
import { editJson, readJson } from './json-file.ts';
import { ImportProblem } from './problem.ts';
import { type Reading, toSecrets } from './secrets.ts';

export interface TokenPlace {
  readonly path: string;
  readonly reading: Reading;
  /** Finds the token in the document; undefined if it is no longer there. */
  select(document: JsonValue): Selected | undefined;
  /** The token's client registration, if it is in another file. */
  registration(token: JsonObject): Promise<Fields>;
}

export interface Selected {
  readonly object: JsonObject;
  /** The document with `next` in place of the object. */
  put(next: JsonObject): JsonValue;
}

export function wholeDocument(document: JsonValue): Selected | undefined {
  return isJsonObject(document) ? { object: document, put: (next) => next } : undefined;
}

/** Throws ImportProblem. */
export async function readTokenFields({ path, select, registration }: TokenPlace): Promise<Fields> {
  const selected = select(await readJson(path));
  if (!selected) throw new ImportProblem('unknown-shape', 'The file holds no credential.');
  return { ...(await registration(selected.object)), ...fieldsOf(locate(selected.object)) };
}

export function openTokenFile(place: TokenPlace): CredentialFile {
  const { path, reading, select } = place;
  return {
    read: () => orUndefined(async () => toSecrets(await readTokenFields(place), reading)),

    async write(credential, accessToken, mayReplace) {
      const before = await orUndefined(async () => select(await readJson(path)));
      const registration = before && (await place.registration(before.object));
      let outcome: WriteOutcome = 'gone';
      await editJson(path, (document) => {
        const token = select(document);
        const present = token && secretsOf(token.object, registration, reading);
        outcome = !present ? 'gone' : mayReplace(present.credential) ? 'written' : 'theirs-is-newer';
        if (!token || outcome !== 'written') return undefined;
        return token.put(withTokens(token.object, locate(token.object), { credential, accessToken }));
      });
      return outcome;
    },
  };
}

function secretsOf(object: JsonObject, registration: Fields | undefined, reading: Reading): Secrets | undefined {
  const outcome = outcomeOf(() => toSecrets({ ...registration, ...fieldsOf(locate(object)) }, reading));
  return outcome.type === 'credential' ? outcome.secrets : undefined;
}

/** undefined instead of an ImportProblem; the import reports the problem. */
async function orUndefined<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof ImportProblem) return undefined;
    throw cause;
  }
}
