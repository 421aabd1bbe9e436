/** The models that the simulated service offers, in the shape of ListAvailableModels. */
import type { JsonObject } from '../core/json.ts';

export interface SimulatedModel {
  readonly modelId: string;
  readonly modelName: string;
  readonly description: string;
  /** Credits relative to the base rate. */
  readonly rateMultiplier: number;
  readonly supportedInputTypes: readonly ('TEXT' | 'IMAGE')[];
  readonly tokenLimits: { readonly maxInputTokens: number; readonly maxOutputTokens: number };
  readonly supportsPromptCaching: boolean;
  /** Absent if the service suggests no fallback for refusals of this model. */
  readonly refusalFallbackModels?: readonly string[];
  /** Absent if the model does not accept `additionalModelRequestFields`. */
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
    ...(model.refusalFallbackModels ? { refusalFallbackModels: model.refusalFallbackModels } : {}),
    ...(model.additionalModelRequestFieldsSchema
      ? { additionalModelRequestFieldsSchema: model.additionalModelRequestFieldsSchema }
      : {}),
  };
}

const BASIC_EFFORTS = ['low', 'medium', 'high', 'max'];
const ALL_EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'];
const THINKING_TYPES = ['adaptive', 'disabled', 'between_tools'];
const ALWAYS_THINKING_TYPES = ['adaptive', 'between_tools'];

/** Rates, windows and schemas as observed in autumn 2026; the default efforts are unknown. */
export const DEFAULT_MODELS: readonly SimulatedModel[] = [
  claude('auto', 'Auto', 1, 1_000_000),
  claude('claude-sonnet-4', 'Claude Sonnet 4', 1.3, 200_000),
  claude('claude-sonnet-4.5', 'Claude Sonnet 4.5', 1.3, 200_000),
  claude('claude-haiku-4.5', 'Claude Haiku 4.5', 0.4, 200_000),
  claude('claude-opus-4.5', 'Claude Opus 4.5', 2.2, 200_000),
  reasoning('claude-sonnet-4.6', 'Claude Sonnet 4.6', 1.3, { efforts: BASIC_EFFORTS }),
  reasoning('claude-opus-4.6', 'Claude Opus 4.6', 2.2, { efforts: BASIC_EFFORTS }),
  reasoning('claude-opus-4.7', 'Claude Opus 4.7', 2.2, { maxOutputTokens: 128_000 }),
  reasoning('claude-opus-4.8', 'Claude Opus 4.8', 2.2, { maxOutputTokens: 128_000 }),
  reasoning('claude-sonnet-5', 'Claude Sonnet 5', 1.3, { maxOutputTokens: 128_000, limitsOutput: true }),
  reasoning('claude-fable-5', 'Claude Fable 5', 2.2, { maxOutputTokens: 128_000, limitsOutput: true }),
  reasoning('claude-opus-5', 'Claude Opus 5', 2.2, {
    maxOutputTokens: 128_000,
    limitsOutput: true,
    refusalFallbackModels: ['claude-opus-4.8'],
  }),
  reasoning('claude-sonnet-5.5', 'Claude Sonnet 5.5', 1.3, {
    maxOutputTokens: 128_000,
    limitsOutput: true,
    alwaysThinks: true,
    refusalFallbackModels: ['claude-sonnet-5'],
  }),
  reasoning('claude-opus-5.5', 'Claude Opus 5.5', 2, {
    maxOutputTokens: 128_000,
    limitsOutput: true,
    alwaysThinks: true,
    refusalFallbackModels: ['claude-opus-4.8'],
  }),
  gpt('gpt-5.6-sol', 'GPT-5.6 Sol', 4.4),
  gpt('gpt-5.6-terra', 'GPT-5.6 Terra', 2.2),
  gpt('gpt-5.6-luna', 'GPT-5.6 Luna', 1.1),
  textOnly('deepseek-3.2', 'DeepSeek 3.2', 0.25, 128_000),
  textOnly('minimax-m2.1', 'MiniMax M2.1', 0.15, 196_000),
  textOnly('minimax-m2.5', 'MiniMax M2.5', 0.25, 196_000),
  textOnly('glm-5', 'GLM 5', 0.5, 200_000),
  textOnly('qwen3-coder-next', 'Qwen3 Coder Next', 0.05, 256_000),
];

function claude(modelId: string, modelName: string, rateMultiplier: number, maxInputTokens: number): SimulatedModel {
  return {
    modelId,
    modelName,
    description: `${modelName}, simulated`,
    rateMultiplier,
    supportedInputTypes: ['TEXT', 'IMAGE'],
    tokenLimits: { maxInputTokens, maxOutputTokens: 64_000 },
    supportsPromptCaching: true,
  };
}

interface ReasoningModel {
  readonly efforts?: readonly string[];
  readonly maxOutputTokens?: number;
  /** The schema includes `max_tokens`. */
  readonly limitsOutput?: boolean;
  /** The schema does not include `disabled`. */
  readonly alwaysThinks?: boolean;
  readonly refusalFallbackModels?: readonly string[];
}

function reasoning(modelId: string, modelName: string, rateMultiplier: number, more: ReasoningModel): SimulatedModel {
  const { maxOutputTokens = 64_000, refusalFallbackModels } = more;
  return {
    ...claude(modelId, modelName, rateMultiplier, 1_000_000),
    tokenLimits: { maxInputTokens: 1_000_000, maxOutputTokens },
    ...(refusalFallbackModels ? { refusalFallbackModels } : {}),
    additionalModelRequestFieldsSchema: claudeSchema(more),
  };
}

function gpt(modelId: string, modelName: string, rateMultiplier: number): SimulatedModel {
  return {
    ...claude(modelId, modelName, rateMultiplier, 1_000_000),
    supportsPromptCaching: false,
    additionalModelRequestFieldsSchema: object({ reasoning: effort(['none', ...ALL_EFFORTS], 'medium') }),
  };
}

function textOnly(modelId: string, modelName: string, rateMultiplier: number, maxInputTokens: number): SimulatedModel {
  return {
    ...claude(modelId, modelName, rateMultiplier, maxInputTokens),
    supportedInputTypes: ['TEXT'],
    supportsPromptCaching: false,
  };
}

function claudeSchema({ efforts = ALL_EFFORTS, limitsOutput, alwaysThinks }: ReasoningModel): JsonObject {
  return object({
    output_config: effort(efforts, 'high'),
    thinking: {
      ...object({
        type: { type: 'string', enum: alwaysThinks ? ALWAYS_THINKING_TYPES : THINKING_TYPES },
        display: { type: 'string', enum: ['summarized', 'omitted'] },
      }),
      required: ['type'],
    },
    ...(limitsOutput ? { max_tokens: { type: 'integer', minimum: 1_024, maximum: 128_000 } } : {}),
  });
}

function effort(efforts: readonly string[], fallback: string): JsonObject {
  return object({ effort: { type: 'string', enum: efforts, default: fallback } });
}

function object(properties: JsonObject): JsonObject {
  return { type: 'object', properties, additionalProperties: false };
}
