/** What the alerts need to know about the accounts. */
import { isReady } from '../../accounts/health.ts';
import type { Account } from '../../accounts/ports.ts';
import type { LimitsReading } from '../../accounts/usage-limits.ts';
import { quotaOf } from '../../core/usage-limits.ts';
import type { AlertFacts, BudgetFacts } from './conditions.ts';

interface Accounts {
  list(): readonly Pick<Account, 'id' | 'label' | 'health'>[];
  limits(id: string): LimitsReading | undefined;
}

/** A plan without a limit, or whose use was never read, is not watched. */
export function accountFacts(accounts: Accounts, nowMs: number): Pick<AlertFacts, 'accounts' | 'budgets'> {
  const all = accounts.list();
  return {
    accounts: all.map(({ id, label, health }) => ({ id, label, state: health.state, isReady: isReady(health, nowMs) })),
    budgets: all.flatMap(({ id, label }): readonly BudgetFacts[] => {
      const reading = accounts.limits(id);
      const quota = reading && quotaOf(reading.limits, reading.readAtMs);
      if (!quota) return [];
      const { used, limit } = quota;
      const resetsAtMs = reading.limits.resetAtMs;
      return [{ subject: { kind: 'account', id, label }, period: 'plan', used, limit, resetsAtMs }];
    }),
  };
}
