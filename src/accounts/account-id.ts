/** Ids of accounts derived from where they come from, so that the same place gives the same account each time. */
import { createHash } from 'node:crypto';

/** Sixteen hex digits of a hash: enough to tell a handful apart, useless for finding what was hashed. */
export function accountIdOf(prefix: string, place: string): string {
  return `${prefix}-${createHash('sha256').update(place).digest('hex').slice(0, 16)}`;
}

/** The Kiro IDE's account, whether the settings name the file or it was imported. */
export function kiroAccountId(path: string): string {
  return accountIdOf('kiro', path);
}
