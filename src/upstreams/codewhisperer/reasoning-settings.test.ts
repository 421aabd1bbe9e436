import { describe, expect, it } from 'vitest';
import { OPUS } from '../../../test/support/codewhisperer.ts';
import type { Reasoning, ReasoningEffort } from '../../core/conversation.ts';
import type { JsonObject } from '../../core/json.ts';
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

const thinking = { type: 'adaptive', display: 'summarized' };

describe('reasoning settings', () => {
  const cases: {
    name: string;
    schema: JsonObject | undefined;
    asked: Reasoning;
    fields: unknown;
    mapped?: [string, string];
  }[] = [
    { name: 'nothing asked', schema: CLAUDE, asked: { mode: 'unset' }, fields: undefined },
    { name: 'off where there is no word for it', schema: CLAUDE, asked: { mode: 'off' }, fields: undefined },
    { name: 'off by effort', schema: GPT, asked: { mode: 'off' }, fields: { reasoning: { effort: 'none' } } },
    { name: 'off by type', schema: ENABLED, asked: { mode: 'off' }, fields: { thinking: { type: 'disabled' } } },
    { name: 'off without settings', schema: undefined, asked: { mode: 'off' }, fields: undefined },
    { name: 'on, no more said', schema: CLAUDE, asked: on(), fields: { thinking } },
    { name: 'an effort', schema: CLAUDE, asked: on('max'), fields: { output_config: { effort: 'max' }, thinking } },
    {
      name: 'an effort below all',
      schema: CLAUDE,
      asked: on('minimal'),
      fields: { output_config: { effort: 'low' }, thinking },
      mapped: ['minimal', 'low'],
    },
    {
      name: 'a budget',
      schema: CLAUDE,
      asked: on(undefined, 31_999),
      fields: { output_config: { effort: 'high' }, thinking },
      mapped: ['31999 tokens', 'high'],
    },
    {
      name: 'on where effort alone says it',
      schema: EFFORT_ALONE,
      asked: on(),
      fields: { output_config: { effort: 'high' } },
    },
    {
      name: 'an effort above all',
      schema: GPT,
      asked: on('max'),
      fields: { reasoning: { effort: 'high' } },
      mapped: ['max', 'high'],
    },
    {
      name: 'a budget where it can be said',
      schema: ENABLED,
      asked: on(undefined, 5_000),
      fields: { thinking: { type: 'enabled', budget_tokens: 5_000 } },
    },
    {
      name: 'on without a choice of display',
      schema: ADAPTIVE,
      asked: on(),
      fields: { thinking: { type: 'adaptive' } },
    },
    { name: 'a schema without anything known', schema: schemaOf({ other: {} }), asked: on('low'), fields: undefined },
  ];
  it.each(cases)('$name', ({ schema, asked, fields, mapped }) => {
    const settings = reasoningSettings(asked, { ...OPUS, reasoningSchema: schema }, wireProfile('q-rest'));
    expect(settings.fields).toEqual(fields);
    expect(settings.tags).toBeUndefined();
    expect(settings.adjustments).toEqual(
      mapped ? [{ rule: 'reasoning-effort-mapped', path: 'reasoning', before: mapped[0], after: mapped[1] }] : [],
    );
  });

  const tagged: { name: string; asked: Reasoning; length: number }[] = [
    { name: 'a budget', asked: on(undefined, 2_000), length: 2_000 },
    { name: 'an effort', asked: on('low'), length: 4_096 },
    { name: 'nothing more', asked: on(), length: 24_576 },
  ];
  it.each(tagged)('ask by tags with $name where the model takes no settings', ({ asked, length }) => {
    const settings = reasoningSettings(asked, { ...OPUS, reasoningSchema: undefined }, wireProfile('q-rest'));
    expect(settings.tags).toContain(`<max_thinking_length>${length}</max_thinking_length>`);
    expect(settings.fields).toBeUndefined();
    expect(settings.adjustments).toEqual([{ rule: 'reasoning-tags', path: 'reasoning' }]);
  });

  it('ask by tags where the wire profile takes no settings', () => {
    expect(reasoningSettings(on('high'), OPUS, wireProfile('codewhisperer-legacy')).tags).toBeDefined();
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
  it.each(cases)('to %s of %j is %s', (wanted, offered, expected) => {
    expect(nearestEffort(wanted, offered)).toBe(expected);
  });
});
