import { describe, expect, it } from 'vitest';
import { OPUS } from '../../../test/support/codewhisperer.ts';
import type { OutputLimits } from '../../core/conversation.ts';
import type { JsonObject } from '../../core/json.ts';
import { outputLimitSettings } from './output-limit.ts';
import { wireProfile } from './profiles.ts';

const BOUNDED: JsonObject = { properties: { max_tokens: { type: 'integer', minimum: 1_024, maximum: 128_000 } } };
const UNBOUNDED: JsonObject = { properties: { max_tokens: { type: 'integer', minimum: 'low', maximum: -1 } } };

function settingsFor(maxTokens: number | undefined, schema: JsonObject | undefined, profile = 'q-rest') {
  const output: OutputLimits = {
    maxTokens,
    stopSequences: [],
    format: { type: 'text' },
    maxTokensAt: 'max_output_tokens',
  };
  return outputLimitSettings(output, { ...OPUS, reasoningSchema: schema }, wireProfile(profile));
}

describe('an output limit', () => {
  it.each([
    ['within the bounds', 8_000, BOUNDED, 8_000],
    ['equal to the minimum', 1_024, BOUNDED, 1_024],
    ['equal to the maximum', 128_000, BOUNDED, 128_000],
    ['above the maximum', 1_000_000, BOUNDED, 128_000],
    ['with senseless bounds', 5, UNBOUNDED, 5],
  ])('%s is sent', (_name, maxTokens, schema, sent) => {
    const { fields, adjustments } = settingsFor(maxTokens, schema);
    expect(fields).toEqual({ max_tokens: sent });
    expect(adjustments).toEqual([
      { rule: 'output-limit-sent', path: 'max_output_tokens', before: String(maxTokens), after: String(sent) },
    ]);
  });

  it.each([
    ['below the minimum', 1_023, BOUNDED, 'q-rest'],
    ['that the request does not have', undefined, BOUNDED, 'q-rest'],
    ['of a model that accepts none', 8_000, OPUS.reasoningSchema, 'q-rest'],
    ['of a model without a schema', 8_000, undefined, 'q-rest'],
    ['with a wire profile that accepts no settings', 8_000, BOUNDED, 'codewhisperer-legacy'],
  ])('%s is not sent', (_name, maxTokens, schema, profile) => {
    expect(settingsFor(maxTokens, schema, profile)).toEqual({ fields: {}, adjustments: [] });
  });
});
