import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { budgetChart } from './budget-chart.ts';
import { drawnFiles, readRecord } from './record.ts';
import { toRow } from './rows.ts';
import { slopeChart } from './slope-chart.ts';

const DOCS = resolve(import.meta.dirname, '../../docs');

describe('docs/performance.json', () => {
  it.each(Object.entries(drawnFiles(readRecord())))('is what docs/%s shows', (name, content) => {
    expect(readFileSync(resolve(DOCS, name), 'utf8')).toBe(content);
  });
});

describe('budgetChart', () => {
  it('tells met budgets from missed and open ones', () => {
    const budget = { type: 'value', atMost: 10 } as const;
    const row = (name: string, figure: number) => toRow({ name, unit: 'ms', rounds: { dragoman: [figure] }, budget });
    const chart = budgetChart([row('fast <1>', 5), row('slow', 50), row('unmeasured', Number.NaN)]);
    expect(chart.match(/<rect [^>]*class="(\w+)"/g)?.map((rect) => /class="(\w+)"/.exec(rect)?.[1])).toEqual([
      'met',
      'missed',
      'open',
    ]);
    expect(chart).toContain('>fast &lt;1&gt;</text>');
    expect(chart).toContain('50 ms (≤ 10 ms)');
  });
});

describe('slopeChart', () => {
  it('draws a linear cost as a straight line', () => {
    const points = [1, 10, 100].map((size) => ({ size, cost: 2 * size }));
    const chart = slopeChart('slopes', [{ name: 'x', size: 'keys', unit: 'µs', points }]);
    const [first, middle, last] = (/points="([^"]+)"/.exec(chart)?.[1] ?? '')
      .split(' ')
      .map((point) => point.split(',').map(Number));
    expect(middle?.[0]).toBeCloseTo(((first?.[0] ?? 0) + (last?.[0] ?? 0)) / 2, 0);
    expect(middle?.[1]).toBeCloseTo(((first?.[1] ?? 0) + (last?.[1] ?? 0)) / 2, 0);
    expect(chart).toContain('steepest exponent 1.00');
  });
});
