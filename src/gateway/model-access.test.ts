import { describe, expect, it } from 'vitest';
import { OPUS } from '../../test/support/codewhisperer.ts';
import type { Catalogue } from '../core/models.ts';
import { codewhisperer } from '../upstreams/codewhisperer/index.ts';
import { assertNameAllowed, chooseModel, matchesAny, visibleCatalogue } from './model-access.ts';

const IDS = ['auto', 'claude-sonnet-4', 'claude-sonnet-4.5', 'claude-sonnet-5', 'claude-haiku-4.5', 'gpt-5.6-sol'];
const ALL: Catalogue = { models: IDS.map((id) => ({ ...OPUS, id, name: id })), defaultModelId: 'auto' };

function visible(...patterns: string[]): string[] {
  return visibleCatalogue(ALL, patterns, codewhisperer).models.map(({ id }) => id);
}

/** The id of the model that is used, or the error's code. */
function chosen(requested: string, ...patterns: string[]): string | undefined {
  try {
    return chooseModel(requested, ALL, patterns, codewhisperer).model.id;
  } catch (cause) {
    expect(cause).toMatchObject({ code: 'unknown_model', param: 'model' });
    return 'refused';
  }
}

describe('patterns of model names', () => {
  it.each([
    ['claude-*', 'claude-sonnet-4.5', true],
    ['claude-*', 'gpt-5', false],
    ['*', 'anything', true],
    ['*sonnet*', 'claude-sonnet-4', true],
    ['*-4.5', 'claude-haiku-4.5', true],
    ['*-4-5', 'claude-haiku-4.5', true],
    ['Claude-Sonnet-4.5', 'claude-sonnet-4-5', true],
    ['claude-sonnet-4', 'claude-sonnet-4.5', false],
    ['a*a', 'a', false],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['claude.*', 'claude-x', true],
    ['claude-+', 'claude-x', false],
  ])('%s for %s: %s', (pattern, name, expected) => {
    expect(matchesAny([pattern], name)).toBe(expected);
  });

  it('take linear time for a long name and many stars', () => {
    expect(matchesAny([`${'*a'.repeat(90)}*b`], 'a'.repeat(100_000))).toBe(false);
  });
});

describe('the models of a client', () => {
  it('are those that match a pattern, or that a name in the list means', () => {
    expect(visible('claude-sonnet-*')).toEqual(['claude-sonnet-4', 'claude-sonnet-4.5', 'claude-sonnet-5']);
    expect(visible('anthropic/claude-sonnet-4-5-20250929', 'gpt-*')).toEqual(['claude-sonnet-4.5', 'gpt-5.6-sol']);
    expect(visible('nothing')).toEqual([]);
  });

  it('include the default model only if it is allowed', () => {
    expect(visibleCatalogue(ALL, ['claude-*'], codewhisperer).defaultModelId).toBeUndefined();
    expect(visibleCatalogue(ALL, ['auto'], codewhisperer).defaultModelId).toBe('auto');
  });

  it('are computed once for each catalogue and list of patterns', () => {
    const patterns = ['claude-*'];
    expect(visibleCatalogue(ALL, patterns, codewhisperer)).toBe(visibleCatalogue(ALL, patterns, codewhisperer));
  });
});

describe('a model is used', () => {
  it('under every name of an allowed one, and refused under every name of another', () => {
    for (const name of ['claude-sonnet-4.5', 'claude-sonnet-4-5-20250929', 'anthropic/claude-4.5-sonnet'])
      expect([chosen(name, 'claude-sonnet-4.5'), chosen(name, 'gpt-*')]).toEqual(['claude-sonnet-4.5', 'refused']);
  });

  it('as the newest allowed one of a family', () => {
    expect(chosen('claude-sonnet', 'claude-sonnet-4*')).toBe('claude-sonnet-4.5');
  });

  it('by default for an unknown name, if the default is allowed, but never instead of a model that is not', () => {
    expect(chosen('some-other-model', 'auto')).toBe('auto');
    expect(chosen('some-other-model', 'claude-*')).toBe('refused');
    expect(chosen('claude-haiku-4.5', 'auto')).toBe('refused');
  });

  it('that the list does not have, if its name matches a pattern', () => {
    expect(chosen('claude-sonnet-9.9', 'claude-*')).toBe('claude-sonnet-9.9');
    expect(chosen('claude-sonnet-9.9', 'claude-haiku-*')).toBe('refused');
  });

  it('by its name alone where there is no catalogue', () => {
    expect(() => assertNameAllowed(['codestral', 'inline-completion'], ['claude-*'])).toThrow('codestral');
    expect(() => assertNameAllowed(['codestral', 'inline-completion'], ['inline-*'])).not.toThrow();
    expect(() => assertNameAllowed(['codestral'], undefined)).not.toThrow();
  });
});
