/** What the gateway captured of a recent request. */
import { queryOptions } from '@tanstack/react-query';
import type { Capsule, CapsuleExchange } from '../../../src/capsules/format.ts';
import { REQUESTS_KEY } from './keys.ts';
import { get } from './request.ts';

export type { CapsuleExchange };

export function capsuleQuery(requestId: string) {
  return queryOptions({
    queryKey: [...REQUESTS_KEY, 'capsule', requestId],
    queryFn: ({ signal }) =>
      get<Capsule>(`/v2/requests/${encodeURIComponent(requestId)}/capsule`, { query: { text: true }, signal }),
    // A finished request does not change.
    staleTime: Number.POSITIVE_INFINITY,
  });
}
