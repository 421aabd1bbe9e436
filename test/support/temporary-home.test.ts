import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { loadSettings } from '../../src/config.ts';

it("keeps tests away from the developer's home directory and settings", () => {
  expect(homedir()).not.toBe(inject('developerHome'));
  expect(homedir().startsWith(join(tmpdir(), 'dragoman-test-home-'))).toBe(true);
  expect(loadSettings({}).settings.home).toBe(join(homedir(), '.dragoman'));
  expect(Object.keys(process.env).filter((name) => /^(?:DRAGOMAN|XDG)_/.test(name))).toEqual([]);
});
