/** A small line beside a figure. It repeats what the chart shows, so screen readers skip it. */
import classes from './sparkline.module.css';

interface SparklineProps {
  /** Oldest first. */
  readonly values: readonly number[];
  readonly tone?: 'accent' | 'bad';
}

const WIDTH = 120;
const HEIGHT = 28;

export function Sparkline({ values, tone = 'accent' }: SparklineProps) {
  const max = Math.max(...values, 0);
  if (values.length < 2 || max === 0) return <svg className={classes.line} aria-hidden="true" />;
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * WIDTH;
    const y = HEIGHT - 2 - (value / max) * (HEIGHT - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg
      className={classes.line}
      data-tone={tone}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <polygon points={`0,${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`} />
      <polyline points={points.join(' ')} />
    </svg>
  );
}
