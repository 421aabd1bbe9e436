/** A model as the service's live catalogue describes it. */
import type { JsonObject } from './json.ts';

export interface Model {
  readonly id: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly maxInputTokens: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly takesImages: boolean;
  readonly promptCaching: boolean;
  /** Cache points a request may carry; undefined: the catalogue does not say. */
  readonly maxCachePoints?: number | undefined;
  /** Tokens that must stand before a cache point for it to take effect. */
  readonly minCachedTokens?: number | undefined;
  /** Ids of the models that the service suggests for requests this one refuses. */
  readonly refusalFallbacks?: readonly string[] | undefined;
  /** What a request costs, relative to the plan's unit. */
  readonly rateMultiplier: number | undefined;
  readonly rateUnit: string | undefined;
  /** JSON Schema of the model's own settings: reasoning, and an output limit for some. Undefined: it takes none. */
  readonly reasoningSchema: JsonObject | undefined;
  /** Reasoning efforts the schema lists, from the least to the most; undefined: it lists none. */
  readonly efforts?: readonly string[] | undefined;
  /** The effort of the schema's own `default`. */
  readonly defaultEffort?: string | undefined;
  /** Bounds of `max_tokens` where the schema has it; undefined: the service cannot limit the model's replies. */
  readonly outputLimit?: { readonly min: number; readonly max: number } | undefined;
}

export interface Catalogue {
  readonly models: readonly Model[];
  readonly defaultModelId: string | undefined;
  /** The service could not be asked: it may well have others. */
  readonly isPartial?: boolean;
}
