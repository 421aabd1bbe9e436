/** Model names as people write them: a named version is never replaced by another. */
import { describe, expect, it } from 'vitest';
import { WAYS } from './endpoints.ts';
import { type Exchange, ReportBench } from './exchange.ts';

const bench = new ReportBench();

interface Reasoning {
  /** The effort sent to a model with settings, or expressed by an older model's thinking tags. */
  readonly effort?: string;
  readonly reasons: boolean;
}

const NONE: Reasoning = { reasons: false };
/** The default of a model with a schema for it. */
const DEFAULT: Reasoning = { reasons: true, effort: 'high' };
const THINKING: Reasoning = { reasons: true };
const HIGH: Reasoning = { reasons: true, effort: 'high' };
const MAX: Reasoning = { reasons: true, effort: 'max' };
const LOW: Reasoning = { reasons: true, effort: 'low' };

/** The simulated catalogue lists every version here. */
const MODELS: readonly (readonly [requested: string, upstream: string, reasoning: Reasoning])[] = [
  ['claude-sonnet-4.5:thinking', 'claude-sonnet-4.5', THINKING],
  ['claude-sonnet-4-5-20250929-agentic', 'claude-sonnet-4.5', NONE],
  ['claude-sonnet-4-20250514-1m', 'claude-sonnet-4', NONE],
  ['claude-4.5-opus-high', 'claude-opus-4.5', HIGH],
  ['claude-4.5-opus-high-thinking', 'claude-opus-4.5', HIGH],
  ['claude-opus-4.6(high)', 'claude-opus-4.6', HIGH],
  ['claude-opus-4-5-20251101-v1', 'claude-opus-4.5', NONE],
  ['claude-opus-4.6-fast', 'claude-opus-4.6', DEFAULT],
  ['claude-opus-4.5-max', 'claude-opus-4.5', MAX],
  ['claude-sonnet-4-5-thinking', 'claude-sonnet-4.5', THINKING],
  // Variants: other versions, orders and cases of the same words.
  ['Claude-Opus-4.8-LOW', 'claude-opus-4.8', LOW],
  ['anthropic/claude-sonnet-5:thinking', 'claude-sonnet-5', THINKING],
  ['claude-haiku-4-5-20251001-thinking', 'claude-haiku-4.5', THINKING],
  ['claude-sonnet-4.6[1m]', 'claude-sonnet-4.6', DEFAULT],
  ['claude-4-sonnet-20250514-thinking', 'claude-sonnet-4', THINKING],
  ['gpt-5.6-sol-high', 'gpt-5.6-sol', HIGH],
];

/** Thinking budget in the tags of an older model, by effort. */
const TAG_TOKENS: Readonly<Record<string, number>> = { low: 4_096, high: 24_576, max: 65_536 };

function expectReasoning({ upstream: [sent] }: Exchange, { reasons, effort }: Reasoning): void {
  expect(sent?.reasons).toBe(reasons);
  if (effort === undefined) return;
  if (sent?.thinkingTokens === undefined) expect(sent?.effort).toBe(effort);
  else expect(sent.thinkingTokens).toBe(TAG_TOKENS[effort]);
}

describe.each(WAYS)('$way: the model', ({ endpoint, streamed }) => {
  it.each(MODELS)('%s resolves to %s, noted', async (model, upstream, reasoning) => {
    bench.script({ steps: ['Ok.'] });
    const exchange = await bench.send(endpoint, { ...endpoint.body('x'), model }, streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.' });
    expect(exchange.upstream.map((sent) => sent.model)).toEqual([upstream]);
    expect(exchange.header).toEqual(expect.arrayContaining([expect.stringMatching(/^(?:model|reasoning)-/)]));
    expectReasoning(exchange, reasoning);
  });

  it.each(['codewhisperer', 'gpt-4o', 'anything at all'])('%s resolves to the default, noted', async (model) => {
    bench.script({ steps: ['Ok.'] });
    const exchange = await bench.send(endpoint, { ...endpoint.body('x'), model }, streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.' });
    expect(exchange.upstream.map((sent) => sent.model)).toEqual(['auto']);
    expect(exchange.header).toContain('model-default');
  });

  it('with an effort in its name uses the request’s own effort', async () => {
    bench.script({ steps: ['Ok.'] });
    const fields = {
      chat: { reasoning_effort: 'low' },
      responses: { reasoning: { effort: 'low' } },
      messages: { output_config: { effort: 'low' } },
    }[endpoint.name];
    const exchange = await bench.send(
      endpoint,
      { ...endpoint.body('x'), model: 'claude-opus-4.6-high', ...fields },
      streamed,
    );
    expect(exchange.upstream.map(({ model, effort }) => [model, effort])).toEqual([['claude-opus-4.6', 'low']]);
  });

  it('is not replaced if the account does not have the version', async () => {
    bench.script({ steps: ['Ok.'] });
    const exchange = await bench.send(endpoint, { ...endpoint.body('x'), model: 'claude-opus-3.9-high' }, streamed);
    expect(exchange.status).toBe(404);
    for (const { model } of exchange.upstream) expect(model).toBe('claude-opus-3.9');
  });
});
