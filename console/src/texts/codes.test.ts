/** Every error of the gateway is explained. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { codes } from './en/codes.ts';

it('every code in docs/errors.md has a text, and none besides', () => {
  const docs = readFileSync(resolve(import.meta.dirname, '../../../docs/errors.md'), 'utf8');
  const documented = [...docs.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code);
  expect(documented.length).toBeGreaterThan(40);
  expect(Object.keys(codes).sort()).toEqual(documented.sort());
});
