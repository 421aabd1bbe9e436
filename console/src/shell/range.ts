/** The time range of every chart and list. It is part of the address, so that a link shows what its sender saw. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const RANGE_MS = {
  '15m': 15 * MINUTE_MS,
  '1h': HOUR_MS,
  '24h': DAY_MS,
  '7d': 7 * DAY_MS,
  '30d': 30 * DAY_MS,
} as const;

export type RangeName = keyof typeof RANGE_MS;

export const DEFAULT_RANGE: RangeName = '24h';

/** In the address: a name, or `custom` with both ends in ISO 8601. */
export interface RangeSearch {
  readonly range?: RangeName | 'custom' | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface TimeRange {
  readonly name: RangeName | 'custom';
  readonly fromMs: number;
  readonly toMs: number;
}

/** Anything else in the address counts as the default. */
export function parseRange(search: Record<string, unknown>): RangeSearch {
  const { range, from, to } = search;
  if (range === 'custom' && isTime(from) && isTime(to) && Date.parse(from) < Date.parse(to)) return { range, from, to };
  return typeof range === 'string' && Object.hasOwn(RANGE_MS, range) ? { range: range as RangeName } : {};
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

/** `nowMs` is the end of a range that is not custom. */
export function toTimeRange({ range = DEFAULT_RANGE, from, to }: RangeSearch, nowMs: number): TimeRange {
  if (range === 'custom' && from !== undefined && to !== undefined)
    return { name: 'custom', fromMs: Date.parse(from), toMs: Date.parse(to) };
  const name = range === 'custom' ? DEFAULT_RANGE : range;
  return { name, fromMs: nowMs - RANGE_MS[name], toMs: nowMs };
}

/**
 * The range in the address. Its ends stay the same for a minute, so that what depends on them is not read again with every
 * drawing.
 */
export function useTimeRange(): TimeRange {
  const search = useSearch({ strict: false });
  const [minuteMs, setMinuteMs] = useState(nextMinuteMs);
  useEffect(() => {
    const timer = setInterval(() => setMinuteMs(nextMinuteMs()), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return toTimeRange(parseRange(search), minuteMs);
}

function nextMinuteMs(): number {
  return Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS;
}

export function useSetRange(): (range: RangeSearch) => void {
  const navigate = useNavigate();
  return (range) => {
    void navigate({
      to: '.',
      search: (previous: RangeSearch) => ({
        ...previous,
        range: range.range === DEFAULT_RANGE ? undefined : range.range,
        from: range.from,
        to: range.to,
      }),
    });
  };
}

/** Both ends, as the gateway takes them. */
export function timesOf({ fromMs, toMs }: TimeRange): { readonly from: string; readonly to: string } {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}
