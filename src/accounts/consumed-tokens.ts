/**
 * Refresh tokens that have been rotated, remembered by fingerprint. A copy of one, in a file that could not be written or
 * in a backup, must not be mistaken for a new token, because presenting it again may invalidate the whole sign-in.
 */
import { createHash } from 'node:crypto';
import { type Credential, isRefreshable } from './credentials.ts';
import type { Account } from './ports.ts';

/** Copies older than this many rotations have long been overwritten. */
const MAX_REMEMBERED = 20;

export function isConsumed({ consumedTokens = [] }: Pick<Account, 'consumedTokens'>, credential: Credential): boolean {
  return isRefreshable(credential) && consumedTokens.includes(fingerprint(credential.refreshToken));
}

/** The consumed tokens after `next` has replaced the account's credential and the credential that was presented. */
export function consumedAfter(
  { consumedTokens = [], credential }: Pick<Account, 'consumedTokens' | 'credential'>,
  presented: Credential,
  next: Credential,
): readonly string[] {
  if (!isRefreshable(next)) return consumedTokens;
  const replaced = [credential, presented].filter(isRefreshable).map(({ refreshToken }) => fingerprint(refreshToken));
  const current = fingerprint(next.refreshToken);
  return [...new Set([...consumedTokens, ...replaced])].filter((each) => each !== current).slice(-MAX_REMEMBERED);
}

/** 132 bits of a hash: enough to tell tokens apart, useless for recovering one. */
function fingerprint(refreshToken: string): string {
  return createHash('sha256').update(`spent ${refreshToken}`).digest('base64url').slice(0, 22);
}
