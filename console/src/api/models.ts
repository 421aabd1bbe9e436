/** The models of all accounts together. */
import { queryOptions } from '@tanstack/react-query';
import type { AccountModelsView, ModelView } from '../../../src/http/admin/contract/overview.ts';
import { MODELS_KEY } from './keys.ts';
import { get } from './request.ts';

export type Model = ModelView;

export interface Catalogue {
  readonly models: readonly Model[];
  readonly defaultModelId: string | null;
  readonly accounts: readonly AccountModelsView[];
}

/** While the gateway fetches lists. */
const READ_AGAIN_MS = 1_500;

export const modelsQuery = queryOptions({
  queryKey: MODELS_KEY,
  queryFn: ({ signal }) => get<Catalogue>('/v2/models', { signal }),
  refetchInterval: ({ state }) => state.data?.accounts.some(({ isPending }) => isPending) === true && READ_AGAIN_MS,
});
