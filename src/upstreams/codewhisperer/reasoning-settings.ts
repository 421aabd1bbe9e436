/**
 * How reasoning is asked for. Models whose catalogue entry has a schema for it take settings in
 * `additionalModelRequestFields`, which the schema decides; the others are asked by tags in the system text, and then
 * think aloud between <thinking> tags.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import { REASONING_EFFORTS, type Reasoning, type ReasoningEffort } from '../../core/conversation.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Model } from '../../core/models.ts';
import { note } from './normalize/rules.ts';
import type { WireProfile } from './profiles.ts';

export interface ReasoningSettings {
  /** `additionalModelRequestFields`; undefined: none. */
  readonly fields: JsonObject | undefined;
  /** For the end of the system text; undefined: none. */
  readonly tags: string | undefined;
  readonly adjustments: readonly Adjustment[];
}

const NOTHING: ReasoningSettings = { fields: undefined, tags: undefined, adjustments: [] };

export function reasoningSettings(
  reasoning: Reasoning,
  model: Model | undefined,
  profile: WireProfile,
): ReasoningSettings {
  const schema = profile.accepts.reasoningSettings ? model?.reasoningSchema : undefined;
  if (reasoning.mode !== 'on') {
    const isOff = reasoning.mode === 'off';
    return isOff && schema ? { ...NOTHING, fields: offFields(schema) } : NOTHING;
  }
  if (schema) return onFields(reasoning, schema);
  const budget = reasoning.budgetTokens ?? BUDGETS[reasoning.effort ?? 'high'];
  const tags = `<thinking_mode>enabled</thinking_mode><max_thinking_length>${budget}</max_thinking_length>`;
  return { fields: undefined, tags, adjustments: [note('reasoning-tags', 'reasoning')] };
}

type ReasoningOn = Extract<Reasoning, { mode: 'on' }>;

function onFields(reasoning: ReasoningOn, schema: JsonObject): ReasoningSettings {
  const adjustments: Adjustment[] = [];
  const fields: Record<string, JsonValue> = {};
  const effort = effortHolder(schema);
  const thinking = thinkingFields(schema, reasoning.budgetTokens);
  if (effort) {
    // Without a thinking switch, the effort alone turns reasoning on.
    const wanted = reasoning.effort ?? effortOfBudget(reasoning.budgetTokens) ?? (thinking ? undefined : 'high');
    const chosen = wanted === undefined ? undefined : nearestEffort(wanted, effort.efforts);
    if (chosen !== undefined) fields[effort.name] = { effort: chosen };
    if (chosen !== reasoning.effort && wanted !== undefined && (reasoning.effort || reasoning.budgetTokens)) {
      const before = reasoning.effort ?? `${reasoning.budgetTokens} tokens`;
      adjustments.push(note('reasoning-effort-mapped', 'reasoning', before, chosen ?? 'default'));
    }
  }
  if (thinking) fields.thinking = thinking;
  return { fields: isEmpty(fields) ? undefined : fields, tags: undefined, adjustments };
}

/** Off is said only where the schema has a word for it; otherwise saying nothing is off. */
function offFields(schema: JsonObject): JsonObject | undefined {
  const effort = effortHolder(schema);
  if (effort?.efforts.includes('none')) return { [effort.name]: { effort: 'none' } };
  return choices(schema, 'thinking', 'type').includes('disabled') ? { thinking: { type: 'disabled' } } : undefined;
}

function thinkingFields(schema: JsonObject, budgetTokens: number | undefined): JsonObject | undefined {
  const thinking = property(schema, 'thinking');
  if (!thinking) return undefined;
  const types = choices(schema, 'thinking', 'type');
  const type = types.includes('adaptive') || types.length === 0 ? 'adaptive' : types.find((name) => name === 'enabled');
  if (type === undefined) return undefined;
  const budget = type === 'enabled' && property(thinking, 'budget_tokens') ? budgetTokens : undefined;
  return {
    type,
    ...(budget === undefined ? {} : { budget_tokens: budget }),
    ...(choices(schema, 'thinking', 'display').includes('summarized') ? { display: 'summarized' } : {}),
  };
}

/** Claude models have `output_config.effort`, GPT models `reasoning.effort`. */
function effortHolder(schema: JsonObject): { name: string; efforts: readonly string[] } | undefined {
  for (const name of ['output_config', 'reasoning']) {
    const efforts = choices(schema, name, 'effort');
    if (efforts.length > 0) return { name, efforts };
  }
  return undefined;
}

function choices(schema: JsonObject, holder: string, name: string): string[] {
  const outer = property(schema, holder);
  const inner = outer && property(outer, name);
  const values: readonly JsonValue[] = Array.isArray(inner?.enum) ? inner.enum : [inner?.const ?? null];
  return values.filter((value) => typeof value === 'string');
}

function property(schema: JsonObject, name: string): JsonObject | undefined {
  const { properties } = schema;
  const found = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return isJsonObject(found) ? found : undefined;
}

/** The nearest on the scale, the cheaper one of two; `none` is never near to anything else. */
export function nearestEffort(wanted: ReasoningEffort, offered: readonly string[]): string | undefined {
  if (wanted === 'none') return offered.find((effort) => effort === 'none');
  const goal = REASONING_EFFORTS.indexOf(wanted);
  const near = REASONING_EFFORTS.filter((effort) => effort !== 'none' && offered.includes(effort));
  return near.reduce<ReasoningEffort | undefined>((best, effort) => {
    const distance = (candidate: ReasoningEffort) => Math.abs(REASONING_EFFORTS.indexOf(candidate) - goal);
    return best === undefined || distance(effort) < distance(best) ? effort : best;
  }, undefined);
}

/** Tokens a model may think for, by effort; the same figures read backwards turn a budget into an effort. */
const BUDGETS: Record<ReasoningEffort, number> = {
  none: 0,
  minimal: 1_024,
  low: 4_096,
  medium: 10_240,
  high: 24_576,
  xhigh: 32_768,
  max: 65_536,
};

function effortOfBudget(budgetTokens: number | undefined): ReasoningEffort | undefined {
  if (budgetTokens === undefined) return undefined;
  if (budgetTokens <= BUDGETS.low) return 'low';
  if (budgetTokens <= BUDGETS.medium) return 'medium';
  if (budgetTokens <= BUDGETS.xhigh) return 'high';
  return budgetTokens <= BUDGETS.max ? 'xhigh' : 'max';
}

function isEmpty(object: object): boolean {
  return Object.keys(object).length === 0;
}
