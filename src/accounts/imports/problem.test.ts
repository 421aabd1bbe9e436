import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { PROBLEM_CODES } from './problem.ts';

it('documents every code', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../../docs/accounts.md'), 'utf8');
  const section = page.slice(page.indexOf('### What cannot be imported'), page.indexOf('### Exporting'));
  const explained = [...section.matchAll(/^\| (`.*?) \|/gm)].flatMap(
    ([, cell = '']) => cell.match(/[a-z-]{4,}/g) ?? [],
  );
  expect(explained.sort()).toEqual([...PROBLEM_CODES].sort());
});
