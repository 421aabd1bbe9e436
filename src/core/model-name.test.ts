import { describe, expect, it } from 'vitest';
import type { Reasoning } from './conversation.ts';
import { type NamedReasoning, NOTHING_NAMED, reasoningOfName, tokensOfName, withNamedReasoning } from './model-name.ts';

describe('the tokens of a model name', () => {
  it.each([
    ['claude-sonnet-4.5', ['claude', 'sonnet', '4', '5']],
    ['CLAUDE_SONNET_4_5_20250929_V1_0', ['claude', 'sonnet', '4', '5', '20250929', 'v', '1', '0']],
    ['openrouter/anthropic/claude-4.5-sonnet', ['openrouter', 'anthropic', 'claude', '4', '5', 'sonnet']],
    ['claude-opus-4.8/high', ['claude', 'opus', '4', '8', 'high']],
    ['minimax-m2.1', ['minimax', 'm', '2', '1']],
    ['gpt-4o', ['gpt', '4o']],
    ['Claude Sonnet 4.5 [1m]', ['claude', 'sonnet', '4', '5', '1m']],
    ['claude-opus-4.8(8192)', ['claude', 'opus', '4', '8', '#8192']],
    ['gpt-5.6-sol-x-high', ['gpt', '5', '6', 'sol', 'xhigh']],
    ['claude-sonnet-4.6-non-thinking', ['claude', 'sonnet', '4', '6', 'nothinking']],
    ['', []],
    ['///', []],
  ])('of %j are %j', (name, tokens) => {
    expect(tokensOfName(name)).toEqual(tokens);
  });

  it('come only from the start of an overlong name', () => {
    expect(tokensOfName('a-'.repeat(1_000_000)).length).toBeLessThan(200);
  });
});

describe('the reasoning in a model name', () => {
  const named = (change: Partial<NamedReasoning>): NamedReasoning => ({ ...NOTHING_NAMED, ...change });

  it.each([
    ['claude-opus-4.5-high', named({ effort: 'high' })],
    ['claude-4.5-opus-high-thinking', named({ effort: 'high', thinking: 'on' })],
    ['gpt-5.6-terra(xhigh)', named({ effort: 'xhigh' })],
    ['claude-sonnet-4.5:thinking', named({ thinking: 'on' })],
    ['claude-sonnet-4-5-20250929-thinking', named({ thinking: 'on' })],
    ['claude-opus-4.8(8192)', named({ thinking: 'on', budgetTokens: 8_192 })],
    ['claude-opus-4.8-nothinking', named({ thinking: 'off' })],
    ['gpt-5.6-sol-none', named({ effort: 'none' })],
    ['claude-opus-4.8-low-max', named({ effort: 'max' })],
    ['opus-thinking', named({ thinking: 'on' })],
    ['gpt-4o', NOTHING_NAMED],
    ['the-high-street-model', NOTHING_NAMED],
    ['claude-sonnet-4.5', NOTHING_NAMED],
    ['minimax-m2.1', NOTHING_NAMED],
  ])('%s: %o', (name, reasoning) => {
    expect(reasoningOfName(name)).toEqual(reasoning);
  });

  const on = (effort?: 'low' | 'high', budgetTokens?: number): Reasoning => ({ mode: 'on', effort, budgetTokens });
  const cases: [string, Reasoning, NamedReasoning, Reasoning][] = [
    ['fills in what the request leaves open', { mode: 'unset' }, named({ effort: 'high' }), on('high')],
    ['turns thinking on', { mode: 'unset' }, named({ thinking: 'on' }), on()],
    ['turns reasoning off', { mode: 'unset' }, named({ thinking: 'off' }), { mode: 'off' }],
    ['turns reasoning off by effort none', { mode: 'unset' }, named({ effort: 'none' }), { mode: 'off' }],
    ['gives an effort to a request that only turns thinking on', on(), named({ effort: 'high' }), on('high')],
    ['loses against an effort', on('low'), named({ effort: 'high', thinking: 'on' }), on('low')],
    ['loses against a budget', on(undefined, 2_000), named({ effort: 'high' }), on(undefined, 2_000)],
    ['loses against off', { mode: 'off' }, named({ effort: 'high', thinking: 'on' }), { mode: 'off' }],
    ['does not turn off what the request turns on', on('low'), named({ thinking: 'off' }), on('low')],
    ['changes nothing if the name does not mention reasoning', { mode: 'unset' }, NOTHING_NAMED, { mode: 'unset' }],
  ];
  it.each(cases)('%s', (_title, requested, name, expected) => {
    expect(withNamedReasoning(requested, name)).toEqual(expected);
  });
});
