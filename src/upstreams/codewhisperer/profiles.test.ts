import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_WIRE_PROFILE, WIRE_PROFILES, wireProfile } from './profiles.ts';

describe('wire profiles', () => {
  it('has every file of the folder loaded, each under its own name', () => {
    const files = readdirSync(join(import.meta.dirname, 'profiles')).map((file) => file.replace('.json', ''));
    expect(WIRE_PROFILES.map((profile) => profile.id).sort()).toEqual(files.sort());
  });

  it('knows the default one', () => {
    expect(wireProfile(DEFAULT_WIRE_PROFILE).id).toBe('q-rest');
  });

  it('says which ones exist when asked for another', () => {
    expect(() => wireProfile('q-soap')).toThrow(/"q-soap".*q-rest, q-json, kiro-runtime, codewhisperer-legacy/);
  });

  it.each(WIRE_PROFILES)('$id has a target exactly where its flavour is JSON', (profile) => {
    for (const operation of Object.values(profile.operations).filter((each) => each !== undefined)) {
      expect(operation.target !== undefined).toBe(profile[operation.plane].flavour === 'json');
    }
  });

  it.each(WIRE_PROFILES)('$id always allows what every chat request carries', (profile) => {
    expect(profile.body.fields).toContain('conversationState');
    expect(profile.body.conversationStateFields).toEqual(
      expect.arrayContaining(['chatTriggerType', 'conversationId', 'history', 'currentMessage']),
    );
    expect(profile.body.fields.includes('additionalModelRequestFields')).toBe(profile.accepts.reasoningSettings);
  });
});
