/** Reads the reasoning options of every dialect. */
import { isReasoningEffort, type Reasoning, type ReasoningEffort } from '../../core/conversation.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { refuse } from '../shape.ts';
import type { Api, Dialect, Reading } from './reading.ts';

/** The value of one field. */
interface Setting {
  readonly mode?: 'on' | 'off' | undefined;
  readonly effort?: ReasoningEffort | undefined;
  readonly budgetTokens?: number | undefined;
}

interface Field {
  readonly at: string;
  /** The dialects it belongs to. */
  readonly dialects: readonly Dialect[];
  read(request: JsonObject, reading: Reading): Setting | undefined;
}

const REASONING_EFFORT: Field = {
  at: 'reasoning_effort',
  dialects: ['openai-chat'],
  read: ({ reasoning_effort: effort }, reading) => ofEffort(effort, 'reasoning_effort', reading),
};

/** Belongs to Responses, and to OpenRouter, whose format Chat Completions clients use too. */
const REASONING: Field = { at: 'reasoning', dialects: ['openai-chat', 'openai-responses'], read: readReasoningObject };

const THINKING: Field = { at: 'thinking', dialects: ['anthropic'], read: readThinkingOption };

const OUTPUT_CONFIG: Field = {
  at: 'output_config.effort',
  dialects: ['anthropic'],
  read: ({ output_config: config }, reading) =>
    isJsonObject(config) ? ofEffort(config.effort, 'output_config.effort', reading) : undefined,
};

/** Used by Qwen and vLLM. */
const ENABLE_THINKING: Field = { at: 'enable_thinking', dialects: [], read: readEnableThinking };

const INCLUDE_REASONING: Field = {
  at: 'include_reasoning',
  dialects: ['openai-chat'],
  read: ({ include_reasoning: isIncluded }) => (isIncluded === true ? { mode: 'on' } : undefined),
};

/** The first field that sets a mode decides it; effort and budget may come from a later field. */
const ORDER: Readonly<Record<Api, readonly Field[]>> = {
  'openai-chat': [REASONING_EFFORT, REASONING, THINKING, OUTPUT_CONFIG, ENABLE_THINKING, INCLUDE_REASONING],
  'openai-responses': [REASONING, REASONING_EFFORT, THINKING, OUTPUT_CONFIG, ENABLE_THINKING, INCLUDE_REASONING],
  anthropic: [THINKING, OUTPUT_CONFIG, REASONING_EFFORT, REASONING, ENABLE_THINKING, INCLUDE_REASONING],
};

export function readReasoningOptions(request: object, reading: Reading): Reasoning {
  const fields = request as JsonObject; // parsed from JSON
  if (!hasAnyField(fields)) return UNSET;
  let decided: Setting | undefined;
  for (const field of ORDER[reading.api]) {
    const setting = field.read(fields, reading);
    if (setting === undefined) continue;
    const isForeign = !field.dialects.includes(reading.api);
    if (isForeign) reading.spelled(field.dialects[0] ?? 'qwen', field.at, field.at);
    if (decided !== undefined && contradicts(decided, setting)) reading.notes.add('parameter-ignored', field.at);
    decided = decided === undefined ? setting : merge(decided, setting);
  }
  return toReasoning(decided);
}

const UNSET: Reasoning = { mode: 'unset' };

/** Of those that the readers look at. Most requests have none. */
function hasAnyField(request: JsonObject): boolean {
  for (const key in request) if (FIELDS.has(key)) return true;
  return false;
}

const FIELDS: ReadonlySet<string> = new Set([
  'reasoning_effort',
  'reasoning',
  'thinking',
  'output_config',
  'enable_thinking',
  'thinking_budget',
  'chat_template_kwargs',
  'include_reasoning',
]);

/** Whether `decided` overrides a value of `other`. */
function contradicts(decided: Setting, other: Setting): boolean {
  const isMode = decided.mode !== undefined && other.mode !== undefined && decided.mode !== other.mode;
  const isEffort = decided.effort !== undefined && other.effort !== undefined && decided.effort !== other.effort;
  const isBudget =
    decided.budgetTokens !== undefined &&
    other.budgetTokens !== undefined &&
    decided.budgetTokens !== other.budgetTokens;
  return isMode || isEffort || isBudget;
}

function merge(decided: Setting, other: Setting): Setting {
  return {
    mode: decided.mode ?? other.mode,
    effort: decided.effort ?? other.effort,
    budgetTokens: decided.budgetTokens ?? other.budgetTokens,
  };
}

function toReasoning(setting: Setting | undefined): Reasoning {
  if (setting?.mode === undefined) return UNSET;
  if (setting.mode === 'off') return { mode: 'off' };
  return { mode: 'on', effort: setting.effort, budgetTokens: setting.budgetTokens };
}

/** Notes an unknown effort and returns undefined. */
function ofEffort(effort: JsonValue | undefined, at: string, { notes }: Reading): Setting | undefined {
  if (effort === undefined || effort === null) return undefined;
  if (typeof effort !== 'string') throw refuse(at, 'expected a string.');
  if (effort === 'none') return { mode: 'off' };
  if (isReasoningEffort(effort)) return { mode: 'on', effort };
  notes.add('parameter-ignored', at);
  return undefined;
}

function readReasoningObject({ reasoning }: JsonObject, reading: Reading): Setting | undefined {
  if (reasoning === undefined || reasoning === null) return undefined;
  if (typeof reasoning === 'boolean') return { mode: reasoning ? 'on' : 'off' };
  if (typeof reasoning === 'string') return ofEffort(reasoning, 'reasoning', reading);
  if (!isJsonObject(reasoning)) throw refuse('reasoning', 'expected an object.');
  if (reasoning.enabled === false) return { mode: 'off' };
  const budget = ofBudget(reasoning.max_tokens, 'reasoning.max_tokens');
  const effort = ofEffort(reasoning.effort, 'reasoning.effort', reading);
  if (effort?.mode === 'off') return effort;
  if (effort || budget) return { ...budget, ...effort };
  return reasoning.enabled === true ? { mode: 'on' } : undefined;
}

const THINKING_TYPES: ReadonlySet<string> = new Set(['enabled', 'adaptive', 'between_tools', 'auto']);

function readThinkingOption({ thinking }: JsonObject): Setting | undefined {
  if (thinking === undefined || thinking === null) return undefined;
  if (typeof thinking === 'boolean') return { mode: thinking ? 'on' : 'off' };
  const { type, budget_tokens: tokens } = isJsonObject(thinking) ? thinking : { type: thinking };
  if (type === 'disabled') return { mode: 'off' };
  if (typeof type !== 'string' || !THINKING_TYPES.has(type))
    throw refuse('thinking.type', 'expected "enabled", "adaptive", "between_tools" or "disabled".');
  return { mode: 'on', ...ofBudget(tokens, 'thinking.budget_tokens') };
}

function readEnableThinking(request: JsonObject): Setting | undefined {
  const { chat_template_kwargs: template, thinking_budget: tokens } = request;
  const isEnabled = request.enable_thinking ?? (isJsonObject(template) ? template.enable_thinking : undefined);
  if (isEnabled === false) return { mode: 'off' };
  const budget = ofBudget(tokens, 'thinking_budget');
  return isEnabled === true ? { mode: 'on', ...budget } : budget;
}

/** A budget of 0 turns reasoning off, as some clients do. */
function ofBudget(tokens: JsonValue | undefined, at: string): Setting | undefined {
  if (tokens === undefined || tokens === null) return undefined;
  if (typeof tokens !== 'number' || !Number.isInteger(tokens)) throw refuse(at, 'expected an integer.');
  // A negative budget leaves it to the model.
  if (tokens < 0) return { mode: 'on' };
  return tokens === 0 ? { mode: 'off' } : { mode: 'on', budgetTokens: tokens };
}
