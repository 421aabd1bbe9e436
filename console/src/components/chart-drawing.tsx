/** Draws a chart. In a file of its own: the library weighs as much as the rest of the console. */
import '@mantine/charts/styles.css';
import { AreaChart, BarChart } from '@mantine/charts';
import { formatMoment, formatTime } from './numbers.ts';
import type { ChartPoint, ChartSeries } from './series.ts';

interface ChartDrawingProps {
  readonly points: readonly ChartPoint[];
  readonly series: readonly ChartSeries[];
  readonly kind: 'area' | 'bar';
  readonly format: (value: number) => string;
  readonly height: number;
}

export default function ChartDrawing({ points, series, kind, format, height }: ChartDrawingProps) {
  const nowMs = points.at(-1)?.timeMs ?? 0;
  // The library reads a dot in a name as a path: `claude-sonnet-4.5`.
  const keyed = series.map(({ name, color }, index) => ({ name: `series${index}`, label: name, color }));
  const shared = {
    h: height,
    data: points.map(({ timeMs, values }) => ({
      timeMs,
      ...Object.fromEntries(keyed.map(({ name, label }) => [name, values[label] ?? 0])),
    })),
    dataKey: 'timeMs',
    series: keyed,
    valueFormatter: format,
    withLegend: series.length > 1,
    gridAxis: 'x' as const,
    tickLine: 'none' as const,
    xAxisProps: { tickFormatter: (timeMs: number) => formatMoment(timeMs, nowMs), minTickGap: 40 },
    yAxisProps: { width: 56 },
    tooltipAnimationDuration: 0,
    // Called without a time while nothing is pointed at.
    tooltipProps: { labelFormatter: (timeMs: unknown) => (typeof timeMs === 'number' ? formatTime(timeMs) : '') },
  };
  if (kind === 'bar') return <BarChart {...shared} type="stacked" barProps={{ isAnimationActive: false }} />;
  return (
    <AreaChart
      {...shared}
      type="stacked"
      withDots={false}
      curveType="monotone"
      fillOpacity={0.35}
      areaProps={{ isAnimationActive: false }}
    />
  );
}
