/** What the gateway has done and what needs attention. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { ActivityQuery, ActivityView } from '../../../src/http/admin/contract/activity.ts';
import { RANGE_MS, type TimeRange } from '../shell/range.ts';
import { ACTIVITY_KEY } from './keys.ts';
import { get } from './request.ts';

export type Activity = ActivityView;
export type ActivityGroup = NonNullable<ActivityQuery['group']>;

export function activityQuery(range: TimeRange, group: ActivityGroup) {
  const time = range.name === 'custom' ? [range.fromMs, range.toMs] : [range.name];
  return queryOptions({
    queryKey: [...ACTIVITY_KEY, group, ...time],
    queryFn: ({ signal }) => get<ActivityView>('/v2/activity', { query: { group, ...timeOf(range) }, signal }),
    // Choosing another group keeps the figures on the page until the new ones are there.
    placeholderData: keepPreviousData,
  });
}

/** A named range ends at the time of the question. */
function timeOf({ name, fromMs, toMs }: TimeRange) {
  if (name === 'custom') return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  return { from: new Date(Date.now() - RANGE_MS[name]).toISOString() };
}
