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
  /** Credits a request costs, relative to the plan's unit. */
  readonly rateMultiplier: number | undefined;
  readonly rateUnit: string | undefined;
  /** JSON Schema of what the model takes as reasoning settings; absent: it takes none. */
  readonly reasoningSchema: JsonObject | undefined;
}

export interface Catalogue {
  readonly models: readonly Model[];
  readonly defaultModelId: string | undefined;
  /** The service could not be asked: it may well have others. */
  readonly isPartial?: boolean;
}
