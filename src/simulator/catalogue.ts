/** The models which the simulated service offers, in the shape of ListAvailableModels. */
import type { JsonObject } from '../core/json.ts';

export interface SimulatedModel {
  readonly modelId: string;
  readonly modelName: string;
  readonly description: string;
  /** Credits, relative to the cheapest way to ask. */
  readonly rateMultiplier: number;
  readonly supportedInputTypes: readonly ('TEXT' | 'IMAGE')[];
  readonly tokenLimits: { readonly maxInputTokens: number; readonly maxOutputTokens: number };
  readonly supportsPromptCaching: boolean;
  /** Absent: the model takes no `additionalModelRequestFields`. */
  readonly additionalModelRequestFieldsSchema?: JsonObject;
}

export function listedModel(model: SimulatedModel): JsonObject {
  const { modelId, modelName, description, rateMultiplier, supportedInputTypes, tokenLimits } = model;
  return {
    modelId,
    modelName,
    description,
    rateMultiplier,
    rateUnit: 'Credit',
    supportedInputTypes,
    tokenLimits,
    promptCaching: model.supportsPromptCaching
      ? { supportsPromptCaching: true, minimumTokensPerCacheCheckpoint: 1024, maximumCacheCheckpointsPerRequest: 4 }
      : { supportsPromptCaching: false },
    ...(model.additionalModelRequestFieldsSchema
      ? { additionalModelRequestFieldsSchema: model.additionalModelRequestFieldsSchema }
      : {}),
  };
}

const BASIC_EFFORTS = ['low', 'medium', 'high', 'max'];
const ALL_EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'];

export const DEFAULT_MODELS: readonly SimulatedModel[] = [
  claude('auto', 'Auto', 1, 1_000_000),
  claude('claude-sonnet-4', 'Claude Sonnet 4', 1.3, 200_000),
  claude('claude-sonnet-4.5', 'Claude Sonnet 4.5', 1.3, 200_000),
  claude('claude-haiku-4.5', 'Claude Haiku 4.5', 0.4, 200_000),
  claude('claude-opus-4.5', 'Claude Opus 4.5', 2.2, 200_000),
  claude('claude-sonnet-4.6', 'Claude Sonnet 4.6', 1.3, 1_000_000, BASIC_EFFORTS),
  claude('claude-opus-4.6', 'Claude Opus 4.6', 2.2, 1_000_000, BASIC_EFFORTS),
  claude('claude-opus-4.8', 'Claude Opus 4.8', 2.2, 1_000_000, ALL_EFFORTS),
  claude('claude-sonnet-5', 'Claude Sonnet 5', 1.3, 1_000_000, ALL_EFFORTS),
  claude('claude-opus-5', 'Claude Opus 5', 2.2, 1_000_000, ALL_EFFORTS),
  gpt('gpt-5.6-sol', 'GPT-5.6 Sol', 1.5),
  gpt('gpt-5.6-terra', 'GPT-5.6 Terra', 1),
  gpt('gpt-5.6-luna', 'GPT-5.6 Luna', 0.5),
  textOnly('deepseek-3.2', 'DeepSeek 3.2', 0.25, 128_000),
  textOnly('glm-5', 'GLM 5', 0.5, 200_000),
  textOnly('qwen3-coder-next', 'Qwen3 Coder Next', 0.05, 256_000),
];

function claude(
  modelId: string,
  modelName: string,
  rateMultiplier: number,
  maxInputTokens: number,
  efforts?: readonly string[],
): SimulatedModel {
  return {
    modelId,
    modelName,
    description: `${modelName}, simulated`,
    rateMultiplier,
    supportedInputTypes: ['TEXT', 'IMAGE'],
    tokenLimits: { maxInputTokens, maxOutputTokens: 64_000 },
    supportsPromptCaching: true,
    ...(efforts ? { additionalModelRequestFieldsSchema: claudeSchema(efforts) } : {}),
  };
}

function gpt(modelId: string, modelName: string, rateMultiplier: number): SimulatedModel {
  const efforts = ['none', ...ALL_EFFORTS];
  return {
    modelId,
    modelName,
    description: `${modelName}, simulated`,
    rateMultiplier,
    supportedInputTypes: ['TEXT', 'IMAGE'],
    tokenLimits: { maxInputTokens: 272_000, maxOutputTokens: 64_000 },
    supportsPromptCaching: false,
    additionalModelRequestFieldsSchema: object({ reasoning: object({ effort: { type: 'string', enum: efforts } }) }),
  };
}

function textOnly(modelId: string, modelName: string, rateMultiplier: number, maxInputTokens: number): SimulatedModel {
  return {
    ...claude(modelId, modelName, rateMultiplier, maxInputTokens),
    supportedInputTypes: ['TEXT'],
    supportsPromptCaching: false,
  };
}

function claudeSchema(efforts: readonly string[]): JsonObject {
  return object({
    output_config: object({ effort: { type: 'string', enum: efforts } }),
    thinking: {
      ...object({
        type: { type: 'string', enum: ['adaptive'] },
        display: { type: 'string', enum: ['summarized', 'omitted'] },
      }),
      required: ['type'],
    },
  });
}

function object(properties: JsonObject): JsonObject {
  return { type: 'object', properties, additionalProperties: false };
}
