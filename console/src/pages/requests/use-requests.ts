/** The list of requests: pages as the reader scrolls, and the newest ones as they end. */
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { REQUESTS_KEY } from '../../api/keys.ts';
import { type RequestFilter, type RequestPage, readRequests } from '../../api/requests.ts';
import { RANGE_MS, type TimeRange } from '../../shell/range.ts';
import { type LoadedPages, withNewest } from './newest.ts';
import { type RequestsSearch, toRequestFilter } from './requests-search.ts';

const PAGE_ROWS = '100';
const NEWEST_ROWS = '50';

export function useRequests(search: RequestsSearch, range: TimeRange) {
  const client = useQueryClient();
  const { live, ...filters } = search;
  // A named range moves on by itself, and must not start the list over each minute.
  const time = range.name === 'custom' ? { fromMs: range.fromMs, toMs: range.toMs } : range.name;
  const pagesKey = ['request-pages', filters, time];
  const read = (signal: AbortSignal, limit: string, cursor?: string) =>
    readRequests({ ...toRequestFilter(filters), ...timeFilter(time), limit, ...(cursor && { cursor }) }, signal);
  const pages = useInfiniteQuery({
    queryKey: pagesKey,
    queryFn: ({ signal, pageParam }) => read(signal, PAGE_ROWS, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: RequestPage) => last.nextCursor ?? undefined,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    // Coming back to the page shows what is new.
    gcTime: 0,
  });
  useQuery({
    queryKey: [...REQUESTS_KEY, 'newest', filters, time],
    queryFn: async ({ signal }) => {
      const newest = await read(signal, NEWEST_ROWS);
      client.setQueryData<LoadedPages>(pagesKey, (loaded) => loaded && withNewest(loaded, newest));
      return newest.requests[0]?.id ?? null;
    },
    enabled: live !== false && pages.isSuccess && range.name !== 'custom',
    // The first page has the newest already, so they are read again when an event says that there are others.
    initialData: null,
    gcTime: 0,
  });
  const rows = useMemo(() => pages.data?.pages.flatMap(({ requests }) => requests), [pages.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const loadMore = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [isFetchingNextPage, fetchNextPage]);
  return { rows, error: pages.error, refetch: pages.refetch, loadMore: hasNextPage ? loadMore : undefined };
}

function timeFilter(time: TimeRange['name'] | { readonly fromMs: number; readonly toMs: number }): RequestFilter {
  if (typeof time === 'object') return { from: toIso(time.fromMs), to: toIso(time.toMs) };
  return time === 'custom' ? {} : { from: toIso(Date.now() - RANGE_MS[time]) };
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
