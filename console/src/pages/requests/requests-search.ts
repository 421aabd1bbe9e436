/** What the address of the list says besides the time range: its filters. */
import type { RequestFilter } from '../../api/requests.ts';

export const FILTERS = ['q', 'outcome', 'model', 'key', 'account', 'client', 'protocol', 'code'] as const;

export type FilterName = (typeof FILTERS)[number];

export interface RequestsSearch extends Partial<Readonly<Record<FilterName, string | undefined>>> {
  /** `all`: also probes, token counts and lists of models. */
  readonly kind?: 'all' | undefined;
  /** New requests are not shown by themselves. */
  readonly live?: false | undefined;
}

const MAX_LENGTH = 200;

export function parseRequestsSearch(search: Record<string, unknown>): RequestsSearch {
  const filters = FILTERS.flatMap((name) => {
    // The router reads what looks like a number as one.
    const value = typeof search[name] === 'number' ? String(search[name]) : search[name];
    return typeof value === 'string' && value !== '' ? [[name, value.slice(0, MAX_LENGTH)]] : [];
  });
  return {
    ...Object.fromEntries(filters),
    ...(search.kind === 'all' ? { kind: 'all' } : {}),
    ...(search.live === false ? { live: false } : {}),
  };
}

/** Without its time. */
export function toRequestFilter({ kind, live: _, ...filters }: RequestsSearch): RequestFilter {
  return { ...filters, ...(kind === 'all' ? {} : { kind: 'reply,responses,other' }) };
}

export function countFilters(search: RequestsSearch): number {
  return FILTERS.filter((name) => search[name] !== undefined).length;
}
