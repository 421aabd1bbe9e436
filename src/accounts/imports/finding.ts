/** What an import found in one place: a credential, or the reason why there is none. */
import type { JsonObject } from '../../core/json.ts';
import type { AccountOptions } from '../options.ts';
import type { Secrets } from '../ports.ts';
import type { AccountSource } from '../sources.ts';
import { type Layout, withMember, writtenLike } from './fields.ts';
import { ImportProblem } from './problem.ts';

/** Those which are looked for without being told where. */
export type DiscoveredOrigin = 'kiro-ide' | 'kiro-cli' | 'amazon-q-cli' | 'sso-cache' | 'codewhisperer-proxy';
export type ImportOrigin = DiscoveredOrigin | 'environment' | 'gateway-file' | 'export';

export interface Finding {
  readonly origin: ImportOrigin;
  /** For people: the path, and what inside it. */
  readonly place: string;
  /** Of the account it becomes: the same place gives the same id. */
  readonly id: string;
  readonly label: string;
  readonly source: AccountSource;
  /** False: nothing says that it was made for this service, so a person should say so. */
  readonly isSure: boolean;
  /** False: its program has it switched off, and so it stays. Absent: switched on. */
  readonly enabled?: boolean;
  readonly outcome: Outcome;
}

export type Outcome =
  | {
      readonly type: 'credential';
      readonly secrets: Secrets;
      readonly options?: AccountOptions | undefined;
      readonly proxy?: string | undefined;
    }
  | { readonly type: 'problem'; readonly problem: ImportProblem };

/** What `read` gives, or the ImportProblem which it throws. */
export function outcomeOf(read: () => Secrets): Outcome {
  try {
    return { type: 'credential', secrets: read() };
  } catch (cause) {
    return problemOf(cause);
  }
}

export function problemOf(cause: unknown): Outcome {
  if (cause instanceof ImportProblem) return { type: 'problem', problem: cause };
  throw cause;
}

/** A rotated credential in the place of the old one; what is not there is not added, but for the tokens themselves. */
export function withTokens(object: JsonObject, layout: Layout, { credential, accessToken }: Rotated): JsonObject {
  const refreshToken = layout.get('refreshToken')?.path ?? ['refreshToken'];
  const isSnake = refreshToken.at(-1)?.includes('_') ?? false;
  const beside = (name: string): readonly [string, ...string[]] => {
    const [first, second] = refreshToken;
    return second === undefined ? [name] : [first, name];
  };
  const accessPath = layout.get('accessToken')?.path ?? beside(isSnake ? 'access_token' : 'accessToken');
  const expires = layout.get('expiresAt');
  const expiresPath = expires?.path ?? beside(isSnake ? 'expires_at' : 'expiresAt');
  const arnPath = layout.get('profileArn')?.path;
  let next = withMember(object, refreshToken, credential.refreshToken);
  next = withMember(next, accessPath, accessToken.value);
  next = withMember(next, expiresPath, writtenLike(expires?.value, accessToken.expiresAtMs));
  if (arnPath && credential.profileArn !== undefined) next = withMember(next, arnPath, credential.profileArn);
  return next;
}

export interface Rotated {
  readonly credential: { readonly refreshToken: string; readonly profileArn: string | undefined };
  readonly accessToken: { readonly value: string; readonly expiresAtMs: number };
}
