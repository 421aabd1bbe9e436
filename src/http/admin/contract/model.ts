/** The live catalogue, with what the client APIs have no room for. */
import { z } from 'zod';

const model = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  maxInputTokens: z.int().nullable(),
  maxOutputTokens: z.int().nullable(),
  takesImages: z.boolean(),
  promptCaching: z.boolean(),
  minCachedTokens: z.int().nullable().describe('Tokens that must stand before a cache point for it to take effect.'),
  maxCachePoints: z.int().nullable().describe('Cache points a request may carry.'),
  refusalFallbacks: z.array(z.string()).describe('Models that the service suggests for requests this one refuses.'),
  rateMultiplier: z.number().nullable().describe("What a request costs, in the plan's unit."),
  rateUnit: z.string().nullable(),
  efforts: z.array(z.string()).describe('Reasoning efforts that the model takes.'),
  defaultEffort: z.string().nullable(),
  outputLimit: z
    .object({ min: z.int(), max: z.int() })
    .nullable()
    .describe('Bounds of max_tokens; null: the service cannot limit its replies, and dragoman does.'),
  reasons: z.boolean().describe('Whether the model takes settings for reasoning.'),
});

export const modelList = z.object({ models: z.array(model), defaultModelId: z.string().nullable() });

export type ModelView = z.infer<typeof model>;
