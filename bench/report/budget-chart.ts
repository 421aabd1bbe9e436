/** A bar for each budget: how much of it dragoman uses. */
import { budgetText } from './budgets.ts';
import { figureText, isMet, type Row } from './rows.ts';
import { bar, line, onLogAxis, svg, text } from './svg.ts';

const WIDTH = 880;
const ROW_HEIGHT = 22;
const TOP = 44;
const BARS_FROM = 420;
const BARS_TO = 650;
/** Shares of a budget at both ends of the axis. */
const AXIS: readonly [number, number] = [0.1, 10];

export function budgetChart(rows: readonly Row[]): string {
  const withBudget = rows.filter((row) => row.budget !== undefined);
  const height = TOP + withBudget.length * ROW_HEIGHT + 8;
  const limit = position(1);
  const ticks = [...AXIS, 1];
  return svg(WIDTH, height, 'How much of each budget dragoman uses', [
    text(8, 20, 'How much of each budget dragoman uses', 'title'),
    ...ticks.map((share) => text(position(share), 36, share === 1 ? 'budget' : `${share} ×`, 'faint', 'middle')),
    ...AXIS.map((share) => line(position(share), TOP - 4, position(share), height - 8, 'grid')),
    ...withBudget.flatMap((row, index) => budgetBar(row, TOP + index * ROW_HEIGHT)),
    line(limit, TOP - 4, limit, height - 8, 'limit'),
  ]);
}

function budgetBar(row: Row, y: number): string[] {
  const { budgetShare: share } = row;
  const met = isMet(row);
  const end = share === undefined ? BARS_FROM : position(share);
  return [
    text(BARS_FROM - 10, y + 13, row.name, '', 'end'),
    bar(BARS_FROM, y + 3, Math.max(1, end - BARS_FROM), 14, met === undefined ? 'open' : met ? 'met' : 'missed'),
    text(BARS_TO + 10, y + 13, figureOf(row), 'faint'),
  ];
}

function figureOf({ budget, ratio, values, unit }: Row): string {
  const figure =
    budget?.type === 'ratio' ? `${ratio?.median.toFixed(2) ?? '–'} × ${ratio?.to ?? ''}` : figureText(values.dragoman);
  return `${figure} ${budget?.type === 'value' ? unit : ''} (${budgetText(budget, unit)})`;
}

function position(share: number): number {
  return onLogAxis(Math.min(Math.max(share, AXIS[0]), AXIS[1]), AXIS, BARS_FROM, BARS_TO);
}
