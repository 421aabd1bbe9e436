import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readProfileFiles, readShippedProfiles } from './profile-files.ts';
import { WireProfiles } from './profiles.ts';

const load = (...contents: unknown[]) =>
  new WireProfiles(
    undefined,
    contents.map((content, index) => ({ name: `/home/profiles/${index}.json`, content })),
  );

describe("the user's own wire profiles", () => {
  it('may have only the differences from another profile', () => {
    const profiles = load({ id: 'mine', extends: 'q-rest', streaming: { baseUrl: 'https://q2.{region}.example.com' } });
    const mine = profiles.get('mine');
    const { streaming, id, ...rest } = profiles.get('q-rest');
    expect(mine).toMatchObject({ ...rest, streaming: { ...streaming, baseUrl: 'https://q2.{region}.example.com' } });
    expect(id).toBe('q-rest');
    expect(profiles.orderFor('idc').slice(0, 2)).toEqual(['mine', 'q-rest']);
  });

  it('may replace a shipped profile, and keep its variants', () => {
    const profiles = load({ id: 'kiro-krs', extends: 'kiro-krs', streaming: { headers: { 'x-kiro-attempt': null } } });
    expect(profiles.get('kiro-krs').streaming.headers).not.toHaveProperty('x-kiro-attempt');
    expect(profiles.get('kiro-krs/untyped').streaming.headers).not.toHaveProperty('x-kiro-attempt');
    expect(profiles.list().filter(({ profile }) => profile.id === 'kiro-krs')).toMatchObject([
      { origin: '/home/profiles/0.json', variants: ['kiro-krs/untyped'] },
    ]);
  });

  it('may extend each other', () => {
    const profiles = load({ id: 'b', extends: 'a', origin: 'IDE' }, { id: 'a', extends: 'q-json', origin: 'CLI' });
    expect([profiles.get('a').origin, profiles.get('b').origin]).toEqual(['CLI', 'IDE']);
  });

  it('do not change other gateways of the process', () => {
    load({ id: 'mine', extends: 'q-rest' });
    expect(() => new WireProfiles().get('mine')).toThrow(/Unknown wire profile "mine"/);
  });

  it.each([
    ['a list', [], /0\.json is not valid\. Invalid input: expected object, received array/],
    ['no id', { extends: 'q-rest' }, /id: Invalid input: expected string/],
    ['an odd id', { id: 'Mine!', extends: 'q-rest' }, /id: expected lower-case letters, digits and dashes/],
    [
      'an unknown parent',
      { id: 'mine', extends: 'q-soap' },
      /extends: "q-soap" is not a known wire profile; use one of q-rest/,
    ],
    ['itself as its parent', { id: 'mine', extends: 'mine' }, /extends: "mine" is not a known wire profile/],
    ['an unknown member', { id: 'mine', extends: 'q-rest', colour: 'red' }, /Unrecognized key: "colour"/],
    [
      'a wrong value',
      { id: 'mine', extends: 'q-rest', streaming: { flavour: 'soap' } },
      /streaming\.flavour: .*"rest"\|"json"/,
    ],
    ['plain http', { id: 'mine', extends: 'q-rest', mcp: { baseUrl: 'http://q' } }, /mcp\.baseUrl: expected https:/],
    [
      'another product',
      { id: 'mine', extends: 'q-rest', mcp: { userAgent: 'Other/1' } },
      /mcp\.userAgent: must end in dragoman/,
    ],
    [
      'a line break in a header',
      { id: 'mine', extends: 'q-rest', mcp: { headers: { x: 'a\r\nb' } } },
      /mcp\.headers\.x: expected printable/,
    ],
    [
      'an unknown placeholder',
      { id: 'mine', extends: 'q-rest', mcp: { headers: { x: '{token}' } } },
      /mcp\.headers\.x: has an unknown placeholder/,
    ],
    [
      'a missing target',
      { id: 'mine', extends: 'q-rest', streaming: { flavour: 'json' } },
      /operations\.GenerateAssistantResponse\.target: needs a target/,
    ],
    [
      'a broken pattern',
      { id: 'mine', extends: 'q-rest', limits: { toolNamePattern: '(' } },
      /limits\.toolNamePattern: is not a regular expression/,
    ],
    [
      'a broken variant',
      { id: 'mine', extends: 'q-rest', variants: { b: { origin: 1 } } },
      /variant b is not valid\. origin:/,
    ],
  ])('refuses %s, naming the file, the member and what is expected', (_what, content, message) => {
    expect(() => load(content)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    expect(() => load(content)).toThrow(message);
  });

  it('refuses two files with the same id, and circular references', () => {
    expect(() => load({ id: 'a', extends: 'q-rest' }, { id: 'a', extends: 'q-json' })).toThrow(
      /1\.json.*0\.json has the id a too/,
    );
    expect(() => load({ id: 'a', extends: 'b' }, { id: 'b', extends: 'a' })).toThrow(/circular/);
  });
});

it('reads the shipped wire profiles, unchecked, as the schema would', () => {
  const folder = join(import.meta.dirname, 'profiles');
  const names = readdirSync(folder);
  const files = names.map((name) => ({ name, content: JSON.parse(readFileSync(join(folder, name), 'utf8')) }));
  const shipped = readShippedProfiles(files);
  expect([...shipped]).toEqual([...readProfileFiles(files)]);
  expect(shipped.size).toBe(names.length);
  const operations = [...shipped.values()].flat().map((profile) => profile.operations.GenerateAssistantResponse);
  expect(new Set(operations).size).toBe(operations.length);
});
