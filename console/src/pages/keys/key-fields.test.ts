import { describe, expect, it } from 'vitest';
import type { ClientKey } from '../../api/client-keys.ts';
import { bodyOf, fieldsOf } from './key-fields.ts';

const NOW_MS = Date.UTC(2026, 10, 29, 12);

describe('the form of a key', () => {
  it('of a new key sets nothing but the name', () => {
    const body = bodyOf({ ...fieldsOf(undefined), name: ' ci ' }, NOW_MS);
    const { name, ...rest } = body;
    expect(name).toBe('ci');
    expect(Object.values(rest).every((value) => value === null)).toBe(true);
  });

  it('gives back what a key has', () => {
    const key = {
      name: 'ci',
      owner: 'Ann',
      note: null,
      expiresAt: '2027-01-31T10:15:00.000Z',
      models: ['claude-*'],
      group: 'team',
      requestsPerMinute: 60,
      concurrency: null,
      tokensPerMinute: 0,
      creditsPerDay: 1.5,
      creditsPerMonth: null,
    };
    expect(bodyOf(fieldsOf(key as ClientKey), NOW_MS)).toEqual(key);
  });

  it.each([
    ['30', '2026-12-29T12:00:00.000Z'],
    ['never', null],
  ] as const)('reads an expiry of %s', (expiry, time) => {
    expect(bodyOf({ ...fieldsOf(undefined), expiry }, NOW_MS).expiresAt).toBe(time);
  });

  it('does not send a date that is not complete', () => {
    expect(bodyOf({ ...fieldsOf(undefined), expiry: 'custom', expiresAt: '' }, NOW_MS).expiresAt).toBeNull();
  });
});
