/** An account's plan limits and usage, independent of the upstream's format. */
export interface UsageLimits {
  /** The display name, such as `KIRO PRO`. */
  readonly plan: string | undefined;
  readonly resetAtMs: number | undefined;
  /** The allowances that chat uses: the plan's own first, then trial and bonuses. Empty if the service reported none. */
  readonly allowances: readonly Allowance[];
  /** Paid usage beyond the allowances. */
  readonly overage: Overage | undefined;
}

export interface Allowance {
  readonly kind: 'plan' | 'trial' | 'bonus';
  /** `Credits`, `Welcome bonus`. */
  readonly name: string;
  readonly used: number;
  readonly limit: number;
  readonly expiresAtMs: number | undefined;
}

export interface Overage {
  readonly isOn: boolean;
  readonly used: number;
  /** undefined if there is no known cap. */
  readonly cap: number | undefined;
  readonly charges: number;
  readonly currency: string;
}

export interface Quota {
  readonly used: number;
  readonly limit: number;
  /** Includes overage; infinite if that has no cap. */
  readonly left: number;
  /** The unused share of the allowances, 0 to 1, without overage. */
  readonly shareLeft: number;
}

/** Sums the allowances valid at `nowMs`. undefined if the service reported none. */
export function quotaOf({ allowances, overage }: UsageLimits, nowMs: number): Quota | undefined {
  const holding = allowances.filter(({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > nowMs);
  const limit = sum(holding.map((allowance) => allowance.limit));
  if (limit <= 0) return undefined;
  const used = sum(holding.map((allowance) => allowance.used));
  // Allowances are used one after another, so excess use of one does not reduce another.
  const within = sum(holding.map((allowance) => Math.max(0, allowance.limit - allowance.used)));
  const beyond = overage?.isOn ? Math.max(0, (overage.cap ?? Number.POSITIVE_INFINITY) - overage.used) : 0;
  return { used, limit, left: within + beyond, shareLeft: Math.min(1, within / limit) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
