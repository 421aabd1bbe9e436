/** What the ledger stores, and the store's interface. Times are milliseconds since the epoch; days and months are UTC. */
import type { Figure } from '../../core/usage.ts';
import type { RequestText } from '../recorded-text.ts';
import type { RequestKind, RequestOutcome } from '../request-record.ts';

/** Health checks, pages and the admin API are not recorded. */
export type LedgerKind = Exclude<RequestKind, 'health' | 'admin' | 'page'>;

/** What requests are filtered and summed by. The number of different ones is bounded: see `GroupNames`. */
export interface LedgerGroup {
  /** Null: not identified. */
  readonly key: string | null;
  readonly account: string | null;
  readonly model: string | null;
  readonly answeredModel: string | null;
  readonly protocol: string | null;
  readonly client: string;
  /** Method and template, such as `POST /v1/messages`. */
  readonly route: string;
  readonly kind: LedgerKind;
  readonly outcome: RequestOutcome;
  readonly code: string | null;
}

/** The sums of one or many requests. */
export interface LedgerAmounts {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  /** Measured where the service reported them, else estimated. */
  readonly credits: number;
  /** The part of `credits` that is estimated. */
  readonly estimatedCredits: number;
  readonly listPriceUsd: number;
  readonly durationMs: number;
  readonly firstByteMs: number;
  readonly firstByteCount: number;
}

export interface LedgerRow {
  /** The request id; of a background response, its response id. */
  readonly id: string;
  readonly receivedMs: number;
  readonly group: LedgerGroup;
  readonly amounts: LedgerAmounts;
  /** Ids that find the row besides its own. */
  readonly otherIds: readonly string[];
  /** What went wrong, in words; rows with the same text share it. */
  readonly errorText: string | null;
  /** JSON as details.ts writes it. */
  readonly details: string;
  /** Prompt and answer, stored encrypted; undefined unless the settings keep them. */
  readonly text: RequestText | undefined;
}

/** Absent: unknown, or none. */
export interface LedgerDetails {
  readonly responseTo?: string | undefined;
  /** As `otherIds` of the row. */
  readonly ids?: readonly string[] | undefined;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly model?: string | undefined;
  readonly accountLabel?: string | undefined;
  readonly clientVersion?: string | undefined;
  readonly stream?: boolean | undefined;
  readonly firstByteMs?: number | undefined;
  readonly durationMs: number;
  readonly param?: string | undefined;
  readonly rule?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly wireProfile?: string | undefined;
  readonly conversationId?: string | undefined;
  readonly usage?: LedgerUsage | undefined;
  readonly attempts?: readonly LedgerAttempt[] | undefined;
  readonly adjustments?: readonly LedgerAdjustment[] | undefined;
  readonly adjustmentCount?: number | undefined;
}

export interface LedgerUsage {
  readonly inputTokens?: Figure | undefined;
  readonly outputTokens?: Figure | undefined;
  readonly cacheReadTokens?: Figure | undefined;
  readonly cacheWriteTokens?: Figure | undefined;
  readonly reasoningTokens?: Figure | undefined;
  readonly contextPercentage?: Figure | undefined;
  readonly credits?: Figure | undefined;
  readonly estimatedCredits?: number | undefined;
  readonly listPriceUsd?: number | undefined;
}

export interface LedgerAttempt {
  readonly accountId?: string | undefined;
  readonly accountLabel?: string | undefined;
  readonly wireProfile?: string | undefined;
  readonly model?: string | undefined;
  readonly startedMs: number;
  readonly endedMs?: number | undefined;
  readonly code?: string | undefined;
  readonly error?: string | undefined;
  readonly reason?: string | undefined;
  readonly upstreamStatus?: number | undefined;
  readonly upstreamRequestId?: string | undefined;
  readonly strategy?: string | undefined;
  readonly waitedMs?: number | undefined;
  readonly skipped?:
    | readonly { readonly accountId: string; readonly why: string; readonly untilMs?: number }[]
    | undefined;
}

export interface LedgerAdjustment {
  readonly rule: string;
  readonly path: string;
  readonly before?: string;
  readonly after?: string;
}

/** A row as the store returns it. */
export interface StoredLedgerRow extends Omit<LedgerRow, 'amounts' | 'otherIds' | 'details' | 'text'> {
  readonly number: number;
  readonly details: LedgerDetails;
}

/** Every list: any of these values. Null stands for rows without a value. */
export interface LedgerFilter {
  readonly keys?: readonly (string | null)[] | undefined;
  readonly accounts?: readonly (string | null)[] | undefined;
  /** As the client named it, or as it answered. */
  readonly models?: readonly (string | null)[] | undefined;
  readonly protocols?: readonly (string | null)[] | undefined;
  readonly clients?: readonly (string | null)[] | undefined;
  readonly kinds?: readonly (string | null)[] | undefined;
  readonly outcomes?: readonly (string | null)[] | undefined;
  readonly codes?: readonly (string | null)[] | undefined;
  readonly fromMs?: number | undefined;
  /** Exclusive. */
  readonly toMs?: number | undefined;
}

export interface LedgerSearch extends LedgerFilter {
  /** The beginning of an id, or any part of an error text. */
  readonly text?: string | undefined;
  readonly limit: number;
  /** Only rows after this one, in the order of the list. */
  readonly after?: LedgerPosition | undefined;
}

export interface LedgerPosition {
  readonly receivedMs: number;
  readonly number: number;
}

export type LedgerSpan = 'hour' | 'day' | 'month';
export type LedgerDimension = 'key' | 'account' | 'model' | 'protocol' | 'client' | 'outcome' | 'code' | 'kind';

export interface LedgerHistory extends LedgerFilter {
  readonly by: LedgerSpan;
  /** One bucket for each combination of values; empty: one bucket for all. */
  readonly dimensions: readonly LedgerDimension[];
  /** Not one bucket for each span, but for all of them; it begins with the first that has anything. */
  readonly isWhole?: boolean | undefined;
  readonly limit: number;
}

export interface LedgerBucket extends LedgerAmounts {
  readonly startMs: number;
  /** Parallel to `dimensions`. */
  readonly values: readonly (string | null)[];
  readonly errors: number;
  readonly abandoned: number;
}

/** Credits by key or account, in the current day and month. */
export interface LedgerCredits {
  readonly id: string;
  readonly day: number;
  readonly month: number;
}

/** Rows that could not be recorded. `failed`: they could not be built. `killed`: they waited in a process that was killed. */
export interface LedgerLoss {
  readonly atMs: number;
  readonly rows: number;
  readonly reason: 'queue-full' | 'failed' | 'killed';
}

/** Every method may reject with `storage_unavailable`. */
export interface LedgerStore {
  /** The number of this process, random; its rows have it. */
  readonly writer: number;
  /** All or nothing. Repeating the same rows after a failure does not count them twice. */
  write(rows: readonly LedgerRow[]): Promise<void>;
  /** Newest first. */
  list(search: LedgerSearch): Promise<readonly StoredLedgerRow[]>;
  find(id: string): Promise<{ readonly row: StoredLedgerRow; readonly text: RequestText | undefined } | undefined>;
  /** Oldest first. */
  history(history: LedgerHistory): Promise<readonly LedgerBucket[]>;
  /** Those that have sums, at most `limit`. */
  groups(limit: number): Promise<readonly LedgerGroup[]>;
  credits(by: 'key' | 'account', nowMs: number): Promise<readonly LedgerCredits[]>;
  /** Why rows that a kill loses will not be counted; undefined: they will be. */
  readonly uncounted: string | undefined;
  /** Keeps the number of rows that this process has accepted so far where it survives its death. Local and cheap. */
  noteAccepted(rows: number): void;
  /** Records what processes of this machine lost when they were killed, each once. Returns the number of their rows. */
  recordKilled(): Promise<number>;
  recordLoss(loss: LedgerLoss): Promise<void>;
  /** The last call before `close`, unless rows are left: then the next start finds them missing. */
  endWriting(): Promise<void>;
  rowsLost(fromMs: number, toMs: number): Promise<number>;
  /** 0 if there is no row. */
  newestNumber(): Promise<number>;
  /** Rows of other processes whose number is larger, the oldest first. */
  writtenByOthers(after: number, limit: number): Promise<readonly StoredLedgerRow[]>;
  /** Removes rows beyond the limits, a bounded number of them. True if there are more. */
  prune(nowMs: number): Promise<boolean>;
  close(): Promise<void>;
}

export interface LedgerLimits {
  readonly rows: number;
  readonly days: number;
  /** Of encrypted texts, all together. */
  readonly textBytes: number;
}
