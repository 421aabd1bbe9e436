import { describe, expect, it } from 'vitest';
import type { Catalogue, Model } from '../core/models.ts';
import { writeCodexModels } from './codex-models.ts';
import { writeModel, writeModels } from './models.ts';

const MODEL: Model = {
  id: 'claude-sonnet-4.5',
  name: 'Claude Sonnet 4.5',
  description: 'The one to begin with',
  maxInputTokens: 200_000,
  maxOutputTokens: 64_000,
  takesImages: true,
  promptCaching: true,
  rateMultiplier: 1,
  rateUnit: 'CREDIT',
  reasoningSchema: undefined,
};
const BARE: Model = {
  ...MODEL,
  id: 'claude-haiku-4-20250514',
  name: 'Haiku',
  description: undefined,
  maxInputTokens: undefined,
  maxOutputTokens: undefined,
  takesImages: false,
};
const ids = (count: number): Catalogue => ({
  models: Array.from({ length: count }, (_, i) => ({ ...MODEL, id: `m${i}` })),
  defaultModelId: undefined,
});

describe('the list of models', () => {
  it('has the members of both APIs and those that chat front ends read', () => {
    expect(writeModels({ models: [MODEL], defaultModelId: undefined })).toEqual({
      object: 'list',
      data: [
        {
          id: 'claude-sonnet-4.5',
          object: 'model',
          type: 'model',
          created: 0,
          created_at: '1970-01-01T00:00:00Z',
          owned_by: 'amazon',
          display_name: 'Claude Sonnet 4.5',
          max_input_tokens: 200_000,
          max_tokens: 64_000,
          capabilities: null,
          lifecycle: 'active',
          line: 'sonnet',
          deprecated_at: null,
          retires_at: null,
          name: 'Claude Sonnet 4.5',
          description: 'The one to begin with',
          context_length: 200_000,
          architecture: { input_modalities: ['text', 'image'], output_modalities: ['text'] },
        },
      ],
      has_more: false,
      first_id: 'claude-sonnet-4.5',
      last_id: 'claude-sonnet-4.5',
    });
  });

  it('uses a date in the id, and null or no member for unknown values', () => {
    const model = writeModel(BARE);
    expect(model).toMatchObject({
      created: Date.UTC(2025, 4, 14) / 1000,
      created_at: '2025-05-14T00:00:00Z',
      line: 'haiku',
      max_input_tokens: null,
      max_tokens: null,
      architecture: { input_modalities: ['text'], output_modalities: ['text'] },
    });
    for (const member of ['context_length', 'description', 'supports_1m']) expect(model).not.toHaveProperty(member);
    expect(writeModel({ ...BARE, id: 'deepseek-3.2' })).toMatchObject({ line: null });
  });

  it('does not read another number as a date', () => {
    expect(writeModel({ ...MODEL, id: 'model-20259999' })).toMatchObject({ created: 0 });
  });

  it('marks windows of a million tokens', () => {
    expect(writeModel({ ...MODEL, maxInputTokens: 1_000_000 })).toMatchObject({ supports_1m: true });
  });

  it.each([
    { name: 'everything', query: {}, count: 3, page: ['m0', 'm2'], more: false },
    { name: 'all of them without a limit', query: {}, count: 2_500, page: ['m0', 'm2499'], more: false },
    { name: 'a first page', query: { limit: '2' }, count: 5, page: ['m0', 'm1'], more: true },
    { name: 'the next page', query: { limit: '2', after_id: 'm1' }, count: 5, page: ['m2', 'm3'], more: true },
    { name: 'the last page', query: { limit: '2', after_id: 'm3' }, count: 5, page: ['m4', 'm4'], more: false },
    { name: 'nothing after the last', query: { after_id: 'm4' }, count: 5, page: [null, null], more: false },
    { name: 'the page before', query: { limit: '2', before_id: 'm4' }, count: 5, page: ['m2', 'm3'], more: true },
    {
      name: 'the first page, backwards',
      query: { limit: '2', before_id: 'm2' },
      count: 5,
      page: ['m0', 'm1'],
      more: false,
    },
    { name: 'no models', query: {}, count: 0, page: [null, null], more: false },
  ])('is paged: $name', ({ query, count, page: [first, last], more }) => {
    expect(writeModels(ids(count), query)).toMatchObject({ first_id: first, last_id: last, has_more: more });
  });

  it.each([
    [{ limit: '0' }, 'limit'],
    [{ limit: '1001' }, 'limit'],
    [{ limit: 'all' }, 'limit'],
    [{ after_id: 'gone' }, 'after_id'],
    [{ before_id: 'm1', after_id: 'm0' }, 'before_id'],
  ])('rejects %j, naming %s', (query, param) => {
    expect(() => writeModels(ids(3), query)).toThrow(expect.objectContaining({ code: 'invalid_request', param }));
  });
});

describe("Codex's list", () => {
  it('puts the default model first, and offers the efforts that the model supports', () => {
    const models = [
      MODEL,
      { ...BARE, efforts: ['low', 'medium', 'max'] },
      { ...BARE, id: 'c', efforts: ['low', 'high'] },
    ];
    const list = writeCodexModels({ models, defaultModelId: 'c' });
    expect(list.map(({ slug, priority }) => [slug, priority])).toEqual([
      ['claude-sonnet-4.5', -3],
      ['claude-haiku-4-20250514', -2],
      ['c', -4],
    ]);
    expect(list[0]).toMatchObject({
      display_name: 'Claude Sonnet 4.5',
      default_reasoning_level: null,
      supported_reasoning_levels: [],
      supports_reasoning_summaries: false,
      context_window: 200_000,
      input_modalities: ['text', 'image'],
    });
    expect(list[1]).toMatchObject({ default_reasoning_level: 'medium', input_modalities: ['text'] });
    expect(list[1]).not.toHaveProperty('context_window');
    expect(list[1]?.supported_reasoning_levels).toHaveLength(3);
    expect(list[2]).toMatchObject({ default_reasoning_level: 'low' });
  });
});
