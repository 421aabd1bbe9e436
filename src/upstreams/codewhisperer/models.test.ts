import { describe, expect, it } from 'vitest';
import type { Catalogue, Model } from '../../core/models.ts';
import { decodeModels, MODEL_RULES, resolveModel } from './models.ts';

const IDS = [
  'auto',
  'claude-sonnet-4',
  'claude-sonnet-4.5',
  'claude-sonnet-5',
  'claude-haiku-4.5',
  'claude-opus-4.6',
  'claude-opus-4.8',
  'claude-opus-5',
  'claude-fable-5',
  'gpt-5.6-sol',
  'deepseek-3.2',
  'qwen3-coder-next',
];

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

const CATALOGUE: Catalogue = { models: IDS.map(model), defaultModelId: 'auto' };
const EMPTY: Catalogue = { models: [], defaultModelId: undefined };

describe('the model a client means', () => {
  it.each(IDS)('is %s itself when the catalogue lists it', (id) => {
    expect(resolveModel(id, CATALOGUE)).toMatchObject({ id, model: { id }, adjustments: [] });
  });

  it.each([
    ['claude-sonnet-4-5', 'claude-sonnet-4.5'],
    ['claude-sonnet-4-5-20250929', 'claude-sonnet-4.5'],
    ['claude-sonnet-4.5-20250929', 'claude-sonnet-4.5'],
    ['claude-sonnet-4-5-latest', 'claude-sonnet-4.5'],
    ['claude-sonnet-4-5[1m]', 'claude-sonnet-4.5'],
    ['claude-sonnet-4-5-20250929[1m]', 'claude-sonnet-4.5'],
    ['claude-sonnet-4-5-20250929-thinking', 'claude-sonnet-4.5'],
    ['claude-sonnet-4.5-thinking', 'claude-sonnet-4.5'],
    ['Claude-Sonnet-4.5', 'claude-sonnet-4.5'],
    ['claude-4-5-sonnet', 'claude-sonnet-4.5'],
    ['claude-4.5-sonnet-20250929', 'claude-sonnet-4.5'],
    ['CLAUDE_SONNET_4_5_20250929_V1_0', 'claude-sonnet-4.5'],
    ['CLAUDE_SONNET_4_20250514_V1_0', 'claude-sonnet-4'],
    ['claude-sonnet-4-20250514', 'claude-sonnet-4'],
    ['claude-sonnet-4-0', 'claude-sonnet-4'],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4.5'],
    ['anthropic.claude-haiku-4-5-20251001-v1:0', 'claude-haiku-4.5'],
    ['anthropic/claude-haiku-4.5', 'claude-haiku-4.5'],
    ['claude-haiku-4-5@20251001', 'claude-haiku-4.5'],
    ['claude-opus-4-6', 'claude-opus-4.6'],
    ['gpt-5-6-sol', 'gpt-5.6-sol'],
    ['deepseek-v3.2', 'deepseek-3.2'],
    ['qwen3-coder', 'qwen3-coder-next'],
    ['default', 'auto'],
  ])('%s is a spelling of %s, and that is noted', (requested, id) => {
    expect(resolveModel(requested, CATALOGUE)).toEqual({
      id,
      model: model(id),
      adjustments: [{ rule: 'model-alias', path: 'model', before: requested, after: id }],
    });
  });

  it.each([
    ['claude-opus-5-5', 'claude-opus-5'],
    ['claude-opus-4-1-20250805', 'claude-opus-5'],
    ['claude-opus-4-20250514', 'claude-opus-5'],
    ['claude-sonnet-5-5', 'claude-sonnet-5'],
    ['claude-3-5-sonnet-20241022', 'claude-sonnet-5'],
    ['claude-3-7-sonnet-latest', 'claude-sonnet-5'],
    ['claude-3-haiku-20240307', 'claude-haiku-4.5'],
    ['claude-haiku-5-5', 'claude-haiku-4.5'],
    ['claude-fable-5-2', 'claude-fable-5'],
    ['sonnet', 'claude-sonnet-5'],
    ['opus', 'claude-opus-5'],
  ])('%s, which is not listed, becomes the newest of its family, %s', (requested, id) => {
    expect(resolveModel(requested, CATALOGUE)).toEqual({
      id,
      model: model(id),
      adjustments: [{ rule: 'model-family', path: 'model', before: requested, after: id }],
    });
  });

  it('is noted by rules which are described', () => {
    const notes = ['Claude-Opus-5', 'claude-opus-9', 'gpt-4o'].flatMap(
      (name) => resolveModel(name, CATALOGUE).adjustments,
    );
    expect(notes.map((entry) => entry.rule)).toEqual(Object.keys(MODEL_RULES));
  });

  it('counts versions as numbers', () => {
    const catalogue = { ...EMPTY, models: ['claude-opus-4.9', 'claude-opus-4.10', 'claude-opus-4'].map(model) };
    expect(resolveModel('opus', catalogue).id).toBe('claude-opus-4.10');
  });

  it.each(['gpt-4o', 'gpt-5.1', 'o3', 'some-new-model', 'kiro/next'])('%s passes through unchanged', (requested) => {
    expect(resolveModel(requested, CATALOGUE)).toEqual({
      id: requested,
      model: undefined,
      adjustments: [{ rule: 'model-passed-through', path: 'model', before: requested, after: requested }],
    });
  });

  it('passes an absurdly long name through without looking into it', () => {
    const requested = `claude-${'latest-'.repeat(100_000)}`;
    const { id, adjustments } = resolveModel(requested, CATALOGUE);
    expect(id).toBe(requested);
    expect(JSON.stringify(adjustments).length).toBeLessThan(400);
  });

  it('passes a family through which the account does not have', () => {
    const catalogue = { ...EMPTY, models: [model('claude-sonnet-4')] };
    expect(resolveModel('claude-opus-5', catalogue)).toMatchObject({ id: 'claude-opus-5', model: undefined });
  });

  it.each([
    ['claude-sonnet-4-5-20250929', 'claude-sonnet-4.5'],
    ['claude-3-5-sonnet-latest', 'claude-sonnet-3.5'],
    ['CLAUDE_SONNET_4_20250514_V1_0', 'claude-sonnet-4'],
    ['claude-opus-5[1m]', 'claude-opus-5'],
    ['claude-sonnet-4.5', 'claude-sonnet-4.5'],
    ['gpt-4o-2024-08-06', 'gpt-4o-2024-08-06'],
    ['auto', 'auto'],
  ])('without a catalogue %s goes out as %s', (requested, id) => {
    expect(resolveModel(requested, EMPTY)).toMatchObject({ id, model: undefined });
    expect(resolveModel(requested, EMPTY).adjustments.map((entry) => entry.rule)).toEqual(['model-passed-through']);
  });
});

describe('the catalogue', () => {
  it('is read from the newest shape', () => {
    const schema = { properties: { output_config: { properties: { effort: { enum: ['low', 'high'] } } } } };
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
          promptCaching: { supportsPromptCaching: true, minimumTokensPerCacheCheckpoint: 1024 },
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
            rateMultiplier: 1.3,
            rateUnit: 'Credit',
            reasoningSchema: schema,
          },
        ],
        defaultModelId: 'auto',
      },
      nextToken: 'bW9yZQ==',
    });
  });

  it.each([
    ['a flag beside the rest', { supportsPromptCache: true }, true],
    ['a flag which is off', { supportsPromptCache: false }, false],
    ['an object which says no', { promptCaching: { supportsPromptCaching: false } }, false],
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

  it('takes the window from older metadata', () => {
    expect(only({ modelId: 'm', modelMetadata: { maxInputTokens: 1000 } }).maxInputTokens).toBe(1000);
  });

  it('leaves out entries without an id and repeated ones', () => {
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
