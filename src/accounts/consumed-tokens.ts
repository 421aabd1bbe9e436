/**
 * Refresh tokens which have been rotated away, remembered by fingerprint: a copy of one, in a file which could not be
 * written or in a backup, must not be taken for something new, since presenting it again can cost the whole sign-in.
 */
import { createHash } from 'node:crypto';
import { type Credential, isRefreshable } from './credentials.ts';
import type { Account } from './ports.ts';

/** A copy older than so many rotations has been overwritten long since. */
const MAX_REMEMBERED = 20;

export function isConsumed({ spent = [] }: Pick<Account, 'spent'>, credential: Credential): boolean {
  return isRefreshable(credential) && spent.includes(fingerprint(credential.refreshToken));
}

/** What is spent once `next` has taken the place of the account's own credential and of the one presented for it. */
export function consumedAfter(
  { spent = [], credential }: Pick<Account, 'spent' | 'credential'>,
  presented: Credential,
  next: Credential,
): readonly string[] {
  if (!isRefreshable(next)) return spent;
  const replaced = [credential, presented].filter(isRefreshable).map(({ refreshToken }) => fingerprint(refreshToken));
  const present = fingerprint(next.refreshToken);
  return [...new Set([...spent, ...replaced])].filter((one) => one !== present).slice(-MAX_REMEMBERED);
}

/** 132 bits of a hash: enough to tell tokens apart, useless for finding one. */
function fingerprint(refreshToken: string): string {
  return createHash('sha256').update(`spent ${refreshToken}`).digest('base64url').slice(0, 22);
}
