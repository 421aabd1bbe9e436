/** What the audit trail compares: what the admin API shows, without what changes by itself. */
import type { Account } from '../../accounts/ports.ts';
import type { StoredKey } from '../../gateway/stored-keys.ts';
import { toAccountView } from './account-view.ts';
import { toKeyView } from './key-view.ts';

export function auditedAccount(account: Account, nowMs: number): object {
  const { id, state, successes, failures, consecutiveFailures, tokenExpiresAt, createdAt, updatedAt, ...view } =
    toAccountView(account, nowMs);
  return view;
}

export function auditedKey(key: StoredKey, nowMs: number): object {
  const { id, usable, createdAt, lastUsedAt, ...view } = toKeyView(key, nowMs);
  return view;
}
