import { describe, expect, it } from 'vitest';
import { GatewayError } from '../core/errors.ts';
import { type AccountOptions, DEFAULT_OPTIONS, type OptionsPatch, patchOptions } from './options.ts';

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
