/** What the address of the overview says besides the time range: what the chart shows. */
import type { ActivityGroup } from '../../api/activity.ts';

export const METRICS = ['requests', 'errors', 'tokens', 'credits'] as const;
export const GROUPS = ['model', 'key', 'account', 'client'] as const satisfies readonly ActivityGroup[];

export type Metric = (typeof METRICS)[number];

export interface OverviewSearch {
  readonly show?: Metric | undefined;
  readonly by?: (typeof GROUPS)[number] | undefined;
}

export function parseOverviewSearch({ show, by }: Record<string, unknown>): OverviewSearch {
  const metric = METRICS.find((name) => name === show);
  const group = GROUPS.find((name) => name === by);
  return { ...(metric ? { show: metric } : {}), ...(group ? { by: group } : {}) };
}
