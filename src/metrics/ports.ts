/** Where the gauges come from, and how the figures of several processes come together. */
import type { Account } from '../accounts/ports.ts';
import type { RefreshCounts } from '../accounts/refresh.ts';
import type { LimitsReading } from '../accounts/usage-limits.ts';
import type { LedgerStats } from '../gateway/ledger/ledger.ts';

/** What is true at the moment, read when the page is. */
export interface MetricSources {
  readonly version: string;
  readonly nowMs: () => number;
  readonly accounts: () => readonly Pick<Account, 'id' | 'health'>[];
  readonly limits: (accountId: string) => LimitsReading | undefined;
  readonly refreshes: () => RefreshCounts;
  readonly waiting: () => Promise<number>;
  readonly open: () => OpenRequests;
  /** Undefined if the ledger is off. */
  readonly ledger: () => LedgerStats | undefined;
}

interface OpenRequests {
  readonly requests: number;
  readonly streams: number;
}

/** The figures of one process, as prom-client's `getMetricsAsJSON` has them; can be sent to another process. */
export type MetricsSnapshot = readonly object[];

/** Set if several processes serve together. */
export interface MetricPeers {
  /** The number of this worker. */
  readonly number: number;
  /** The snapshots of the other workers; one that does not answer in time is missing. */
  collect(): Promise<readonly MetricsSnapshot[]>;
}
