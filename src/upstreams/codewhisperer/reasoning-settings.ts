/**
 * How reasoning is requested. Models whose catalogue entry has reasoning take settings in
 * `additionalModelRequestFields`, as the entry's schema allows. Older models are instructed by tags in the system text,
 * and then think between <thinking> tags.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import { type Conversation, REASONING_EFFORTS, type Reasoning, type ReasoningEffort } from '../../core/conversation.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ResolvedModel } from '../upstream.ts';
import { choices, defaultOf, effortMember, property, showsReasoning } from './model-schema.ts';
import { alwaysThinks, followsThinkingTags } from './model-traits.ts';
import { note } from './normalize/rules.ts';
import type { WireProfile } from './profiles.ts';

export interface ReasoningSettings {
  /** Members of `additionalModelRequestFields`; empty: none. */
  readonly fields: Readonly<Record<string, JsonValue>>;
  /** Appended to the system text; undefined: none. */
  readonly tags: string | undefined;
  readonly adjustments: readonly Adjustment[];
}

const NOTHING: ReasoningSettings = { fields: {}, tags: undefined, adjustments: [] };

export function reasoningSettings(
  { reasoning, output }: Pick<Conversation, 'reasoning' | 'output'>,
  { id = '', model }: Pick<ResolvedModel, 'id' | 'model'>,
  profile: WireProfile,
  /** Learnt from a refusal; undefined: what is known of the model counts. */
  thinksAlways?: boolean,
): ReasoningSettings {
  const schema = profile.accepts.reasoningSettings ? model?.reasoningSchema : undefined;
  if (schema && showsReasoning(schema)) {
    switch (reasoning.mode) {
      case 'on':
        return onSettings(reasoning, schema);
      case 'off':
        return offSettings(schema, thinksAlways ?? alwaysThinks(id));
      case 'unset':
        return defaultSettings(schema, output.maxTokens);
    }
  }
  if (reasoning.mode !== 'on') return NOTHING;
  if (model?.reasoningSchema || !followsThinkingTags(id))
    return { ...NOTHING, adjustments: [note('reasoning-unavailable', 'reasoning')] };
  const budget = reasoning.budgetTokens ?? BUDGETS[reasoning.effort ?? 'high'];
  const tags = `<thinking_mode>enabled</thinking_mode><max_thinking_length>${budget}</max_thinking_length>`;
  return { ...NOTHING, tags, adjustments: [note('reasoning-tags', 'reasoning')] };
}

type ReasoningOn = Extract<Reasoning, { mode: 'on' }>;

function onSettings(reasoning: ReasoningOn, schema: JsonObject): ReasoningSettings {
  const adjustments: Adjustment[] = [];
  const fields: Record<string, JsonValue> = {};
  const effort = effortMember(schema);
  const thinking = thinkingFields(schema, reasoning.budgetTokens);
  if (effort) {
    const effortRequested = reasoning.effort ?? effortOfBudget(reasoning.budgetTokens);
    // Without a thinking switch, the effort alone turns reasoning on.
    const open =
      defaultOf(schema, effort.holder, 'effort') ?? (thinking ? undefined : nearestEffort('high', effort.efforts));
    const chosen = effortRequested === undefined ? open : nearestEffort(effortRequested, effort.efforts);
    if (chosen !== undefined) fields[effort.holder] = { effort: chosen };
    if (chosen !== reasoning.effort && effortRequested !== undefined) {
      const before = reasoning.effort ?? `${reasoning.budgetTokens} tokens`;
      adjustments.push(note('reasoning-effort-mapped', 'reasoning', before, chosen ?? 'default'));
    }
  }
  if (thinking) fields.thinking = thinking;
  return { fields, tags: undefined, adjustments };
}

/** A model that cannot turn thinking off gets its lowest effort. */
function offSettings(schema: JsonObject, thinksAlways: boolean): ReasoningSettings {
  const effort = effortMember(schema);
  if (effort?.efforts.includes('none')) return { ...NOTHING, fields: { [effort.holder]: { effort: 'none' } } };
  if (choices(schema, 'thinking', 'type').includes('disabled') && !thinksAlways)
    return { ...NOTHING, fields: { thinking: { type: 'disabled' } } };
  const lowest = effort && nearestEffort('minimal', effort.efforts);
  if (!effort || lowest === undefined) return { ...NOTHING, adjustments: [note('reasoning-not-off', 'reasoning')] };
  const adjustments = [note('reasoning-not-off', 'reasoning', 'off', lowest)];
  return { ...NOTHING, fields: { [effort.holder]: { effort: lowest } }, adjustments };
}

/**
 * Like the service's own clients: the schema's default effort, with thinking left to the model. Not for a reply so
 * short that thinking would use it up.
 */
function defaultSettings(schema: JsonObject, maxTokens = Number.POSITIVE_INFINITY): ReasoningSettings {
  const effort = effortMember(schema);
  const chosen = effort && defaultOf(schema, effort.holder, 'effort');
  if (!effort || chosen === undefined || maxTokens < MIN_TOKENS_TO_THINK) return NOTHING;
  const type = defaultOf(schema, 'thinking', 'type');
  const thinking = type === undefined || type === 'adaptive' ? thinkingFields(schema, undefined) : { type };
  const fields = { [effort.holder]: { effort: chosen }, ...(thinking ? { thinking } : {}) };
  return { ...NOTHING, fields, adjustments: [note('reasoning-default', 'reasoning', undefined, chosen)] };
}

const MIN_TOKENS_TO_THINK = 4_096;

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

/** The nearest effort on the scale, the cheaper of two; `none` matches only itself. */
export function nearestEffort(effortRequested: ReasoningEffort, offered: readonly string[]): string | undefined {
  if (effortRequested === 'none') return offered.find((effort) => effort === 'none');
  const goal = REASONING_EFFORTS.indexOf(effortRequested);
  const near = REASONING_EFFORTS.filter((effort) => effort !== 'none' && offered.includes(effort));
  return near.reduce<ReasoningEffort | undefined>((best, effort) => {
    const distance = (candidate: ReasoningEffort) => Math.abs(REASONING_EFFORTS.indexOf(candidate) - goal);
    return best === undefined || distance(effort) < distance(best) ? effort : best;
  }, undefined);
}

/** Thinking budget in tokens by effort; also used in reverse to turn a budget into an effort. */
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
