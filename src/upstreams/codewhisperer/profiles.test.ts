import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WIRE_PROFILES } from '../../../test/support/wire-profiles.ts';
import { ACCOUNT_KINDS } from './profile-schema.ts';
import { SHIPPED_PROFILES, WireProfiles, wireProfile } from './profiles.ts';

const SRC = resolve(import.meta.dirname, '../..');

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /(?<!\.test)\.ts$/.test(entry.name) ? [path] : [];
  });
}

/** String literals that equal the id of a wire profile. */
function idsIn(source: string): string[] {
  const text = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const ids = WIRE_PROFILES.map(({ id }) => id);
  const literals = [...text.matchAll(/'([^'\n]*)'|"([^"\n]*)"|`([^`\n]*)`/g)];
  return literals.map(([, one, two, three]) => one ?? two ?? three ?? '').filter((literal) => ids.includes(literal));
}

describe('wire profiles', () => {
  it('include every file in the folder, each under its own name', () => {
    const files = readdirSync(join(import.meta.dirname, 'profiles')).map((file) => file.replace('.json', ''));
    expect(WIRE_PROFILES.map((profile) => profile.id).sort()).toEqual(files.sort());
  });

  it('are data only: no code names one', () => {
    const found = sources(SRC).flatMap((file) => idsIn(readFileSync(file, 'utf8')).map((id) => `${file}: ${id}`));
    expect(found).toEqual([]);
    expect(idsIn("if (profile.id === 'q-rest') return;")).toEqual(['q-rest']);
  });

  it('are listed in the error for an unknown one', () => {
    expect(() => wireProfile('q-soap')).toThrow(/"q-soap".*q-rest, q-json, kiro-krs, kiro-krs\/untyped, kiro-runtime/);
  });

  it.each(WIRE_PROFILES)('$id accepts the members of every chat request', (profile) => {
    expect(profile.body.fields).toContain('conversationState');
    expect(profile.body.conversationStateFields).toEqual(
      expect.arrayContaining(['chatTriggerType', 'conversationId', 'history', 'currentMessage']),
    );
    expect(profile.body.fields.includes('additionalModelRequestFields')).toBe(profile.accepts.reasoningSettings);
  });

  it.each(WIRE_PROFILES)('$id names dragoman, and no machine, in its user agents', (profile) => {
    for (const plane of [profile.streaming, profile.controlPlane, profile.mcp, profile.mcpRest]) {
      expect(plane.userAgent).toMatch(
        /^aws-sdk-js\/1\.0\.0 ua\/2\.1 os\/\{platform\}#\{release\} lang\/js md\/nodejs#\{node\} api\/[a-z]+#1\.0\.0 m\/N dragoman\/\{version\}$/,
      );
    }
  });
});

describe('the order of wire profiles', () => {
  it.each([
    ['builder-id', 'q-rest'],
    ['idc', 'q-rest'],
    ['social', 'q-rest'],
    ['external-idp', 'q-rest'],
    ['api-key', 'q-json'],
    ['iam', 'q-iam'],
  ])('of an account of the kind %s begins with %s', (kind, first) => {
    expect(SHIPPED_PROFILES.orderFor(kind)[0]).toBe(first);
  });

  it('has each profile once, followed by its variants', () => {
    const order = SHIPPED_PROFILES.orderFor('social');
    expect(order).toEqual(['q-rest', 'kiro-krs', 'kiro-krs/untyped', 'kiro-runtime', 'q-json', 'codewhisperer-legacy']);
    expect(SHIPPED_PROFILES.orderFor('iam')).toEqual(['q-iam']);
  });

  it('is the profile in the settings, with its variants, for accounts that authenticate that way', () => {
    for (const kind of ACCOUNT_KINDS.filter((each) => each !== 'iam'))
      expect(SHIPPED_PROFILES.orderFor(kind, 'kiro-krs')).toEqual(['kiro-krs', 'kiro-krs/untyped']);
    expect(SHIPPED_PROFILES.orderFor('iam', 'kiro-krs')).toEqual(['q-iam']);
    expect(SHIPPED_PROFILES.orderFor('idc', 'q-iam')[0]).toBe('q-rest');
  });

  it('can be changed by a short file', () => {
    const content = { id: 'kiro-krs', extends: 'kiro-krs', accounts: { social: 1 } };
    const profiles = new WireProfiles(undefined, [{ name: 'mine.json', content }]);
    expect(profiles.orderFor('social').slice(0, 3)).toEqual(['kiro-krs', 'kiro-krs/untyped', 'q-rest']);
    expect(profiles.orderFor('builder-id')[0]).toBe('q-rest');
  });

  it('refuses a kind that no profile serves', () => {
    expect(() => SHIPPED_PROFILES.orderFor('carrier-pigeon')).toThrow(/No wire profile serves/);
  });
});
