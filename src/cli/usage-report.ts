/** An account's usage as `dragoman usage --json` tells it: plain JSON, dates in ISO 8601, null for what is unknown. */
import type { Account } from '../accounts/ports.ts';
import type { LimitsReading } from '../accounts/usage-limits.ts';
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import { type Allowance, type Overage, quotaOf } from '../core/usage-limits.ts';

export interface AccountUsage {
  readonly id: string;
  readonly label: string;
  readonly plan: string | null;
  readonly resetsAt: string | null;
  /** Over all allowances. */
  readonly used: number | null;
  readonly limit: number | null;
  /** With what may be used beyond them; null: unknown, or without limit. */
  readonly left: number | null;
  readonly allowances: readonly (Omit<Allowance, 'expiresAtMs'> & { readonly expiresAt: string | null })[];
  readonly overage: (Omit<Overage, 'cap'> & { readonly cap: number | null }) | null;
  readonly readAt: string | null;
  /** Why there are no figures. */
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
}

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

const UNKNOWN = {
  ...{ plan: null, resetsAt: null, used: null, limit: null, left: null },
  ...{ allowances: [], overage: null, readAt: null },
} as const;

function toIso(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
