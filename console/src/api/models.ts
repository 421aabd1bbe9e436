/** The models of all accounts together. */
import { queryOptions } from '@tanstack/react-query';
import type { ModelView } from '../../../src/http/admin/contract/overview.ts';
import { MODELS_KEY } from './keys.ts';
import { get } from './request.ts';

export type Model = ModelView;

export interface Catalogue {
  readonly models: readonly Model[];
  readonly defaultModelId: string | null;
}

export const modelsQuery = queryOptions({
  queryKey: MODELS_KEY,
  queryFn: ({ signal }) => get<Catalogue>('/v2/models', { signal }),
});
