/** Ids of accounts derived from where they come from, so that the same place gives the same account each time. */
import { createHash } from 'node:crypto';

/** Sixteen hex digits of a hash: enough to tell accounts apart, too few to recover the hashed text. */
export function accountIdOf(prefix: string, origin: string): string {
  return `${prefix}-${createHash('sha256').update(origin).digest('hex').slice(0, 16)}`;
}

/** The id of the Kiro IDE's account, whether the settings name its file or it was imported. */
export function kiroAccountId(path: string): string {
  return accountIdOf('kiro', path);
}
