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
  rateMultiplier: z.number().nullable().describe("What a request costs, in the plan's unit."),
  rateUnit: z.string().nullable(),
  reasons: z.boolean().describe('It takes settings for reasoning.'),
});

export const modelList = z.object({ models: z.array(model), defaultModelId: z.string().nullable() });

export type ModelView = z.infer<typeof model>;
