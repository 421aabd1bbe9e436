/** A model in the service's live catalogue. */
import type { JsonObject } from './json.ts';

export interface Model {
  readonly id: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly maxInputTokens: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly takesImages: boolean;
  readonly promptCaching: boolean;
  /** Maximum number of cache points per request; undefined if the catalogue does not state it. */
  readonly maxCachePoints?: number | undefined;
  /** Minimum number of tokens before a cache point for it to take effect. */
  readonly minCachedTokens?: number | undefined;
  /** Ids of models that the service suggests for requests that this model refuses. */
  readonly refusalFallbacks?: readonly string[] | undefined;
  /** What a request costs, relative to the plan's unit. */
  readonly rateMultiplier: number | undefined;
  readonly rateUnit: string | undefined;
  /** JSON Schema of the model's settings: reasoning, and for some models an output limit. Undefined if it has none. */
  readonly reasoningSchema: JsonObject | undefined;
  /** Reasoning efforts in the schema, ascending; undefined if it lists none. */
  readonly efforts?: readonly string[] | undefined;
  /** The `default` effort in the schema. */
  readonly defaultEffort?: string | undefined;
  /** Bounds of `max_tokens` in the schema; undefined if the service cannot limit the model's replies. */
  readonly outputLimit?: { readonly min: number; readonly max: number } | undefined;
}

export interface Catalogue {
  readonly models: readonly Model[];
  readonly defaultModelId: string | undefined;
  /** True if the service could not be reached, so that models may be missing. */
  readonly isPartial?: boolean;
}
