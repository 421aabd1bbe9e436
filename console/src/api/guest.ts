/** What the client APIs tell the user of a key, without a session. Keys are kept in memory only. */
import { queryOptions } from '@tanstack/react-query';
import type { ClientUsage } from '../../../src/http/client-usage-contract.ts';
import { GUEST_KEY } from './keys.ts';
import { get } from './request.ts';

export type { ClientUsage, UsageSums } from '../../../src/http/client-usage-contract.ts';

/** `key`: empty where none is needed, in local mode. */
export function clientUsageQuery(key: string) {
  return queryOptions({
    queryKey: [...GUEST_KEY, 'usage', key],
    queryFn: ({ signal }) => get<ClientUsage>('/v1/usage', { signal, clientKey: key || undefined }),
  });
}

/** Ids of the models. `key` as in clientUsageQuery. */
export function clientModelsQuery(key: string) {
  return queryOptions({
    queryKey: [...GUEST_KEY, 'models', key],
    queryFn: ({ signal }) =>
      get<{ readonly data: readonly { readonly id: string }[] }>('/v1/models', { signal, clientKey: key || undefined }),
    select: ({ data }) => data.map(({ id }) => id),
  });
}
