/** A rule of the service as data: where it applies, its limit, what mends a violation, and who says so. */

/**
 * `mended`: a pass changes the request, with a note; `refused`: the client has to change it; `guarded`: no client request
 * leads to a violation, and the check guards against a fault in dragoman or in a wire profile; `translated`: the wire
 * cannot express it, so there is nothing to check.
 */
type Severity = 'mended' | 'refused' | 'guarded' | 'translated';

/**
 * `official`: an official client or its published model shows it; `live`: a dated test or capture was published;
 * `community`: several independent programs do it; `reported`: a single report.
 */
export type Evidence = 'official' | 'live' | 'community' | 'reported';

interface Origin {
  readonly source: string;
  readonly evidence: Evidence;
  /** Month of the newest source. */
  readonly date: string;
}

export interface WireRule extends Origin {
  readonly description: string;
  readonly severity: Severity;
  /** In the upstream request. */
  readonly path: string;
  /** Members of the wire profile with the value, or the value itself. undefined: none. */
  readonly limit: string | undefined;
  /** Ids of the adjustments that bring a request in line. */
  readonly repairs: readonly string[];
}

export const MODEL = { source: 'published client model', evidence: 'official', date: '2025-09' } as const;
export const CLIENTS = { source: 'code of official clients', evidence: 'official', date: '2026-08' } as const;
export const REFUSALS = { source: 'reasons of refusals', evidence: 'official', date: '2026-08' } as const;
export const CAPTURES = { source: 'captures of official clients', evidence: 'live', date: '2026-10' } as const;
export const CATALOGUE = { source: 'ListAvailableModels', evidence: 'live', date: '2026-10' } as const;
export const GATEWAYS = { source: 'other gateways', evidence: 'community', date: '2026-08' } as const;
