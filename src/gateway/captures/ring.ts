/**
 * The captures of recent requests: in this process's memory only, bounded in bytes, number and age. They hold everything
 * that a request carried, so nothing writes them to a disk or a log.
 */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import type { RequestRecord } from '../request-record.ts';
import { Capture, type CaptureBudget } from './capture.ts';

/** `failures`: of requests that did not succeed. */
export type CaptureMode = 'off' | 'failures' | 'all';

export interface CaptureLimits {
  /** Of all captures together, those of requests in progress included. */
  readonly maxBytes: number;
  /** Of one request; a larger one is not kept. */
  readonly maxRequestBytes: number;
  readonly maxRequests: number;
  readonly maxAgeMs: number;
}

export const CAPTURE_LIMITS: CaptureLimits = {
  maxBytes: 64 * 1024 * 1024,
  maxRequestBytes: 8 * 1024 * 1024,
  maxRequests: 200,
  maxAgeMs: 3_600_000,
};

const DROP_OLD_EVERY_MS = 1000;

export interface CapturedRequest {
  readonly facts: RequestFacts;
  readonly capture: Capture;
}

/**
 * What a capsule says of a request beside its bytes. A copy without references: the error of a record keeps, through the
 * frames of its stack, everything that the request used, and a short text may be a piece of one of many megabytes.
 */
type RequestFacts = Pick<
  RequestRecord,
  | 'method'
  | 'routePath'
  | 'receivedMs'
  | 'protocol'
  | 'outcome'
  | 'code'
  | 'status'
  | 'firstByteMs'
  | 'durationMs'
  | 'route'
  | 'adjustments'
> & {
  /** Of the request, or of the background response. */
  readonly id: string;
  readonly errorDetails: string | undefined;
};

function factsOf(record: RequestRecord): RequestFacts {
  const { method, routePath, receivedMs, protocol, outcome, code, status, firstByteMs, durationMs, route } = record;
  return structuredClone({
    ...{ method, routePath, receivedMs, protocol, outcome, code, status, firstByteMs, durationMs, route },
    adjustments: record.adjustments,
    id: record.responseId ?? record.requestId,
    errorDetails: record.error?.details,
  });
}

export class CaptureRing implements CaptureBudget {
  readonly mode: Exclude<CaptureMode, 'off'>;
  readonly limits: CaptureLimits;
  readonly #kept: LRUCache<string, CapturedRequest>;
  readonly #clock: Pick<Clock, 'now'>;
  #bytes = 0;
  #dropsOldFromMs = 0;

  constructor(mode: Exclude<CaptureMode, 'off'>, clock: Pick<Clock, 'now'>, limits: Partial<CaptureLimits> = {}) {
    this.mode = mode;
    this.#clock = clock;
    this.limits = { ...CAPTURE_LIMITS, ...limits };
    this.#kept = new LRUCache({
      max: this.limits.maxRequests,
      ttl: this.limits.maxAgeMs,
      ttlResolution: 0,
      perf: { now: () => clock.now() },
      dispose: ({ capture }) => capture.release(),
    });
  }

  /** For a request that begins. `headers`: as Node's `rawHeaders`. */
  begin(headers: readonly string[]): Capture {
    return new Capture(headers, this, this.limits.maxRequestBytes);
  }

  take(bytes: number): boolean {
    this.#dropOld();
    while (this.#bytes + bytes > this.limits.maxBytes) if (this.#kept.pop() === undefined) return false;
    this.#bytes += bytes;
    return true;
  }

  /** At most once a second: it looks at every capture, and each piece of each reply is taken. */
  #dropOld(): void {
    const now = this.#clock.now();
    if (now < this.#dropsOldFromMs) return;
    this.#dropsOldFromMs = now + DROP_OLD_EVERY_MS;
    this.#kept.purgeStale();
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Of kept captures and those in progress. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#kept.size;
  }

  /** An observer of finished requests: keeps the capture or lets go of it. */
  readonly observe = (record: RequestRecord): void => {
    const { capture } = record;
    if (capture === undefined) return;
    record.capture = undefined;
    if (this.mode === 'failures' && record.outcome === 'ok' && !isOfConsole(capture)) {
      capture.release();
      return;
    }
    capture.keep();
    const facts = factsOf(record);
    this.#kept.set(facts.id, { facts, capture });
  };

  /** By the id of the request, or of the background response. */
  find(id: string): CapturedRequest | undefined {
    // Without marking it as used: the oldest leaves first.
    return this.#kept.peek(id);
  }
}

/** The console's chat shows its own requests whole. Without keys, only this header tells them from those of other clients. */
function isOfConsole({ headers }: Capture): boolean {
  return headers.includes('x-dragoman-csrf');
}
