import { describe, expect, it } from 'vitest';
import type { Catalogue, Model } from '../core/models.ts';
import { writeAnthropicModel, writeAnthropicModels, writeOpenAiModel, writeOpenAiModels } from './models.ts';

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

describe("the list in OpenAI's shape", () => {
  it('has what chat front ends look for beside the four official keys', () => {
    expect(writeOpenAiModels({ models: [MODEL], defaultModelId: undefined })).toEqual({
      object: 'list',
      data: [
        {
          id: 'claude-sonnet-4.5',
          object: 'model',
          created: 0,
          owned_by: 'amazon',
          name: 'Claude Sonnet 4.5',
          description: 'The one to begin with',
          context_length: 200_000,
          architecture: { input_modalities: ['text', 'image'], output_modalities: ['text'] },
        },
      ],
    });
  });

  it('believes a date in the id, and leaves out what is unknown', () => {
    expect(writeOpenAiModel(BARE)).toEqual({
      id: 'claude-haiku-4-20250514',
      object: 'model',
      created: Date.UTC(2025, 4, 14) / 1000,
      owned_by: 'amazon',
      name: 'Haiku',
      architecture: { input_modalities: ['text'], output_modalities: ['text'] },
    });
  });

  it('takes no other number for a date', () => {
    expect(writeOpenAiModel({ ...MODEL, id: 'model-20259999' })).toMatchObject({ created: 0 });
  });
});

describe("the list in Anthropic's shape", () => {
  it('says null where the service says nothing, and the epoch for an unknown date', () => {
    expect(writeAnthropicModel({ ...BARE, id: 'deepseek-3.2' })).toEqual({
      type: 'model',
      id: 'deepseek-3.2',
      display_name: 'Haiku',
      created_at: '1970-01-01T00:00:00Z',
      max_input_tokens: null,
      max_tokens: null,
      capabilities: null,
      lifecycle: 'active',
      line: null,
      deprecated_at: null,
      retires_at: null,
    });
    expect(writeAnthropicModel(BARE)).toMatchObject({ created_at: '2025-05-14T00:00:00Z', line: 'haiku' });
  });

  it.each([
    { name: 'everything', query: {}, count: 3, page: ['m0', 'm2'], more: false },
    { name: 'at most 20 unless told otherwise', query: {}, count: 25, page: ['m0', 'm19'], more: true },
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
    expect(writeAnthropicModels(ids(count), query)).toMatchObject({ first_id: first, last_id: last, has_more: more });
  });

  it.each([
    [{ limit: '0' }, 'limit'],
    [{ limit: '1001' }, 'limit'],
    [{ limit: 'all' }, 'limit'],
    [{ after_id: 'gone' }, 'after_id'],
    [{ before_id: 'm1', after_id: 'm0' }, 'before_id'],
  ])('refuses %j, naming %s', (query, param) => {
    expect(() => writeAnthropicModels(ids(3), query)).toThrow(
      expect.objectContaining({ code: 'invalid_request', param }),
    );
  });
});
