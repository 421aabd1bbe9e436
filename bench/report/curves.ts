/** How a cost grows with a size: the slopes. */

export interface Curve {
  readonly name: string;
  /** What grows, for example "frames a reply". */
  readonly size: string;
  /** The unit of the cost. */
  readonly unit: string;
  readonly points: readonly CurvePoint[];
}

export interface CurvePoint {
  readonly size: number;
  readonly cost: number;
}

/** Between sizes that are closer, noise weighs more than growth. */
const MIN_DISTANCE = 4;

/**
 * The steepest growth between any size and the next one that is at least four times as large, as an exponent:
 * cost ~ size^exponent. A fixed cost lowers it, so that a cost that is fixed plus linear never exceeds 1. NaN if no sizes are so
 * far apart.
 */
export function growthExponent(points: readonly CurvePoint[]): number {
  const exponents = points.flatMap((from) => {
    const to = points.find(({ size }) => size >= MIN_DISTANCE * from.size);
    return to ? [Math.log(to.cost / from.cost) / Math.log(to.size / from.size)] : [];
  });
  return exponents.length === 0 ? Number.NaN : Math.max(...exponents);
}
