import { describe, expect, it } from 'vitest';
import type { Budget } from './budgets.ts';
import { figureText, isMet, tableText, toRow } from './rows.ts';

const rounds = { dragoman: [60, 50, 90], bare: [100, 100, 300], nginx: [100, 50, 100], direct: [200, 200, 200] };

describe('toRow', () => {
  it.each<[Budget | undefined, string, number, boolean | undefined]>([
    [{ type: 'ratio', to: 'nginx', atLeast: 0.9 }, 'nginx', 0.9, true],
    [{ type: 'ratio', to: 'nginx', atLeast: 0.91 }, 'nginx', 0.9, false],
    [{ type: 'ratio', to: 'bare', atMost: 0.4 }, 'bare', 0.5, false],
    [{ type: 'value', atMost: 60 }, 'nginx', 0.9, true],
    [{ type: 'value', atMost: 59 }, 'nginx', 0.9, false],
    [undefined, 'nginx', 0.9, undefined],
  ])('compares %j with the figures', (budget, to, median, met) => {
    const row = toRow({ name: 'x', unit: 'ms', rounds, ...(budget && { budget }) });
    expect(row.ratio).toMatchObject({ to, median });
    expect(isMet(row)).toBe(met);
  });

  it('pairs the rounds, so that a slow minute of the machine cancels out', () => {
    const row = toRow({ name: 'x', unit: 'ms', rounds: { dragoman: [10, 40, 20], nginx: [5, 20, 10] } });
    expect(row.ratio).toEqual({ to: 'nginx', median: 2, lowest: 2, highest: 2 });
  });

  it('compares with another reference if the budget has no figure, leaving the budget open', () => {
    const budget = { type: 'ratio', to: 'nginx', atLeast: 0.6 } as const;
    const row = toRow({ name: 'x', unit: '', rounds: { dragoman: [60], direct: [200], bare: [120] }, budget });
    expect(row).toMatchObject({ ratio: { to: 'bare', median: 0.5 }, budgetShare: undefined });
  });

  it('has no ratio to a negative difference', () => {
    const row = toRow({ name: 'x', unit: '', rounds: { dragoman: [3], nginx: [-0.1] } });
    expect(row.ratio).toBeUndefined();
  });

  it('does not count an unmeasured figure as met', () => {
    const row = toRow({
      name: 'x',
      unit: '',
      rounds: { dragoman: [Number.NaN] },
      budget: { type: 'value', atMost: 5 },
    });
    expect(isMet(row)).toBeUndefined();
  });
});

describe('tableText', () => {
  it('aligns its columns and collects notes', () => {
    const rows = [
      toRow({
        name: 'short',
        unit: 'ms',
        rounds,
        budget: { type: 'ratio', to: 'nginx', atMost: 1.4 },
        note: 'first',
      }),
      toRow({ name: 'a much longer name', unit: '', rounds: { dragoman: [1], other: [2] }, note: 'second' }),
      toRow({ name: 'again', unit: '', rounds: { direct: [1] }, note: 'first' }),
    ];
    const lines = tableText(rows).split('\n');
    expect(new Set(lines.slice(0, 5).map((line) => [...line].length)).size).toBe(1);
    expect(lines[0]).toMatch(/dragoman \| other \| nginx \| bare \| direct \| ratio/);
    expect(lines[2]).toContain('| short, ms (1)');
    expect(lines[2]).toContain('| 0.90 × nginx (0.60–1.00) | ≤ 1.4 × nginx | yes |');
    expect(lines[4]).toContain('again (1)');
    expect(lines.slice(5)).toEqual(['', '(1) first', '(2) second']);
  });

  it('shows how far a figure is from that of the floor', () => {
    const rows = [
      toRow({ name: 'a', unit: 'ms', rounds: { dragoman: [6, 9, 30], bare: [1, 1, 1], floor: [4, 6, 10] } }),
      toRow({ name: 'b', unit: 'ms', rounds: { dragoman: [1] } }),
    ];
    const [head = '', , first = '', second = ''] = tableText(rows).split('\n');
    expect(head).toContain('| ratio (spread)          | of the floor | budget |');
    expect(first).toContain('| 9.00 × bare (6.00–30.0) | 1.50 ×       |');
    expect(second).toContain('|                         |              |');
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
