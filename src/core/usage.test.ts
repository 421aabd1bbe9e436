import { expect, it } from 'vitest';
import { addUsage, derived, estimated, measured } from './usage.ts';

it('adds tokens, credits and searches of two attempts, with the weaker provenance', () => {
  const first = {
    inputTokens: measured(100),
    outputTokens: measured(10),
    credits: measured(0.5),
    contextPercentage: measured(5),
    webSearches: 3,
  };
  const second = {
    inputTokens: derived(200),
    outputTokens: estimated(20),
    credits: measured(0.25),
    contextPercentage: measured(9),
    webSearches: 1,
  };
  expect(addUsage(first, second)).toEqual({
    inputTokens: derived(300),
    outputTokens: estimated(30),
    credits: measured(0.75),
    contextPercentage: measured(9),
    webSearches: 4,
  });
});

it('omits searches if there were none', () => {
  const usage = { inputTokens: measured(1), outputTokens: measured(1) };
  expect(addUsage(usage, usage)).not.toHaveProperty('webSearches');
});
