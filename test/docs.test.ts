/** Tables in docs/ which mirror tables in the code: row for row, in both directions. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_RULES } from '../src/core/errors.ts';

/** Cells of every table row whose first cell is `code`. */
function codeRows(page: string): string[][] {
  const text = readFileSync(resolve(import.meta.dirname, '../docs', page), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')));
}

describe('docs/errors.md', () => {
  it('lists the codes of the error table with their status, blame and retry', () => {
    const documented = codeRows('errors.md').map((cells) => cells.slice(0, 4));
    const inCode = Object.entries(ERROR_RULES).map(([code, { status, blame, retry }]) => [
      code,
      `${status}`,
      blame,
      retry,
    ]);
    expect(documented).toEqual(inCode);
  });
});
