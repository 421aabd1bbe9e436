import { describe, expect, it } from 'vitest';
import { OPUS } from '../../../test/support/codewhisperer.ts';
import type { OutputLimits, Reasoning, ReasoningEffort } from '../../core/conversation.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Model } from '../../core/models.ts';
import { wireProfile } from './profiles.ts';
import { nearestEffort, reasoningSettings } from './reasoning-settings.ts';

const on = (effort?: ReasoningEffort, budgetTokens?: number): Reasoning => ({ mode: 'on', effort, budgetTokens });
const schemaOf = (properties: JsonObject): JsonObject => ({ type: 'object', properties });
const effort = (...values: string[]): JsonObject => ({ properties: { effort: { enum: values } } });

const CLAUDE = OPUS.reasoningSchema;
const GPT = schemaOf({ reasoning: effort('none', 'low', 'medium', 'high') });
const EFFORT_ALONE = schemaOf({ output_config: effort('low', 'medium', 'high') });
const ENABLED = schemaOf({ thinking: { properties: { type: { enum: ['enabled', 'disabled'] }, budget_tokens: {} } } });
const ADAPTIVE = schemaOf({ thinking: { properties: { type: { const: 'adaptive' } } } });

const WITH_DEFAULT = schemaOf({
  output_config: { properties: { effort: { enum: ['low', 'medium', 'high'], default: 'medium' } } },
  thinking: { properties: { type: { enum: ['adaptive', 'disabled'] }, display: { enum: ['summarized'] } } },
});

const OUTPUT: OutputLimits = { maxTokens: undefined, stopSequences: [], format: { type: 'text' } };

function settingsFor(reasoning: Reasoning, model: Partial<Model>, { profile = 'q-rest', maxTokens = 64_000 } = {}) {
  const known = { ...OPUS, ...model };
  const output = { ...OUTPUT, maxTokens };
  return reasoningSettings({ reasoning, output }, { id: known.id, model: known }, wireProfile(profile));
}

const thinking = { type: 'adaptive', display: 'summarized' };

describe('reasoning settings', () => {
  const cases: {
    name: string;
    schema: JsonObject | undefined;
    reasoning: Reasoning;
    fields: unknown;
    mapped?: [string, string];
    noted?: object[];
  }[] = [
    { name: 'unset', schema: CLAUDE, reasoning: { mode: 'unset' }, fields: {} },
    {
      name: 'off without a setting for it',
      schema: CLAUDE,
      reasoning: { mode: 'off' },
      fields: { output_config: { effort: 'low' } },
      noted: [{ rule: 'reasoning-not-off', path: 'reasoning', before: 'off', after: 'low' }],
    },
    {
      name: 'off if neither thinking nor an effort can express it',
      schema: ADAPTIVE,
      reasoning: { mode: 'off' },
      fields: {},
      noted: [{ rule: 'reasoning-not-off', path: 'reasoning' }],
    },
    {
      name: 'unset with a default effort',
      schema: WITH_DEFAULT,
      reasoning: { mode: 'unset' },
      fields: { output_config: { effort: 'medium' }, thinking },
      noted: [{ rule: 'reasoning-default', path: 'reasoning', after: 'medium' }],
    },
    {
      name: 'unset with thinking off by default',
      schema: schemaOf({
        output_config: { properties: { effort: { enum: ['low', 'high'], default: 'high' } } },
        thinking: { properties: { type: { enum: ['adaptive', 'disabled'], default: 'disabled' } } },
      }),
      reasoning: { mode: 'unset' },
      fields: { output_config: { effort: 'high' }, thinking: { type: 'disabled' } },
      noted: [{ rule: 'reasoning-default', path: 'reasoning', after: 'high' }],
    },
    {
      name: 'a default that is not among the efforts',
      schema: schemaOf({ reasoning: { properties: { effort: { enum: ['low'], default: 'turbo' } } } }),
      reasoning: { mode: 'unset' },
      fields: {},
    },
    {
      name: 'on without details, with a default effort',
      schema: WITH_DEFAULT,
      reasoning: on(),
      fields: { output_config: { effort: 'medium' }, thinking },
    },
    { name: 'off by effort', schema: GPT, reasoning: { mode: 'off' }, fields: { reasoning: { effort: 'none' } } },
    { name: 'off by type', schema: ENABLED, reasoning: { mode: 'off' }, fields: { thinking: { type: 'disabled' } } },
    { name: 'off without settings', schema: undefined, reasoning: { mode: 'off' }, fields: {} },
    { name: 'on without details', schema: CLAUDE, reasoning: on(), fields: { thinking } },
    { name: 'an effort', schema: CLAUDE, reasoning: on('max'), fields: { output_config: { effort: 'max' }, thinking } },
    {
      name: 'an effort below all values',
      schema: CLAUDE,
      reasoning: on('minimal'),
      fields: { output_config: { effort: 'low' }, thinking },
      mapped: ['minimal', 'low'],
    },
    {
      name: 'a budget',
      schema: CLAUDE,
      reasoning: on(undefined, 31_999),
      fields: { output_config: { effort: 'high' }, thinking },
      mapped: ['31999 tokens', 'high'],
    },
    {
      name: 'on with an effort alone',
      schema: EFFORT_ALONE,
      reasoning: on(),
      fields: { output_config: { effort: 'high' } },
    },
    {
      name: 'an effort above all values',
      schema: GPT,
      reasoning: on('max'),
      fields: { reasoning: { effort: 'high' } },
      mapped: ['max', 'high'],
    },
    {
      name: 'a budget with a setting for it',
      schema: ENABLED,
      reasoning: on(undefined, 5_000),
      fields: { thinking: { type: 'enabled', budget_tokens: 5_000 } },
    },
    {
      name: 'on without a choice of display',
      schema: ADAPTIVE,
      reasoning: on(),
      fields: { thinking: { type: 'adaptive' } },
    },
    {
      name: 'a schema without known members',
      schema: schemaOf({ other: {} }),
      reasoning: on('low'),
      fields: {},
      noted: [{ rule: 'reasoning-unavailable', path: 'reasoning' }],
    },
  ];
  it.each(cases)('$name', ({ schema, reasoning, fields, mapped, noted }) => {
    const settings = settingsFor(reasoning, { ...OPUS, reasoningSchema: schema });
    expect(settings.fields).toEqual(fields);
    expect(settings.tags).toBeUndefined();
    expect(settings.adjustments).toEqual(
      noted ??
        (mapped ? [{ rule: 'reasoning-effort-mapped', path: 'reasoning', before: mapped[0], after: mapped[1] }] : []),
    );
  });

  const tagged: { name: string; reasoning: Reasoning; length: number }[] = [
    { name: 'a budget', reasoning: on(undefined, 2_000), length: 2_000 },
    { name: 'an effort', reasoning: on('low'), length: 4_096 },
    { name: 'no details', reasoning: on(), length: 24_576 },
  ];
  it.each(tagged)('use tags with $name if an older model accepts no settings', ({ reasoning, length }) => {
    const settings = settingsFor(reasoning, { id: 'claude-sonnet-4.5', reasoningSchema: undefined });
    expect(settings.tags).toContain(`<max_thinking_length>${length}</max_thinking_length>`);
    expect(settings.fields).toEqual({});
    expect(settings.adjustments).toEqual([{ rule: 'reasoning-tags', path: 'reasoning' }]);
  });

  it.each([
    ['claude-haiku-4.5', true],
    ['CLAUDE_3_7_SONNET_20250219_V1_0', true],
    ['claude-opus-4', true],
    ['claude-sonnet-4.6', false],
    ['claude-opus-5.5', false],
    ['claude-haiku-5', false],
    ['auto', false],
    ['gpt-5.6-sol', false],
    ['deepseek-3.2', false],
  ])('ask %s by tags: %s', (id, isAsked) => {
    const { tags, adjustments } = settingsFor(on('high'), { id, reasoningSchema: undefined });
    expect(tags !== undefined).toBe(isAsked);
    expect(adjustments.map(({ rule }) => rule)).toEqual([isAsked ? 'reasoning-tags' : 'reasoning-unavailable']);
  });

  it('never use tags for a model with native reasoning, even if the wire profile accepts no settings', () => {
    const { tags, fields, adjustments } = settingsFor(on('high'), {}, { profile: 'codewhisperer-legacy' });
    expect([tags, fields]).toEqual([undefined, {}]);
    expect(adjustments).toEqual([{ rule: 'reasoning-unavailable', path: 'reasoning' }]);
  });

  it.each(['claude-opus-5.5', 'CLAUDE_SONNET_5_5_20261001_V1_0'])(
    'ask %s, which always thinks, to think as little as it can although its schema lists a word for off',
    (id) => {
      const { fields, adjustments } = settingsFor({ mode: 'off' }, { id, reasoningSchema: WITH_DEFAULT });
      expect(fields).toEqual({ output_config: { effort: 'low' } });
      expect(adjustments.map(({ rule }) => rule)).toEqual(['reasoning-not-off']);
    },
  );

  it('request the lowest effort of a model that has refused to turn its thinking off', () => {
    const model = { id: 'claude-opus-9', model: { ...OPUS, reasoningSchema: WITH_DEFAULT } };
    const conversation = { reasoning: { mode: 'off' } as const, output: OUTPUT };
    const settings = (thinksAlways?: boolean) =>
      reasoningSettings(conversation, model, wireProfile('q-rest'), thinksAlways).fields;
    expect(settings()).toEqual({ thinking: { type: 'disabled' } });
    expect(settings(true)).toEqual({ output_config: { effort: 'low' } });
  });

  it('leave out the default if thinking would use up a short reply', () => {
    expect(settingsFor({ mode: 'unset' }, { reasoningSchema: WITH_DEFAULT }, { maxTokens: 50 }).fields).toEqual({});
  });
});

describe('the nearest effort', () => {
  const cases: [ReasoningEffort, string[], string | undefined][] = [
    ['high', ['low', 'high'], 'high'],
    ['xhigh', ['high', 'max'], 'high'],
    ['minimal', ['medium', 'high'], 'medium'],
    ['low', ['none', 'high'], 'high'],
    ['none', ['none', 'low'], 'none'],
    ['none', ['low'], undefined],
    ['low', ['turbo'], undefined],
    ['low', [], undefined],
  ];
  it.each(cases)('to %s of %j is %s', (requested, offered, expected) => {
    expect(nearestEffort(requested, offered)).toBe(expected);
  });
});
