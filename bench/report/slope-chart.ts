/** A small panel for each curve, both axes logarithmic, so that a linear cost rises by 45 degrees per decade. */
import { type Curve, growthExponent } from './curves.ts';
import { figureText } from './rows.ts';
import { dot, line, onLogAxis, path, svg, text } from './svg.ts';

const COLUMNS = 3;
const PANEL = { width: 286, height: 176 };
const PLOT = { left: 56, right: 270, top: 44, bottom: 140 };
/** More points than this are drawn as a line only. */
const MAX_DOTS = 10;

export function slopeChart(title: string, curves: readonly Curve[]): string {
  const rows = Math.ceil(curves.length / COLUMNS);
  const panels = curves.map((curve, index) => {
    const x = (index % COLUMNS) * PANEL.width;
    const y = Math.floor(index / COLUMNS) * PANEL.height;
    return `<g transform="translate(${x} ${y})">\n${panel(curve).join('\n')}\n</g>`;
  });
  return svg(Math.min(curves.length, COLUMNS) * PANEL.width, rows * PANEL.height, title, panels);
}

function panel({ name, size, unit, points }: Curve): string[] {
  const sizes = points.map((point) => point.size);
  const costs = points.map((point) => point.cost);
  const xAxis = [Math.min(...sizes), Math.max(...sizes)] as const;
  const yAxis = decades(Math.min(...costs), Math.max(...costs));
  const at = (point: Curve['points'][number]) =>
    [onLogAxis(point.size, xAxis, PLOT.left, PLOT.right), onLogAxis(point.cost, yAxis, PLOT.bottom, PLOT.top)] as const;
  const heights = powersOfTen(yAxis).map((cost) => [cost, onLogAxis(cost, yAxis, PLOT.bottom, PLOT.top)] as const);
  const isFew = points.length <= MAX_DOTS;
  return [
    text(8, 18, `${name}, ${unit}`, 'title'),
    text(8, 34, isFew ? `steepest exponent ${growthExponent(points).toFixed(2)}` : '', 'faint'),
    ...heights.flatMap(([cost, y]) => [
      line(PLOT.left, y, PLOT.right, y, 'grid'),
      text(PLOT.left - 6, y + 4, figureText(cost), 'faint', 'end'),
    ]),
    path(points.map(at)),
    ...(isFew ? points.map((point) => dot(...at(point))) : []),
    text(PLOT.left, PLOT.bottom + 16, figureText(xAxis[0]), 'faint', 'middle'),
    text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 16, size, 'faint', 'middle'),
    text(PLOT.right, PLOT.bottom + 16, figureText(xAxis[1]), 'faint', 'end'),
  ];
}

/** The powers of ten around a range, so that its axis has at least two labels. */
function decades(low: number, high: number): readonly [number, number] {
  const from = Math.floor(Math.log10(low));
  return [10 ** from, 10 ** Math.max(Math.ceil(Math.log10(high)), from + 1)];
}

function powersOfTen([low, high]: readonly [number, number]): number[] {
  const from = Math.round(Math.log10(low));
  const count = Math.round(Math.log10(high)) - from + 1;
  return Array.from({ length: count }, (_, index) => 10 ** (from + index));
}
