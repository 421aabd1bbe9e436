/** The client keys that the gateway has stored. */
import { queryOptions } from '@tanstack/react-query';
import type { KeyView } from '../../../src/http/admin/contract/key.ts';
import { KEYS_KEY } from './keys.ts';
import { get } from './request.ts';

export interface KeyList {
  readonly keys: readonly KeyView[];
  /** Number of keys in the settings, in addition to these. */
  readonly configured: number;
}

export const keysQuery = queryOptions({
  queryKey: KEYS_KEY,
  queryFn: ({ signal }) => get<KeyList>('/v2/keys', { signal }),
});
