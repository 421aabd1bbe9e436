/** The recorded run, docs/performance.json, and what is drawn from it: two charts and the tables of docs/performance.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Processes } from '../processes.ts';
import type { Scale } from '../scenarios/scenario.ts';
import { budgetChart } from './budget-chart.ts';
import { type Curve, growthExponent } from './curves.ts';
import { figureText, type Row, tableText } from './rows.ts';
import { slopeChart } from './slope-chart.ts';

const DOCS = resolve(import.meta.dirname, '../../docs');
const RECORD = 'performance.json';
const PAGE = 'performance.md';

export interface BenchRecord {
  readonly machine: string;
  readonly nginx: boolean;
  readonly cores: Processes['cores'] | null;
  readonly scale: Scale;
  readonly rows: readonly Row[];
  readonly curves: readonly Curve[];
}

export function writeRecord(record: BenchRecord): void {
  writeFileSync(join(DOCS, RECORD), `${JSON.stringify(record, undefined, 1)}\n`);
}

export function readRecord(): BenchRecord {
  return JSON.parse(readFileSync(join(DOCS, RECORD), 'utf8'));
}

/** Everything that is drawn from the record, by file name in docs/. */
export function drawnFiles(record: BenchRecord): Readonly<Record<string, string>> {
  return {
    'performance-budgets.svg': budgetChart(record.rows.filter((row) => !isSlope(row))),
    'performance-slopes.svg': slopeChart('How costs grow', record.curves),
    [PAGE]: pageWith(readFileSync(join(DOCS, PAGE), 'utf8'), record),
  };
}

export function drawDocs(record: BenchRecord): void {
  for (const [name, content] of Object.entries(drawnFiles(record))) writeFileSync(join(DOCS, name), content);
}

/** Replaces what is between a section's comments and keeps the text around them. */
function pageWith(page: string, { machine, scale, rows, curves }: BenchRecord): string {
  const sections: Readonly<Record<string, string>> = {
    machine: `Measured on ${machine}${scale.isQuick ? ', with `--quick`: short windows, so the figures are only a rough indication' : ''}.`,
    budgets: tableSection(rows.filter((row) => row.budget !== undefined && !isSlope(row))),
    figures: tableSection(rows.filter(({ budget }) => budget === undefined)),
    slopes: slopeTable(curves),
  };
  return Object.entries(sections).reduce((text, [name, content]) => {
    const section = new RegExp(`(<!-- ${name}, drawn by the benchmark -->\n)[^]*?(<!-- end of ${name} -->)`);
    if (!section.test(text)) throw new Error(`docs/${PAGE} has no section "${name}".`);
    return text.replace(section, (_, begin: string, end: string) => `${begin}${content}\n\n${end}`);
  }, page);
}

/** The notes as a list, since a page would join their lines. */
function tableSection(rows: readonly Row[]): string {
  return tableText(rows).replace(/^\((\d+)\) /gm, '- ($1) ');
}

/** Shown with the curves. */
function isSlope({ name }: Row): boolean {
  return name.includes('exponent of its growth');
}

function slopeTable(curves: readonly Curve[]): string {
  const lines = curves.flatMap(({ name, size, unit, points }) => {
    // The warm-up curve falls, and has too many points for a table.
    if (points.length > 10) return [];
    const costs = points.map((point) => `${figureText(point.cost)} at ${point.size}`).join(', ');
    return [`| ${name}, ${unit} | ${size} | ${costs} | ${growthExponent(points).toFixed(2)} |`];
  });
  return ['| cost | size | figures | steepest exponent |', '|---|---|---|---|', ...lines].join('\n');
}
