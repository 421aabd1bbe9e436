/** The ledger's requests. */
import { queryOptions } from '@tanstack/react-query';
import type { RequestDetailView, RequestQuery, RequestView } from '../../../src/http/admin/contract/request.ts';
import { REQUESTS_KEY } from './keys.ts';
import { get } from './request.ts';

export type LedgerRequest = RequestView;
export type RequestDetail = RequestDetailView;
export type RequestFilter = Omit<RequestQuery, 'limit' | 'cursor'>;

export interface RequestPage {
  readonly requests: readonly RequestView[];
  readonly nextCursor: string | null;
}

export function readRequests(query: RequestQuery, signal: AbortSignal): Promise<RequestPage> {
  return get<RequestPage>('/v2/requests', { query, signal });
}

export function requestQuery(id: string) {
  return queryOptions({
    queryKey: [...REQUESTS_KEY, 'one', id],
    queryFn: async ({ signal }) =>
      (await get<{ readonly request: RequestDetailView }>(`/v2/requests/${encodeURIComponent(id)}`, { signal }))
        .request,
    // A finished request does not change.
    staleTime: Number.POSITIVE_INFINITY,
  });
}
