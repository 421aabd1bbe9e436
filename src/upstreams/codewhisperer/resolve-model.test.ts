import { describe, expect, it } from 'vitest';
import { OPUS } from '../../../test/support/codewhisperer.ts';
import { NOTHING_NAMED } from '../../core/model-name.ts';
import type { Catalogue, Model } from '../../core/models.ts';
import { MODEL_RULES, resolveModel } from './resolve-model.ts';

/** Every model known to have been listed by the service, except for the ids of the Q origin. */
const IDS = [
  'auto',
  'claude-sonnet-4',
  'claude-sonnet-4.5',
  'claude-sonnet-4.6',
  'claude-sonnet-5',
  'claude-sonnet-5.5',
  'claude-haiku-4.5',
  'claude-opus-4.5',
  'claude-opus-4.6',
  'claude-opus-4.7',
  'claude-opus-4.8',
  'claude-opus-5',
  'claude-opus-5.5',
  'claude-fable-5',
  'gpt-5.6-sol',
  'gpt-5.6-terra',
  'gpt-5.6-luna',
  'deepseek-3.2',
  'minimax-m2.1',
  'minimax-m2.5',
  'glm-5',
  'qwen3-coder-next',
];

function model(id: string): Model {
  return { ...OPUS, id, name: id };
}

function catalogueOf(ids: readonly string[], defaultModelId?: string): Catalogue {
  return { models: ids.map(model), defaultModelId };
}

const ALL = catalogueOf(IDS, 'auto');
const EMPTY = catalogueOf([]);

function rulesOf(requested: string, catalogue = ALL): string[] {
  return resolveModel(requested, catalogue).adjustments.map(({ rule }) => rule);
}

const PREFIXES = ['', 'anthropic/', 'us.anthropic.', 'kiro/', 'amazonq/', 'openrouter/anthropic/', 'amazon-q-', 'Q/'];

/** Text between the name and a suffix, and after the suffix. */
const JOINTS = [
  ['-', ''],
  ['_', ''],
  ['.', ''],
  ['@', ''],
  [':', ''],
  ['/', ''],
  [' ', ''],
  ['(', ')'],
  ['[', ']'],
] as const;

const EFFORTS = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
const MEANINGLESS = ['fast', 'agentic', '1m', 'v1', 'v1:0', '20250929', 'latest', 'preview', 'free', 'my-own-name'];

function* spellingsOf(id: string, prefixes: readonly string[] = PREFIXES): Generator<string> {
  for (const prefix of prefixes) {
    for (const version of ['.', '-', '_', '@']) yield prefix + id.replaceAll('.', version);
    yield prefix + id.replaceAll(/[.-]/g, '_').toUpperCase();
    const [, line, version, rest] = /^claude-([a-z]+)-([\d.]+)(.*)$/.exec(id) ?? [];
    if (line !== undefined) yield* [`${prefix}claude-${version}-${line}${rest}`, `${prefix}${line}-${version}`];
  }
}

function* suffixed(name: string, words: readonly string[]): Generator<string> {
  for (const word of words) for (const [before, after] of JOINTS) yield name + before + word + after;
}

function namesOf(id: string): readonly string[] {
  const suffixes = [...EFFORTS, 'thinking', 'high-thinking', ...MEANINGLESS];
  const withSuffixes = [...spellingsOf(id, ['', 'us.anthropic.', 'kiro/'])].flatMap((spelling) => [
    ...suffixed(spelling, suffixes),
  ]);
  return [...spellingsOf(id), ...withSuffixes];
}

describe('a named version', () => {
  it.each(IDS)('%s resolves to itself in every spelling with every suffix', (id) => {
    const answers = namesOf(id).map((name) => [name, resolveModel(name, ALL).id]);
    expect(answers.length).toBeGreaterThan(2_000);
    expect(answers.filter(([, answer]) => answer !== id)).toEqual([]);
  });

  it.each(IDS.filter((id) => id !== 'auto'))('%s does not resolve to another model if it is missing', (id) => {
    const others = catalogueOf(
      IDS.filter((other) => other !== id),
      'auto',
    );
    const answers = namesOf(id).map((name) => ({ name, ...resolveModel(name, others) }));
    expect(answers.filter(({ match, model }) => match !== 'unlisted' || model !== undefined)).toEqual([]);
  });

  it.each([
    'claude-opus-9.9',
    'claude-opus-4',
    'claude-opus-4-1-20250805',
    'claude-opus-4-20250514',
    'claude-3-5-sonnet-20241022',
    'claude-3-7-sonnet-latest',
    'claude-3-haiku-20240307',
    'claude-2.1',
    'claude-instant-1.2',
    '4.7-sonnet',
    'claude-sonnet-45',
    'gpt-5',
    'gpt-5.1-codex-max',
    'gpt-5.5-high',
    'gpt-5.6-nova',
    'gpt-5.6',
    'gpt-6',
    'deepseek-r1',
    'deepseek-3',
    'deepseek-coder-v2',
    'qwen-2.5-coder',
    'qwen3-32b',
    'glm-4.6',
    'glm-5v',
    'minimax-m2',
  ])('%s, which no catalogue lists, is answered by none', (name) => {
    expect(resolveModel(name, ALL)).toMatchObject({ match: 'unlisted', model: undefined });
    expect(rulesOf(name)).toEqual(['model-passed-through']);
  });

  it('is found among the ids of the Q origin, and is never replaced by another', () => {
    const origin: Readonly<Record<string, string>> = {
      'claude-sonnet-3.7': 'CLAUDE_3_7_SONNET_20250219_V1_0',
      'claude-sonnet-4': 'CLAUDE_SONNET_4_20250514_V1_0',
      'claude-sonnet-4.5': 'CLAUDE_SONNET_4_5_20250929_V1_0',
    };
    const all = Object.values(origin);
    for (const [name, id] of Object.entries(origin)) {
      const others = catalogueOf(all.filter((other) => other !== id));
      const names = [id, id.toLowerCase(), ...namesOf(name)];
      expect(names.filter((spelling) => resolveModel(spelling, catalogueOf(all)).id !== id)).toEqual([]);
      expect(names.filter((spelling) => resolveModel(spelling, others).match !== 'unlisted')).toEqual([]);
    }
  });

  it('is recognised in families that only the catalogue has', () => {
    const catalogue = catalogueOf(['kimi-k3', 'claude-nova-6', 'auto'], 'auto');
    expect(resolveModel('moonshot/kimi-k3-high', catalogue).id).toBe('kimi-k3');
    expect(resolveModel('kimi-k2', catalogue).match).toBe('unlisted');
    expect(resolveModel('claude-6-nova', catalogue).id).toBe('claude-nova-6');
    expect(resolveModel('claude-nova-7', catalogue).match).toBe('unlisted');
  });
});

describe('the suffix of a name', () => {
  it('becomes an effort', () => {
    for (const effort of EFFORTS) {
      const names = IDS.flatMap((id) => [...suffixed(id, [effort, `thinking-${effort}`])]);
      expect(names.filter((name) => resolveModel(name, ALL).reasoning.effort !== effort)).toEqual([]);
    }
  });

  it('turns thinking on', () => {
    const names = IDS.flatMap((id) => [...suffixed(id, ['thinking', 'high-thinking', 'thinking-high'])]);
    expect(names.filter((name) => resolveModel(name, ALL).reasoning.thinking !== 'on')).toEqual([]);
  });

  it('is part of the model if the catalogue lists such a model', () => {
    const catalogue = catalogueOf(['claude-sonnet-4.5', 'claude-sonnet-4.5-1m', 'qwen3-max', 'kimi-k2-thinking']);
    expect(resolveModel('claude-sonnet-4-5[1m]', catalogue).id).toBe('claude-sonnet-4.5-1m');
    expect(resolveModel('qwen-3-max', catalogue)).toMatchObject({ id: 'qwen3-max', reasoning: NOTHING_NAMED });
    expect(resolveModel('qwen3-max-low', catalogue)).toMatchObject({ id: 'qwen3-max', reasoning: { effort: 'low' } });
    expect(resolveModel('kimi-k2-thinking', catalogue).reasoning).toEqual(NOTHING_NAMED);
  });

  it('is named in a note if it is unknown', () => {
    expect(resolveModel('claude-sonnet-4-5-20250929-fast-high-agentic[1m]', ALL).adjustments).toEqual([
      {
        rule: 'model-alias',
        path: 'model',
        before: 'claude-sonnet-4-5-20250929-fast-high-agentic[1m]',
        after: 'claude-sonnet-4.5',
      },
      { rule: 'model-suffix-ignored', path: 'model', before: 'fast-agentic-1m' },
    ]);
  });
});

describe('the model a client means', () => {
  it.each(IDS)('is %s itself if the catalogue lists it', (id) => {
    expect(resolveModel(id, ALL)).toMatchObject({ match: 'listed', id, model: { id }, adjustments: [] });
  });

  it.each([
    ['claude-sonnet-4-5-20250929', 'claude-sonnet-4.5'],
    ['CLAUDE_SONNET_4_20250514_V1_0', 'claude-sonnet-4'],
    ['claude-sonnet-4-0', 'claude-sonnet-4'],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4.5'],
    ['arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0', 'claude-haiku-4.5'],
    ['claude-haiku-4-5@20251001', 'claude-haiku-4.5'],
    ['Claude Opus 4.8', 'claude-opus-4.8'],
    ['claude2api/claude-opus-4.8', 'claude-opus-4.8'],
    ['gpt5.6-sol', 'gpt-5.6-sol'],
    ['deepseek-v3.2', 'deepseek-3.2'],
    ['qwen3-coder', 'qwen3-coder-next'],
    ['glm5', 'glm-5'],
    ['default', 'auto'],
  ])('%s is a spelling of %s, and that is noted', (requested, id) => {
    expect(resolveModel(requested, ALL)).toMatchObject({
      match: 'listed',
      id,
      adjustments: [{ rule: 'model-alias', path: 'model', before: requested, after: id }],
    });
  });

  it.each([
    ['sonnet', 'claude-sonnet-5.5'],
    ['opus', 'claude-opus-5.5'],
    ['claude-opus-latest', 'claude-opus-5.5'],
    ['claude-haiku', 'claude-haiku-4.5'],
    ['deepseek', 'deepseek-3.2'],
    ['minimax', 'minimax-m2.5'],
    ['gpt-luna', 'gpt-5.6-luna'],
  ])('%s has no version and becomes the newest of its family, %s', (requested, id) => {
    expect(resolveModel(requested, ALL)).toMatchObject({ match: 'listed', id });
    expect(rulesOf(requested)).toEqual(['model-family']);
  });

  it('compares versions as numbers', () => {
    expect(resolveModel('opus', catalogueOf(['claude-opus-4.9', 'claude-opus-4.10', 'claude-opus-4'])).id).toBe(
      'claude-opus-4.10',
    );
  });

  it.each([
    'codewhisperer',
    'gpt-4o',
    'gpt-4o-mini',
    'gpt-3.5-turbo',
    'chatgpt-4o-latest',
    'o3',
    'gemini-2.5-pro',
    'claude',
    'some-new-model',
    '你好',
    ' ',
  ])('%j belongs to no family, and the default model answers', (requested) => {
    expect(resolveModel(requested, ALL)).toMatchObject({
      match: 'default',
      id: 'auto',
      adjustments: [{ rule: 'model-default', path: 'model', before: requested, after: 'auto' }],
    });
  });

  it('keeps the effort in a name without a family', () => {
    expect(resolveModel('o3-high', ALL).reasoning.effort).toBe('high');
  });

  it('is left to the service if no default is known', () => {
    const catalogue = catalogueOf(['claude-opus-4.5']);
    expect(resolveModel('gpt-4o', catalogue)).toMatchObject({ match: 'default', id: undefined, model: undefined });
    expect(resolveModel('gpt-4o', EMPTY)).toMatchObject({ match: 'default', id: undefined });
  });

  it('is shortened in notes if its name is very long', () => {
    const { match, adjustments } = resolveModel(`claude-${'latest-'.repeat(100_000)}`, ALL);
    expect(match).toBe('default');
    expect(JSON.stringify(adjustments).length).toBeLessThan(400);
  });

  it('is passed through if the account does not have its family', () => {
    expect(resolveModel('claude-opus-latest', catalogueOf(['claude-sonnet-4']))).toMatchObject({
      match: 'unlisted',
      model: undefined,
    });
  });

  it.each([
    ['claude-sonnet-4-5-20250929', 'claude-sonnet-4.5'],
    ['claude-3-5-sonnet-latest', 'claude-sonnet-3.5'],
    ['CLAUDE_SONNET_4_20250514_V1_0', 'claude-sonnet-4'],
    ['claude-opus-5[1m]', 'claude-opus-5'],
    ['claude-4.5-opus-high-thinking', 'claude-opus-4.5'],
    ['claude-2.1', 'claude-2.1'],
    ['gpt-5.6-sol(high)', 'gpt-5.6-sol'],
    ['openai/gpt-5.6-terra:thinking', 'gpt-5.6-terra'],
    ['deepseek-3.2', 'deepseek-3.2'],
    ['auto', 'auto'],
  ])('without a catalogue %s goes out as %s', (requested, id) => {
    expect(resolveModel(requested, EMPTY)).toMatchObject({ match: 'unlisted', id, model: undefined });
    expect(rulesOf(requested, EMPTY)).toEqual(['model-passed-through']);
  });

  it('is noted with documented rules', () => {
    const names = ['Claude-Opus-5', 'gpt-4o', 'opus', 'claude-opus-9', 'claude-opus-5-fast'];
    expect(new Set(names.flatMap((name) => rulesOf(name)))).toEqual(new Set(Object.keys(MODEL_RULES)));
  });
});
