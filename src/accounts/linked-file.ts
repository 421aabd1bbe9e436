/** Reads and writes the credential that an account shares with another program. Either may rotate it at any time. */

import { isConsumed } from './consumed-tokens.ts';
import { type Credential, isRefreshable, profileArnOf, type RefreshableCredential } from './credentials.ts';
import type { Account, CredentialFile, Secrets, WriteOutcome } from './ports.ts';
import { isLinked, type LinkedSource } from './sources.ts';

export type OpenFile = (source: LinkedSource) => CredentialFile;

export interface RefreshableSecrets extends Secrets {
  readonly credential: RefreshableCredential;
}

/** The other program's credential; undefined: not linked, nothing usable, or only a token that is already consumed. */
export async function readLinked(account: Account, openFile: OpenFile): Promise<RefreshableSecrets | undefined> {
  const { source } = account;
  const read = isLinked(source) ? await openFile(source).read() : undefined;
  if (!read || isConsumed(account, read.credential)) return undefined;
  const { credential, accessToken } = read;
  if (!isRefreshable(credential)) return undefined;
  return { credential: keepingProfile(account.credential, credential), accessToken };
}

/** Keeps the known profile if the other program does not store one and the sign-in is the same. */
export function keepingProfile<Read extends Credential>(known: Credential, read: Read): Read {
  if (!isRefreshable(read) || read.profileArn !== undefined || !isSameSignIn(known, read)) return read;
  return { ...read, profileArn: profileArnOf(known) };
}

/** A different client means a different sign-in, perhaps of another organisation with other profiles. */
function isSameSignIn(one: Credential, other: RefreshableCredential): boolean {
  const signInOf = (credential: Credential) => [
    credential.kind,
    credential.region,
    'startUrl' in credential ? credential.startUrl : undefined,
    'clientId' in credential ? credential.clientId : undefined,
  ];
  return JSON.stringify(signInOf(one)) === JSON.stringify(signInOf(other));
}

/**
 * Writes the account's credential back, but only over a consumed one: a credential that was removed, or replaced by a new
 * sign-in, is left alone. undefined: not linked. Throws the error of the write.
 */
export async function writeLinked(account: Account, openFile: OpenFile): Promise<WriteOutcome | undefined> {
  const { source, credential, accessToken } = account;
  if (!isLinked(source) || !isRefreshable(credential) || !accessToken) return undefined;
  return openFile(source).write(credential, accessToken, (present) => {
    if (isRefreshable(present) && present.refreshToken === credential.refreshToken) return true;
    return isConsumed(account, present);
  });
}
