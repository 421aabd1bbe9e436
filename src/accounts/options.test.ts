import { describe, expect, it } from 'vitest';
import { GatewayError } from '../core/errors.ts';
import { type AccountOptions, DEFAULT_OPTIONS, type OptionsPatch, patchOptions, shareOf } from './options.ts';

describe("an account's options", () => {
  it.each<[string, OptionsPatch, Partial<AccountOptions>]>([
    ['stay unchanged unless they are in the patch', {}, {}],
    ['take a priority', { priority: -5 }, { priority: -5 }],
    ['take a weight', { weight: 100 }, { weight: 100 }],
    ['take groups, each once', { groups: ['team-a', 'b', 'team-a'] }, { groups: ['team-a', 'b'] }],
    ['take limits', { maxConcurrency: 3, minIntervalMs: 250 }, { maxConcurrency: 3, minIntervalMs: 250 }],
  ])('%s', (_name, patch, changed) => {
    expect(patchOptions(DEFAULT_OPTIONS, patch)).toEqual({ ...DEFAULT_OPTIONS, ...changed });
  });

  it('lose a limit that is set to null', () => {
    const limited = { ...DEFAULT_OPTIONS, maxConcurrency: 3 };
    expect(patchOptions(limited, { priority: 1 }).maxConcurrency).toBe(3);
    expect(patchOptions(limited, { maxConcurrency: null }).maxConcurrency).toBeUndefined();
  });

  it.each<[OptionsPatch, string, string]>([
    [{ priority: 1.5 }, 'priority', 'priority is 1.5; it must be a whole number from -1000 to 1000.'],
    [{ weight: 0 }, 'weight', 'weight is 0; it must be a whole number from 1 to 100.'],
    [{ maxConcurrency: 0 }, 'maxConcurrency', 'maxConcurrency is 0; it must be a whole number from 1 to 10000.'],
    [
      { minIntervalMs: Number.NaN },
      'minIntervalMs',
      'minIntervalMs is NaN; it must be a whole number from 0 to 600000.',
    ],
    [
      { groups: ['a', 'Team A'] },
      'groups',
      '"Team A" is not a group name. Use at most 32 lower-case letters, digits, dots and dashes.',
    ],
    [{ groups: Array.from({ length: 33 }, (_, i) => `g${i}`) }, 'groups', 'An account can be in at most 32 groups.'],
  ])('reject %j', (patch, param, message) => {
    const refusal = expect(() => patchOptions(DEFAULT_OPTIONS, patch));
    refusal.toThrow(GatewayError);
    refusal.toThrow(expect.objectContaining({ code: 'invalid_request', param, message }));
  });
});

describe('the share of an account’s limits', () => {
  const sharesOf = (maxConcurrency: number, of: number) =>
    Array.from({ length: of }, (_, index) => {
      return shareOf({ ...DEFAULT_OPTIONS, maxConcurrency }, { number: index + 1, of }).maxConcurrency;
    });

  it('adds up to the limit', () => {
    expect(sharesOf(8, 2)).toEqual([4, 4]);
    expect(sharesOf(5, 3)).toEqual([2, 2, 1]);
  });

  it('is never less than one request', () => {
    expect(sharesOf(1, 3)).toEqual([1, 1, 1]);
  });

  it('spaces the starts of each process so that all together keep the interval', () => {
    const options = { ...DEFAULT_OPTIONS, minIntervalMs: 200 };
    expect(shareOf(options, { number: 2, of: 3 })).toEqual({ ...options, minIntervalMs: 600 });
  });
});
