/** What an account's plan allows and how much of it is used, whichever way the service tells it. */
export interface UsageLimits {
  /** As its owner knows it: `KIRO PRO`. */
  readonly plan: string | undefined;
  readonly resetAtMs: number | undefined;
  /** Of what chat is paid with, the plan's own first, then trial and bonuses. Empty: the service told no figures. */
  readonly allowances: readonly Allowance[];
  /** What may be used beyond them, for money. */
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
  /** undefined: none that is known. */
  readonly cap: number | undefined;
  readonly charges: number;
  readonly currency: string;
}

export interface Quota {
  readonly used: number;
  readonly limit: number;
  /** Overage included; infinite when that has no cap. */
  readonly left: number;
  /** Of the allowances alone, from 0 to 1: what must be paid for comes last. */
  readonly shareLeft: number;
}

/** Over all allowances which hold at `nowMs`. undefined: the service told no figures. */
export function quotaOf({ allowances, overage }: UsageLimits, nowMs: number): Quota | undefined {
  const holding = allowances.filter(({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > nowMs);
  const limit = sum(holding.map((allowance) => allowance.limit));
  if (limit <= 0) return undefined;
  const used = sum(holding.map((allowance) => allowance.used));
  // Allowances are used up one after the other: what is too much in one is not taken from another.
  const within = sum(holding.map((allowance) => Math.max(0, allowance.limit - allowance.used)));
  const beyond = overage?.isOn ? Math.max(0, (overage.cap ?? Number.POSITIVE_INFINITY) - overage.used) : 0;
  return { used, limit, left: within + beyond, shareLeft: Math.min(1, within / limit) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
