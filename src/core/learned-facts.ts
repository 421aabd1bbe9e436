/** What the service has shown about an account and what later requests use, by account and wire profile. */
import type { ErrorCode } from './errors.ts';

/**
 * How to read each rule on which the sources contradict each other: the name of a variant, by rule id. A rule that is absent
 * has its default, the safer reading.
 */
export type RuleReadings = Readonly<Record<string, string>>;

export interface LearnedReadings {
  readonly readings: RuleReadings;
  /** When a probe found the latest of them. */
  readonly atMs: number;
}

/** The wire profile that worked after others were refused. */
export interface LearnedWireProfile {
  readonly id: string;
  /** Then the usual order is tried again. */
  readonly untilMs: number;
  readonly sinceMs?: number;
  /** Why it is used: the profiles that were refused before. */
  readonly refused?: readonly WireProfileRefusal[];
}

export interface WireProfileRefusal {
  readonly id: string;
  readonly code: ErrorCode;
  /** The service's or the network's, shortened. */
  readonly message: string;
  readonly atMs: number;
}
