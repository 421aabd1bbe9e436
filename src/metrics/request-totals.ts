/**
 * Sums up the requests that have the same labels. For a request this is one look-up and some additions; prom-client, which
 * finds each figure by a text of its labels, gets the sums in one go.
 */
import type { ErrorCode } from '../core/errors.ts';
import type { Figure } from '../core/usage.ts';
import type { AttemptRecord } from '../gateway/attempts.ts';
import type { RequestKind, RequestOutcome, RequestRecord } from '../gateway/request-record.ts';
import { BucketCounts, DURATION_BUCKETS, FIRST_BYTE_BUCKETS } from './bucket-counts.ts';

/** Of requests and attempts. Handing over takes a few microseconds for each of them. */
const MAX_SERIES = 512;
/** Beyond these, requests are not counted: nothing has taken the others, because prom-client could not be loaded. */
const MOST_SERIES = 20 * MAX_SERIES;

/** Requests with the same labels. */
export interface RequestSeries {
  readonly kind: RequestKind;
  readonly protocol: string;
  readonly outcome: RequestOutcome;
  readonly code: ErrorCode | undefined;
  /** As the service names it: the client's name for a model could be anything, also a secret in the wrong place. */
  readonly model: string;
  readonly client: string;
  /** Of the attempt that answered. */
  readonly account: string;
  readonly stream: 'yes' | 'no';
  count: number;
  /** Seconds. */
  readonly durations: BucketCounts;
  /** Seconds, of those that a model has answered. */
  readonly firstBytes: BucketCounts;
  readonly tokens: TokenSums;
  credits: number;
}

/** Labels of `dragoman_tokens_total`. */
interface TokenSums {
  input: number;
  output: number;
  cache_read: number;
  cache_write: number;
  reasoning: number;
}

/** Attempts with the same labels. */
export interface AttemptSeries {
  readonly account: string;
  readonly result: ErrorCode | 'ok';
  readonly wireProfile: string | undefined;
  count: number;
  /** Of these, those that repeated a refused request more cautiously. */
  firstAids: number;
  /** Seconds, of those that have used an account. */
  readonly durations: BucketCounts;
}

export class RequestTotals {
  #requests = new Map<string, RequestSeries>();
  #attempts = new Map<string, AttemptSeries>();
  /** Most requests have the labels of the one before, and comparing them costs a fraction of a look-up by their text. */
  #lastRequests: RequestSeries | undefined;
  #lastAttempts: AttemptSeries | undefined;
  /** Series since the last `take`. */
  #count = 0;

  /** True: `take` what has been summed up. */
  get isFull(): boolean {
    return this.#count >= MAX_SERIES;
  }

  add(record: RequestRecord): void {
    if (this.#count >= MOST_SERIES) return;
    const series = this.#seriesOf(record);
    series.count += 1;
    if (record.kind !== 'reply') return;
    series.durations.add(record.durationMs / 1_000);
    // A refusal has a first byte too, which says nothing about the model.
    if (record.firstByteMs !== undefined && record.route) series.firstBytes.add(record.firstByteMs / 1_000);
    const { usage } = record;
    if (usage) {
      const { tokens } = series;
      tokens.input += amount(usage.inputTokens);
      tokens.output += amount(usage.outputTokens);
      tokens.cache_read += amount(usage.cacheReadTokens);
      tokens.cache_write += amount(usage.cacheWriteTokens);
      tokens.reasoning += amount(usage.reasoningTokens);
      series.credits += amount(usage.credits);
    }
    for (const attempt of record.attempts) this.#addAttempt(attempt);
  }

  /** What has been summed up since the last call, in the order in which it was first seen. */
  take(): { readonly requests: Iterable<RequestSeries>; readonly attempts: Iterable<AttemptSeries> } {
    const [requests, attempts] = [this.#requests.values(), this.#attempts.values()];
    this.#requests = new Map();
    this.#attempts = new Map();
    this.#lastRequests = undefined;
    this.#lastAttempts = undefined;
    this.#count = 0;
    return { requests, attempts };
  }

  #seriesOf(record: RequestRecord): RequestSeries {
    const { kind, protocol = 'none', outcome, code, client = 'none', route, attempts } = record;
    const model = route?.modelId ?? attempts.at(-1)?.modelId ?? 'none';
    const account = route?.accountId ?? 'none';
    const stream = record.stream ? 'yes' : 'no';
    const last = this.#lastRequests;
    if (
      last?.kind === kind &&
      last.protocol === protocol &&
      last.outcome === outcome &&
      last.code === code &&
      last.model === model &&
      last.client === client &&
      last.account === account &&
      last.stream === stream
    )
      return last;
    const key = `${kind}\n${protocol}\n${outcome}\n${code}\n${model}\n${client}\n${account}\n${stream}`;
    let series = this.#requests.get(key);
    if (!series) {
      const tokens = { input: 0, output: 0, cache_read: 0, cache_write: 0, reasoning: 0 };
      const labels = { kind, protocol, outcome, code, model, client, account, stream } as const;
      const durations = new BucketCounts(DURATION_BUCKETS);
      const firstBytes = new BucketCounts(FIRST_BYTE_BUCKETS);
      series = { ...labels, count: 0, durations, firstBytes, tokens, credits: 0 };
      this.#requests.set(key, series);
      this.#count += 1;
    }
    this.#lastRequests = series;
    return series;
  }

  #addAttempt(attempt: AttemptRecord): void {
    const { startedMs, endedMs, firstAid } = attempt;
    const series = this.#seriesOfAttempt(attempt);
    series.count += 1;
    if (firstAid) series.firstAids += 1;
    if (endedMs !== undefined) series.durations.add(Math.max(0, endedMs - startedMs) / 1_000);
  }

  #seriesOfAttempt({ accountId: account = 'none', wireProfile, error }: AttemptRecord): AttemptSeries {
    const result = error?.code ?? 'ok';
    const last = this.#lastAttempts;
    if (last?.account === account && last.result === result && last.wireProfile === wireProfile) return last;
    const key = `${account}\n${result}\n${wireProfile}`;
    let series = this.#attempts.get(key);
    if (!series) {
      const durations = new BucketCounts(DURATION_BUCKETS);
      series = { account, result, wireProfile, count: 0, firstAids: 0, durations };
      this.#attempts.set(key, series);
      this.#count += 1;
    }
    this.#lastAttempts = series;
    return series;
  }
}

/** Figures come from the service: one that is missing or absurd is left out. */
function amount(figure: Figure | undefined): number {
  const value = figure?.value ?? 0;
  return value > 0 && Number.isFinite(value) ? value : 0;
}
