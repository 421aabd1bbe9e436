/** Every setting of the gateway is explained in Chinese too. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { SETTING_MEANINGS } from './zh-CN/setting-meanings.ts';

const PAGE = readFileSync(resolve(import.meta.dirname, '../../../docs/settings.md'), 'utf8');

it('every setting in docs/settings.md has a meaning, and none besides', () => {
  const documented = [...PAGE.matchAll(/^\| `([A-Z][A-Z_]+)` \|/gm)].map(([, name]) => name);
  expect(documented.length).toBeGreaterThan(50);
  expect(Object.keys(SETTING_MEANINGS).sort()).toEqual([...new Set(documented)].sort());
});

it('every meaning is written in Chinese', () => {
  const english = Object.entries(SETTING_MEANINGS).filter(([, { meaning }]) => !/\p{Script=Han}/u.test(meaning));
  expect(english).toEqual([]);
});
