/** The credential which an account shares with the program it belongs to. Either may rotate it at any time. */

import { isConsumed } from './consumed-tokens.ts';
import { type Credential, isRefreshable, profileArnOf, type RefreshableCredential } from './credentials.ts';
import type { Account, CredentialFile, Secrets, WriteOutcome } from './ports.ts';
import { isLinked, type LinkedSource } from './sources.ts';

export type OpenFile = (source: LinkedSource) => CredentialFile;

export interface RefreshableSecrets extends Secrets {
  readonly credential: RefreshableCredential;
}

/** What its owner has put there; undefined: not linked, nothing usable, or only a token which we have spent already. */
export async function readLinked(account: Account, openFile: OpenFile): Promise<RefreshableSecrets | undefined> {
  const { source } = account;
  const read = isLinked(source) ? await openFile(source).read() : undefined;
  if (!read || isConsumed(account, read.credential)) return undefined;
  const { credential, accessToken } = read;
  if (!isRefreshable(credential)) return undefined;
  return { credential: keepingProfile(account.credential, credential), accessToken };
}

/** Programs which do not store the profile sign in for one all the same: for the same place, the known one stays. */
export function keepingProfile<Read extends Credential>(known: Credential, read: Read): Read {
  if (!isRefreshable(read) || read.profileArn !== undefined || !isSamePlace(known, read)) return read;
  return { ...read, profileArn: profileArnOf(known) };
}

/** With another client it is another sign-in, perhaps another organisation's: its profile is not theirs. */
function isSamePlace(one: Credential, other: RefreshableCredential): boolean {
  const placeOf = (credential: Credential) => [
    credential.kind,
    credential.region,
    'startUrl' in credential ? credential.startUrl : undefined,
    'clientId' in credential ? credential.clientId : undefined,
  ];
  return JSON.stringify(placeOf(one)) === JSON.stringify(placeOf(other));
}

/**
 * Puts the account's credential there in place of one which it has spent: what its owner took away, or has signed in
 * anew meanwhile, stays as it is. undefined: not linked. Throws what writing throws.
 */
export async function writeLinked(account: Account, openFile: OpenFile): Promise<WriteOutcome | undefined> {
  const { source, credential, accessToken } = account;
  if (!isLinked(source) || !isRefreshable(credential) || !accessToken) return undefined;
  return openFile(source).write(credential, accessToken, (present) => {
    if (isRefreshable(present) && present.refreshToken === credential.refreshToken) return true;
    return isConsumed(account, present);
  });
}
