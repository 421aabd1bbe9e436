/** Usage figures of a reply, each with its provenance. Unknown figures are absent, never invented. */
export type Provenance =
  /** Reported by the service. */
  | 'measured'
  /** Computed from numbers that the service reported (percentage × window). */
  | 'derived'
  /** dragoman's own count of the text. */
  | 'estimated';

export interface Figure {
  readonly value: number;
  readonly provenance: Provenance;
}

export interface Usage {
  /** All input tokens, including cached ones. */
  readonly inputTokens: Figure;
  /** All output tokens, including reasoning. */
  readonly outputTokens: Figure;
  readonly cacheReadTokens?: Figure;
  readonly cacheWriteTokens?: Figure;
  readonly reasoningTokens?: Figure;
  /** Share of the context window in use after this turn, 0–100. */
  readonly contextPercentage?: Figure;
  /** The service's charge for this request, in `creditUnit`. */
  readonly credits?: Figure;
  readonly creditUnit?: string;
  /** Number of searches that the gateway ran for this reply. */
  readonly webSearches?: number;
}

export function measured(value: number): Figure {
  return { value, provenance: 'measured' };
}
export function derived(value: number): Figure {
  return { value, provenance: 'derived' };
}
export function estimated(value: number): Figure {
  return { value, provenance: 'estimated' };
}

/** Adds the usage of two replies. A sum has the weaker provenance of the two; the window share is that of the second. */
export function addUsage(first: Usage, second: Usage): Usage {
  const sums: { -readonly [Name in (typeof SUMMED)[number]]?: Figure } = {};
  for (const name of SUMMED) {
    const sum = addFigures(first[name], second[name]);
    if (sum) sums[name] = sum;
  }
  const webSearches = (first.webSearches ?? 0) + (second.webSearches ?? 0);
  return {
    ...first,
    ...second,
    ...sums,
    ...(webSearches === 0 ? {} : { webSearches }),
    inputTokens: addFigures(first.inputTokens, second.inputTokens) ?? second.inputTokens,
    outputTokens: addFigures(first.outputTokens, second.outputTokens) ?? second.outputTokens,
  };
}

const SUMMED = ['cacheReadTokens', 'cacheWriteTokens', 'reasoningTokens', 'credits'] as const;

function addFigures(first: Figure | undefined, second: Figure | undefined): Figure | undefined {
  if (!first || !second) return first ?? second;
  const worse = CERTAINTY[first.provenance] < CERTAINTY[second.provenance] ? first : second;
  return { value: first.value + second.value, provenance: worse.provenance };
}

const CERTAINTY: Record<Provenance, number> = { estimated: 0, derived: 1, measured: 2 };
