/** What the alerts need to know about the budgets of client keys. */
import type { KeyLimiter } from '../key-limits/key-limiter.ts';
import type { StoredKey } from '../stored-keys.ts';
import type { BudgetFacts } from './conditions.ts';

/** Keys that are refused anyway are not watched. Rejects with `storage_unavailable`. */
export async function keyFacts(
  keys: readonly StoredKey[],
  limiter: Pick<KeyLimiter, 'budgetsOf'>,
  nowMs: number,
): Promise<readonly BudgetFacts[]> {
  const usable = keys.filter(
    ({ enabled, revokedAtMs, expiresAtMs = Number.POSITIVE_INFINITY }) =>
      enabled && revokedAtMs === undefined && expiresAtMs > nowMs,
  );
  const budgets = await Promise.all(
    usable.map(async (key) => {
      const subject = { kind: 'key', id: key.id, label: key.name } as const;
      return (await limiter.budgetsOf(key)).map((budget) => ({ subject, ...budget }));
    }),
  );
  return budgets.flat();
}
