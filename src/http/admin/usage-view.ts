/** An account's usage as the admin API and `dragoman usage --json` show it; null for what is unknown. */
import type { Account } from '../../accounts/ports.ts';
import type { LimitsReading, LimitsState } from '../../accounts/usage-limits.ts';
import { GatewayError } from '../../core/errors.ts';
import { isoTime } from '../../core/times.ts';
import { quotaOf } from '../../core/usage-limits.ts';
import type { AccountUsage, PlanUsage } from './contract/overview.ts';

export function toUsage({ id, label }: Account, read: LimitsReading | GatewayError): AccountUsage {
  if (read instanceof GatewayError) {
    const { code, message } = read;
    return { ...{ id, label }, ...UNKNOWN, error: { code, message } };
  }
  const { limits, readAtMs } = read;
  const { plan = null, resetAtMs, allowances, overage } = limits;
  const quota = quotaOf(limits, readAtMs);
  return {
    ...{ id, label, plan },
    resetsAt: toIso(resetAtMs),
    used: quota?.used ?? null,
    limit: quota?.limit ?? null,
    left: quota && Number.isFinite(quota.left) ? quota.left : null,
    allowances: allowances.map(({ expiresAtMs, ...allowance }) => ({ ...allowance, expiresAt: toIso(expiresAtMs) })),
    overage: overage ? { ...overage, cap: overage.cap ?? null } : null,
    readAt: toIso(readAtMs),
    error: null,
  };
}

/** null: nothing has been read yet. */
export function toPlanUsage(account: Account, { reading, error }: LimitsState): PlanUsage | null {
  const known = reading ?? error;
  if (!known) return null;
  const { id: _id, label: _label, ...usage } = toUsage(account, known);
  return { ...usage, error: error ? { code: error.code, message: error.message } : null };
}

const UNKNOWN = {
  ...{ plan: null, resetsAt: null, used: null, limit: null, left: null },
  ...{ allowances: [], overage: null, readAt: null },
} as const;

function toIso(ms: number | undefined): string | null {
  return ms === undefined ? null : isoTime(ms);
}
