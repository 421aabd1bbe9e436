import { describe, expect, it } from 'vitest';
import { measured } from '../../core/usage.ts';
import { estimateCredits, LIST_PRICES_DATE, listPriceOf } from './cost.ts';
import prices from './list-prices.json' with { type: 'json' };

function tokens(input: number, output: number, cached = 0, written = 0) {
  return {
    inputTokens: measured(input),
    outputTokens: measured(output),
    cacheReadTokens: measured(cached),
    cacheWriteTokens: measured(written),
  };
}

describe('the estimate of credits', () => {
  it('follows the formula for GPT models, with cached input at a tenth', () => {
    expect(estimateCredits('gpt-5.6-sol', 4.4, tokens(100_000, 1_000, 60_000))).toBeCloseTo(
      4.4 * 1.6584e-5 * (40_000 + 6_000 + 6_660),
      9,
    );
  });

  it('doubles for GPT-5.6 above 272,000 input tokens, for the whole request', () => {
    const below = estimateCredits('gpt-5.6-luna', 1.1, tokens(272_000, 0)) ?? 0;
    expect(estimateCredits('gpt-5.6-luna', 1.1, tokens(272_001, 0))).toBeCloseTo(below * 2, 4);
  });

  it('counts cached input of Claude models at 0.53, and uncached input of the 5.5 models with their premium', () => {
    const unit = 1.6584e-5;
    expect(estimateCredits('claude-sonnet-4.6', 1.3, tokens(1_000, 0, 400))).toBeCloseTo(1.3 * unit * (600 + 212), 9);
    expect(estimateCredits('claude-opus-5.5', 2, tokens(1_000, 0))).toBeCloseTo(2 * unit * 1_940, 9);
  });

  it('is missing without a multiplier', () => {
    expect(estimateCredits('auto', undefined, tokens(1, 1))).toBeUndefined();
  });
});

describe('the list price', () => {
  it.each([
    ['claude-opus-5.5', 4],
    ['claude-opus-5', 5],
    ['claude-opus-4-5-20251101', 5],
    ['claude-opus-4.1', 15],
    ['claude-opus-4-20250514', 15],
    ['CLAUDE_SONNET_4_20250514_V1_0', 3],
    ['gpt-5.6-luna', 1],
  ])('of a million input tokens of %s is %d dollars', (model, dollars) => {
    expect(listPriceOf(model, tokens(1e6, 0))).toBe(dollars);
  });

  it('charges cached, written and uncached input apart', () => {
    expect(listPriceOf('claude-sonnet-4.5', tokens(1e6, 1e6, 500_000, 100_000))).toBeCloseTo(
      0.4 * 3 + 0.5 * 0.3 + 0.1 * 3.75 + 15,
      9,
    );
  });

  it.each(['auto', 'claude-opus-4.9', 'claude-opus-55', 'gpt-5.6'])('is missing for %s', (model) => {
    expect(listPriceOf(model, tokens(1, 1))).toBeUndefined();
  });

  it('has a date and its sources', () => {
    expect(LIST_PRICES_DATE).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(prices.sources.every((source) => source.startsWith('https://'))).toBe(true);
  });
});
