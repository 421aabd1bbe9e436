/** The budgets of client keys: what is used of them, and the forecast until they reset. */
import { isoTime } from '../../core/times.ts';
import { dayOf, monthOf } from '../../core/utc-periods.ts';
import { toActivity } from '../../gateway/ledger/activity.ts';
import { creditRates, forecast, RATE_MS } from '../../gateway/ledger/forecast.ts';
import type { LedgerStore } from '../../gateway/ledger/ledger-store.ts';
import type { StoredKey } from '../../gateway/stored-keys.ts';
import type { BudgetView } from './contract/budget.ts';
import type { AdminParts } from './ports.ts';

/** A week of a thousand keys. */
const MAX_BUCKETS = 10_000;

/** Of keys that are not revoked. Rejects with `storage_unavailable`. */
export async function readBudgets(
  store: LedgerStore,
  keys: Pick<AdminParts['keys'], 'list'>,
  nowMs: number,
): Promise<BudgetView[]> {
  const limited = keys.list().filter(hasBudget);
  if (limited.length === 0) return [];
  const spent = new Map((await store.credits('key', nowMs)).map((each) => [each.id, each]));
  const days = await store.history({ by: 'day', dimensions: ['key'], fromMs: nowMs - RATE_MS, limit: MAX_BUCKETS });
  const created = new Map(limited.map(({ id, createdAtMs }) => [id, createdAtMs]));
  const rates = creditRates(days.map(toActivity), nowMs, (id) => created.get(id));
  return limited.flatMap((key) => {
    const { day = 0, month = 0 } = spent.get(key.id) ?? {};
    const rate = rates.get(key.id) ?? 0;
    return [
      ...toBudget(key, { period: 'day', used: day, limit: key.creditsPerDay }, rate, nowMs),
      ...toBudget(key, { period: 'month', used: month, limit: key.creditsPerMonth }, rate, nowMs),
    ];
  });
}

function hasBudget({ creditsPerDay, creditsPerMonth, revokedAtMs }: StoredKey): boolean {
  return revokedAtMs === undefined && (creditsPerDay !== undefined || creditsPerMonth !== undefined);
}

interface Budget extends Pick<BudgetView, 'period' | 'used'> {
  readonly limit: number | undefined;
}

function toBudget(
  { id, name }: StoredKey,
  { period, used, limit }: Budget,
  creditsPerDay: number,
  nowMs: number,
): BudgetView[] {
  if (limit === undefined) return [];
  const resetAtMs = (period === 'day' ? dayOf(nowMs) : monthOf(nowMs)).endMs;
  const { usedAtReset = used, usedUpAtMs } = forecast({ used, left: limit - used, resetAtMs }, creditsPerDay, nowMs);
  return [
    {
      ...{ key: id, name, period, used, limit, creditsPerDay, usedAtReset },
      resetsAt: isoTime(resetAtMs),
      usedUpAt: usedUpAtMs === undefined ? null : isoTime(usedUpAtMs),
    },
  ];
}
