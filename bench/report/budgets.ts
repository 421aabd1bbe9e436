/** What a figure may be. docs/performance.md shows each budget beside the latest figure. */
import type { REFERENCES } from '../subjects/subject.ts';

export type Budget =
  /** Relative to a reference's figure in the same round. */
  | { readonly type: 'ratio'; readonly to: (typeof REFERENCES)[number]; readonly atLeast: number }
  | { readonly type: 'ratio'; readonly to: (typeof REFERENCES)[number]; readonly atMost: number }
  /** In the row's own unit. */
  | { readonly type: 'value'; readonly atMost: number };

export const BUDGETS = {
  burstOf100: { type: 'ratio', to: 'nginx', atLeast: 0.28 },
  burstOf1000: { type: 'ratio', to: 'nginx', atLeast: 0.3 },
  burstOf10: { type: 'ratio', to: 'bare', atMost: 1.6 },
  firstTextP50: { type: 'ratio', to: 'nginx', atMost: 2 },
  firstTextP99: { type: 'ratio', to: 'nginx', atMost: 2.5 },
  firstTextAtRateP99: { type: 'ratio', to: 'nginx', atMost: 3 },
  pacedFrame: { type: 'ratio', to: 'nginx', atMost: 2.2 },
  memoryIdle: { type: 'value', atMost: 95 },
  memoryLoaded: { type: 'value', atMost: 190 },
  memoryPerStream: { type: 'value', atMost: 40 },
  addedDelay: { type: 'value', atMost: 5 },
  largeRequest: { type: 'value', atMost: 8 },
  log: { type: 'value', atMost: 15 },
  recording: { type: 'value', atMost: 5 },
  warmUp: { type: 'value', atMost: 2 },
  startOfCheckout: { type: 'value', atMost: 300 },
  startOfPackage: { type: 'value', atMost: 200 },
  /** The exponent of a cost's growth; 1 is linear. The rest is noise. */
  slope: { type: 'value', atMost: 1.15 },
} as const satisfies Record<string, Budget>;

/**
 * The run fails if 10-frame replies cost more than this many times what `bare` needs: twice the highest ratio of quick runs
 * up to now (16, in processes that have just started), far from the budget, so that only a large loss fails.
 */
export const MAX_RATIO_TO_BARE = 32;

export function budgetText(budget: Budget | undefined, unit: string): string {
  if (budget === undefined) return '';
  if (budget.type === 'value') return `≤ ${budget.atMost}${unit ? ` ${unit}` : ''}`;
  return 'atLeast' in budget ? `≥ ${budget.atLeast} × ${budget.to}` : `≤ ${budget.atMost} × ${budget.to}`;
}

/** How much of a budget a figure uses: 1 is just met, more is not met. `figure` is the ratio or the value. */
export function budgetShare(budget: Budget, figure: number): number {
  return 'atLeast' in budget ? budget.atLeast / figure : figure / budget.atMost;
}
