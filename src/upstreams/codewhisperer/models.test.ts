import { describe, expect, it } from 'vitest';
import type { Model } from '../../core/models.ts';
import { decodeModels } from './models.ts';

function model(id: string): Model {
  return {
    id,
    name: id,
    description: undefined,
    maxInputTokens: 200_000,
    maxOutputTokens: undefined,
    takesImages: true,
    promptCaching: false,
    rateMultiplier: undefined,
    rateUnit: undefined,
    reasoningSchema: undefined,
  };
}

describe('the catalogue', () => {
  it('is read from the newest shape', () => {
    const effort = { enum: ['low', 'high'], default: 'high' };
    const schema = {
      properties: {
        output_config: { properties: { effort } },
        max_tokens: { type: 'integer', minimum: 1_024, maximum: 128_000 },
      },
    };
    const body = JSON.stringify({
      models: [
        {
          modelId: 'claude-sonnet-4.5',
          modelName: 'Claude Sonnet 4.5',
          description: 'Balanced',
          rateMultiplier: 1.3,
          rateUnit: 'Credit',
          supportedInputTypes: ['TEXT', 'IMAGE'],
          tokenLimits: { maxInputTokens: 200_000, maxOutputTokens: 64_000 },
          promptCaching: {
            supportsPromptCaching: true,
            minimumTokensPerCacheCheckpoint: 1024,
            maximumCacheCheckpointsPerRequest: 4,
          },
          refusalFallbackModels: ['claude-sonnet-4', { modelId: 'auto' }, null],
          additionalModelRequestFieldsSchema: schema,
        },
      ],
      defaultModel: { modelId: 'auto', modelName: 'Auto' },
      nextToken: 'bW9yZQ==',
    });
    expect(decodeModels(body)).toEqual({
      catalogue: {
        models: [
          {
            id: 'claude-sonnet-4.5',
            name: 'Claude Sonnet 4.5',
            description: 'Balanced',
            maxInputTokens: 200_000,
            maxOutputTokens: 64_000,
            takesImages: true,
            promptCaching: true,
            maxCachePoints: 4,
            minCachedTokens: 1_024,
            refusalFallbacks: ['claude-sonnet-4', 'auto'],
            rateMultiplier: 1.3,
            rateUnit: 'Credit',
            reasoningSchema: schema,
            efforts: ['low', 'high'],
            defaultEffort: 'high',
            outputLimit: { min: 1_024, max: 128_000 },
          },
        ],
        defaultModelId: 'auto',
      },
      nextToken: 'bW9yZQ==',
    });
  });

  it.each([
    ['a plain flag', { supportsPromptCache: true }, true],
    ['a flag set to false', { supportsPromptCache: false }, false],
    ['an object with false', { promptCaching: { supportsPromptCaching: false } }, false],
    ['null', { promptCaching: null }, false],
    ['nothing', {}, false],
  ])('reads prompt caching from %s', (_name, entry, expected) => {
    expect(only({ modelId: 'm', ...entry }).promptCaching).toBe(expected);
  });

  it.each([
    ['a list with images', { supportedInputTypes: ['TEXT', 'IMAGE'] }, true],
    ['a list without', { supportedInputTypes: ['TEXT'] }, false],
    ['older metadata', { modelMetadata: { supportsImages: false } }, false],
    ['nothing', {}, true],
    ['null', { supportedInputTypes: null }, true],
  ])('reads image input from %s', (_name, entry, expected) => {
    expect(only({ modelId: 'm', ...entry }).takesImages).toBe(expected);
  });

  it.each([
    ['missing', {}],
    ['null', { tokenLimits: null, rateMultiplier: null, rateUnit: null, additionalModelRequestFieldsSchema: null }],
    ['null inside', { tokenLimits: { maxInputTokens: null, maxOutputTokens: null } }],
    ['zero', { tokenLimits: { maxInputTokens: 0, maxOutputTokens: 0 } }],
  ])('invents nothing where members are %s', (_name, entry) => {
    expect(only({ modelId: 'm', ...entry })).toEqual({
      ...model('m'),
      maxInputTokens: undefined,
      maxOutputTokens: undefined,
    });
  });

  it('reads the context window from older metadata', () => {
    expect(only({ modelId: 'm', modelMetadata: { maxInputTokens: 1000 } }).maxInputTokens).toBe(1000);
  });

  it('leaves out repeated entries and entries without an id', () => {
    const body = JSON.stringify({ models: [{}, null, 7, { modelId: 'a' }, { modelId: 'a', modelName: 'again' }] });
    expect(decodeModels(body).catalogue.models.map(({ id, name }) => [id, name])).toEqual([['a', 'a']]);
    expect(decodeModels(body)).toMatchObject({ catalogue: { defaultModelId: undefined }, nextToken: undefined });
  });

  it.each(['', '<html>', '[]', '{}', '{"models":{}}', 'null'])('refuses the body %j', (body) => {
    expect(() => decodeModels(body)).toThrow(expect.objectContaining({ code: 'upstream_broken' }));
  });
});

function only(entry: object): Model {
  const [first] = decodeModels(JSON.stringify({ models: [entry] })).catalogue.models;
  if (!first) throw new Error('no model');
  return first;
}
