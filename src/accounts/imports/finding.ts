/** What an import found in one place: a credential, or the problem with it. */
import type { JsonObject } from '../../core/json.ts';
import type { AccountOptions } from '../options.ts';
import type { Secrets } from '../ports.ts';
import type { AccountSource } from '../sources.ts';
import { formatLike, type Layout, withMember } from './fields.ts';
import { ImportProblem } from './problem.ts';

/** Origins that are searched for without a path. */
export type DiscoveredOrigin = 'kiro-ide' | 'kiro-cli' | 'amazon-q-cli' | 'sso-cache' | 'codewhisperer-proxy';
export type ImportOrigin = DiscoveredOrigin | 'environment' | 'gateway-file' | 'export';

export interface Finding {
  readonly origin: ImportOrigin;
  /** For people: the path, and the entry in it. */
  readonly place: string;
  /** Id of the account it becomes; the same place always gives the same id. */
  readonly id: string;
  readonly label: string;
  readonly source: AccountSource;
  /** False: nothing in it names this service, so a person should confirm the import. */
  readonly isSure: boolean;
  /** False: disabled in its program, and imported as disabled. Absent: enabled. */
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

/** The result of `read`, or the ImportProblem that it throws. */
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

/** Replaces the old credential with the rotated one. Only token members are added; other missing members stay missing. */
export function withTokens(object: JsonObject, layout: Layout, { credential, accessToken }: RotatedTokens): JsonObject {
  const refreshToken = layout.get('refreshToken')?.path ?? ['refreshToken'];
  const isSnake = refreshToken.at(-1)?.includes('_') ?? false;
  const siblingOf = (name: string): readonly [string, ...string[]] => {
    const [first, second] = refreshToken;
    return second === undefined ? [name] : [first, name];
  };
  const accessPath = layout.get('accessToken')?.path ?? siblingOf(isSnake ? 'access_token' : 'accessToken');
  const expires = layout.get('expiresAt');
  const expiresPath = expires?.path ?? siblingOf(isSnake ? 'expires_at' : 'expiresAt');
  const arnPath = layout.get('profileArn')?.path;
  let next = withMember(object, refreshToken, credential.refreshToken);
  next = withMember(next, accessPath, accessToken.value);
  next = withMember(next, expiresPath, formatLike(expires?.value, accessToken.expiresAtMs));
  if (arnPath && credential.profileArn !== undefined) next = withMember(next, arnPath, credential.profileArn);
  return next;
}

export interface RotatedTokens {
  readonly credential: { readonly refreshToken: string; readonly profileArn: string | undefined };
  readonly accessToken: { readonly value: string; readonly expiresAtMs: number };
}
