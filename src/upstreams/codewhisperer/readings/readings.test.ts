import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SHIPPED_PROFILES, wireProfile } from '../profiles.ts';
import { withReadings } from './profile.ts';
import { isReading, READING_RULES, SAFEST_READINGS } from './rules.ts';

const RULES = Object.entries(READING_RULES);
const PROFILES = SHIPPED_PROFILES.list().map(({ profile }) => profile);

describe('reading rules', () => {
  it.each(RULES)('%s has two readings, one of which is the safest', (id, { question, readings, usual, safest }) => {
    expect(question).toMatch(/^[A-Z].*\?$/);
    expect(Object.keys(readings)).toHaveLength(2);
    expect(isReading(id, safest)).toBe(true);
    if (usual !== 'profile') expect(isReading(id, usual)).toBe(true);
  });

  it.each(RULES)('%s: its readings differ from each other, and the usual one from no shipped profile', (id, rule) => {
    for (const profile of PROFILES) {
      const read = Object.keys(rule.readings).map((reading) => withReadings(profile, { [id]: reading }));
      // KiroRuntimeService requires the fields.
      expect(isDeepStrictEqual(read[0], read[1])).toBe(id === 'task-fields' && profile.id === 'kiro-krs');
      if (rule.usual === 'profile' || id === 'context-window') continue;
      expect(withReadings(profile, { [id]: rule.usual })).toEqual(profile);
    }
  });

  it('are ignored if they are unknown', () => {
    const profile = wireProfile('q-rest');
    expect(withReadings(profile, { 'no-such-rule': 'on', 'blank-turn': 'no-such-reading', toString: 'on' })).toBe(
      profile,
    );
  });
});

describe('the profile of an account', () => {
  it('is the same object for the same readings, so that its sanitized schemas are found again', () => {
    const use = { wireProfile: 'q-rest', readings: { 'additional-properties': 'kept' } };
    expect(SHIPPED_PROFILES.of(use)).toBe(SHIPPED_PROFILES.of({ ...use, readings: { ...use.readings } }));
    expect(SHIPPED_PROFILES.of({ wireProfile: 'q-rest' })).toBe(wireProfile('q-rest'));
  });

  it('has every member of a wire profile under the safest readings', () => {
    for (const { id } of PROFILES) {
      const safest = SHIPPED_PROFILES.of({ wireProfile: id, readings: SAFEST_READINGS });
      expect(safest.limits.toolNamePattern.test('1tool')).toBe(false);
      expect(safest.schemas.removedKeywords.has('pattern')).toBe(true);
    }
  });
});
