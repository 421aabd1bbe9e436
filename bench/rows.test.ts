import { describe, expect, it } from 'vitest';
import { type Budget, figureText, tableText, toRow } from './rows.ts';

const values = { dragoman: 60, nginx: 100, direct: 200 };

describe('toRow', () => {
  it.each<[Budget, string, boolean | undefined]>([
    [{ type: 'ratio', atLeast: 0.6 }, '≥ 0.60 ×', true],
    [{ type: 'ratio', atLeast: 0.61 }, '≥ 0.61 ×', false],
    [{ type: 'ratio', atMost: 0.5 }, '≤ 0.5 ×', false],
    [{ type: 'value', atMost: 64 }, '≤ 64 ms', true],
    [{ type: 'value', atMost: 59 }, '≤ 59 ms', false],
    [{ type: 'none' }, '', undefined],
  ])('compares %j with the figures', (budget, text, met) => {
    const row = toRow({ name: 'x', unit: 'ms', values, budget });
    expect(row).toMatchObject({ reference: 'nginx', ratio: 0.6, budget: text, met });
  });

  it('compares with direct without nginx, leaving the budget open', () => {
    const budget = { type: 'ratio', atLeast: 0.6 } as const;
    const row = toRow({ name: 'x', unit: '', values: { dragoman: 60, direct: 200 }, budget });
    expect(row).toMatchObject({ reference: 'direct', ratio: 0.3, met: undefined });
  });

  it('has no ratio to a negative difference', () => {
    const budget = { type: 'value', atMost: 5 } as const;
    const row = toRow({ name: 'x', unit: 'ms', values: { dragoman: 3, nginx: -0.1 }, budget });
    expect(row).toMatchObject({ ratio: undefined, met: true });
  });

  it('does not count an unmeasured figure as met', () => {
    const row = toRow({ name: 'x', unit: '', values: { dragoman: Number.NaN }, budget: { type: 'value', atMost: 5 } });
    expect(row.met).toBeUndefined();
  });
});

describe('tableText', () => {
  it('aligns its columns and collects notes', () => {
    const rows = [
      toRow({ name: 'short', unit: 'ms', values, budget: { type: 'ratio', atMost: 1.4 }, note: 'first' }),
      toRow({
        name: 'a much longer name',
        unit: '',
        values: { dragoman: 1 },
        budget: { type: 'none' },
        note: 'second',
      }),
      toRow({ name: 'again', unit: '', values: { direct: 1 }, budget: { type: 'none' }, note: 'first' }),
    ];
    const lines = tableText(rows).split('\n');
    expect(new Set(lines.slice(0, 5).map((line) => [...line].length)).size).toBe(1);
    expect(lines[2]).toContain('| short, ms (1)');
    expect(lines[2]).toContain('| 0.60  | ≤ 1.4 × | yes |');
    expect(lines[4]).toContain('again (1)');
    expect(lines.slice(5)).toEqual(['', '(1) first', '(2) second']);
  });
});

describe('figureText', () => {
  it.each([
    [undefined, ''],
    [Number.NaN, '–'],
    [12_345.6, '12346'],
    [12.345, '12.3'],
    [0.012_345, '0.0123'],
    [0, '0'],
  ])('%d is %j', (value, text) => {
    expect(figureText(value)).toBe(text);
  });
});
