/** Model names as people write them: a version that is named is never answered by another one. */
import { describe, expect, it } from 'vitest';
import { WAYS } from './endpoints.ts';
import { type Exchange, ReportBench } from './exchange.ts';

const bench = new ReportBench();

interface Reasoning {
  /** The effort that a model with settings is given, or that an older one's thinking tags stand for. */
  readonly effort?: string;
  readonly reasons: boolean;
}

const NONE: Reasoning = { reasons: false };
/** Of a model with a schema for it, where the request says nothing. */
const DEFAULT: Reasoning = { reasons: true, effort: 'high' };
const THINKING: Reasoning = { reasons: true };
const HIGH: Reasoning = { reasons: true, effort: 'high' };
const MAX: Reasoning = { reasons: true, effort: 'max' };
const LOW: Reasoning = { reasons: true, effort: 'low' };

/** The simulated catalogue has every version named here. */
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
  // Our own variants: other versions, orders and cases of the same words.
  ['Claude-Opus-4.8-LOW', 'claude-opus-4.8', LOW],
  ['anthropic/claude-sonnet-5:thinking', 'claude-sonnet-5', THINKING],
  ['claude-haiku-4-5-20251001-thinking', 'claude-haiku-4.5', THINKING],
  ['claude-sonnet-4.6[1m]', 'claude-sonnet-4.6', DEFAULT],
  ['claude-4-sonnet-20250514-thinking', 'claude-sonnet-4', THINKING],
  ['gpt-5.6-sol-high', 'gpt-5.6-sol', HIGH],
];

/** Tokens that the thinking tags of an older model allow, by effort. */
const TAG_TOKENS: Readonly<Record<string, number>> = { low: 4_096, high: 24_576, max: 65_536 };

function expectReasoning({ upstream: [sent] }: Exchange, { reasons, effort }: Reasoning): void {
  expect(sent?.reasons).toBe(reasons);
  if (effort === undefined) return;
  if (sent?.thinkingTokens === undefined) expect(sent?.effort).toBe(effort);
  else expect(sent.thinkingTokens).toBe(TAG_TOKENS[effort]);
}

describe.each(WAYS)('$way: the model', ({ endpoint, streamed }) => {
  it.each(MODELS)('%s is answered by %s, noted', async (model, upstream, reasoning) => {
    bench.script({ steps: ['Ok.'] });
    const exchange = await bench.send(endpoint, { ...endpoint.body('x'), model }, streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.' });
    expect(exchange.upstream.map((sent) => sent.model)).toEqual([upstream]);
    expect(exchange.header).toEqual(expect.arrayContaining([expect.stringMatching(/^(?:model|reasoning)-/)]));
    expectReasoning(exchange, reasoning);
  });

  it.each(['codewhisperer', 'gpt-4o', 'anything at all'])('%s is answered by the default one, noted', async (model) => {
    bench.script({ steps: ['Ok.'] });
    const exchange = await bench.send(endpoint, { ...endpoint.body('x'), model }, streamed);
    expect(exchange).toMatchObject({ status: 200, text: 'Ok.' });
    expect(exchange.upstream.map((sent) => sent.model)).toEqual(['auto']);
    expect(exchange.header).toContain('model-default');
  });

  it('of an effort has another one where the request says so', async () => {
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

  it('of a version that the account does not have is not replaced', async () => {
    bench.script({ steps: ['Ok.'] });
    const exchange = await bench.send(endpoint, { ...endpoint.body('x'), model: 'claude-opus-3.9-high' }, streamed);
    expect(exchange.status).toBe(404);
    for (const { model } of exchange.upstream) expect(model).toBe('claude-opus-3.9');
  });
});
