/** The data of a chart: at most five series and the rest together, each with the same colour wherever it appears. */

export interface ChartPoint {
  readonly timeMs: number;
  /** By series. */
  readonly values: Readonly<Record<string, number>>;
}

export interface ChartSeries {
  readonly name: string;
  /** A colour of the theme. */
  readonly color: string;
}

const MAX_SERIES = 5;

/** Distinguishable in both themes, also for readers who do not see red and green apart; none of them means a state. */
const COLORS = [
  'accent.6',
  'cyan.7',
  'grape.6',
  'orange.7',
  'teal.7',
  'pink.6',
  'blue.6',
  'lime.8',
  'violet.5',
  'gray.6',
];
const OTHER_COLOR = 'gray.5';

/** The largest series, in order of size; the others are summed under `other`. */
export function largestSeries(
  points: readonly ChartPoint[],
  other: string,
): { readonly points: readonly ChartPoint[]; readonly series: readonly ChartSeries[] } {
  const sums = new Map<string, number>();
  for (const { values } of points)
    for (const [name, value] of Object.entries(values)) sums.set(name, (sums.get(name) ?? 0) + value);
  const names = [...sums].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const shown = names.slice(0, MAX_SERIES);
  const rest = names.slice(MAX_SERIES);
  const series = colored(shown);
  if (rest.length === 0) return { points, series };
  return {
    series: [...series, { name: other, color: OTHER_COLOR }],
    points: points.map(({ timeMs, values }) => ({
      timeMs,
      values: {
        ...Object.fromEntries(shown.map((name) => [name, values[name] ?? 0])),
        [other]: rest.reduce((sum, name) => sum + (values[name] ?? 0), 0),
      },
    })),
  };
}

/** By a hash of the name; where two of a chart collide, the smaller one takes the next colour. */
function colored(names: readonly string[]): readonly ChartSeries[] {
  const taken = new Set<number>();
  return names.map((name) => {
    let index = hashOf(name) % COLORS.length;
    while (taken.has(index)) index = (index + 1) % COLORS.length;
    taken.add(index);
    return { name, color: COLORS[index] ?? OTHER_COLOR };
  });
}

function hashOf(name: string): number {
  let hash = 7;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash;
}
