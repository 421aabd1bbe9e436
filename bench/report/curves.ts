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

/**
 * The steepest growth between neighbouring points as an exponent: cost ~ size^exponent. A fixed cost lowers it, so that a cost
 * that is fixed plus linear never exceeds 1. NaN for fewer than two points.
 */
export function growthExponent(points: readonly CurvePoint[]): number {
  const exponents = points.slice(1).map((point, index) => {
    const before = points[index] ?? point;
    return Math.log(point.cost / before.cost) / Math.log(point.size / before.size);
  });
  return exponents.length === 0 ? Number.NaN : Math.max(...exponents);
}
