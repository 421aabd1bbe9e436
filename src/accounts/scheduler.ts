/**
 * Lets requests through to accounts: chooses, keeps each account's pace, and makes those wait for whom there is no room,
 * in a bounded queue, for a bounded time.
 */
import { explainAbort } from '../core/async.ts';
import type { Clock } from '../core/clock.ts';
import type { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { AccountRegistry } from './account-registry.ts';
import { type Choice, type Chosen, choose, type SkippedAccount } from './choice.ts';
import { isReady } from './health.ts';
import type { LeaseRequest } from './lease.ts';
import { accountsBusy, noAccount, unknownGroup } from './no-account.ts';
import type { PacedStart } from './pace.ts';
import type { PooledAccount } from './pooled-account.ts';
import type { StrategyName } from './strategies.ts';
import { WaitQueue } from './wait-queue.ts';

export interface SchedulerOptions {
  readonly strategy: StrategyName;
  /** Requests which may wait for an account at the same time. */
  readonly queueLimit: number;
  readonly queueTimeoutMs: number;
  readonly log: Log;
}

/** A place at an account. Whoever has one owes one `finish` or `leave`. */
export interface Slot {
  readonly entry: PooledAccount;
  /** undefined: a question about the account, which takes nobody's place. */
  readonly paced: PacedStart | undefined;
  readonly choice: Choice;
}

/** Passed-over accounts which a choice names. */
const MAX_TOLD = 10;
/** Until requests have ended, for the first `retry-after`. */
const USUAL_DURATION_MS = 10_000;
const LEAST_RETRY_AFTER_MS = 1_000;
const MOST_RETRY_AFTER_MS = 120_000;

export class Scheduler {
  readonly #registry: AccountRegistry;
  readonly #clock: Clock;
  readonly #options: SchedulerOptions;
  readonly #line: WaitQueue<Slot>;
  /** Requests which have an account and wait for the time of their start. */
  #pacing = 0;
  /** While anybody waits: when the next account's rest ends. */
  #alarm: { readonly atMs: number; readonly over: AbortController } | undefined;
  /** Where the accounts' turns are: one which comes back from a rest does not make up for what it missed. */
  #level = 0;
  #meanDurationMs = USUAL_DURATION_MS;

  constructor(registry: AccountRegistry, clock: Clock, options: SchedulerOptions) {
    this.#registry = registry;
    this.#clock = clock;
    this.#options = options;
    this.#line = new WaitQueue(clock);
  }

  /** How many requests wait now, for room or for the time of their start. */
  get waiting(): number {
    return this.#line.length + this.#pacing;
  }

  /** Throws what no-account.ts says when there is no place, and `client_closed`. */
  async admit(request: LeaseRequest): Promise<Slot> {
    const sinceMs = this.#clock.now();
    const deadlineMs = sinceMs + this.#options.queueTimeoutMs;
    const first = this.#take(request, deadlineMs);
    if (first && this.#delayMs(first) <= 0) return first;
    for (let taken = first; ; taken = this.#take(request, deadlineMs)) {
      const place = taken ?? (await this.#waitInLine(request, deadlineMs));
      if (await this.#reachStart(place, request.signal))
        return { ...place, choice: { ...place.choice, waitedMs: this.#clock.now() - sinceMs } };
      // A rest of the account began meanwhile.
      this.leave(place);
    }
  }

  finish({ entry, paced }: Slot, error: GatewayError | undefined): void {
    if (!paced) return;
    const nowMs = this.#clock.now();
    if (!error) this.#meanDurationMs += (Math.max(0, nowMs - paced.startMs) - this.#meanDurationMs) / 16;
    entry.pace.finish(paced, error, nowMs);
    this.serve();
  }

  leave({ entry, paced }: Slot): void {
    if (!paced) return;
    entry.pace.leave(paced);
    this.serve();
  }

  /** Something may have become free. */
  serve(): void {
    if (this.#line.length > 0) this.#line.serve(() => this.#isWorthAsking());
    this.#setAlarm();
  }

  /** Nobody reports the end of a rest: those who wait are woken by it, and nobody else is. */
  #setAlarm(): void {
    const atMs = this.#line.length > 0 ? this.#nextRestEndMs() : undefined;
    if (this.#alarm?.atMs === atMs) return;
    this.#alarm?.over.abort();
    this.#alarm = undefined;
    if (atMs === undefined) return;
    const alarm = { atMs, over: new AbortController() };
    this.#alarm = alarm;
    const ring = () => {
      if (this.#alarm !== alarm) return;
      this.#alarm = undefined;
      this.serve();
    };
    const delayMs = Math.min(atMs - this.#clock.now(), this.#options.queueTimeoutMs);
    this.#clock.sleep(delayMs, alarm.over.signal).then(ring, () => {});
  }

  #nextRestEndMs(): number | undefined {
    const nowMs = this.#clock.now();
    let nextMs: number | undefined;
    for (const { health } of this.#registry.entries()) {
      const untilMs = 'untilMs' in health.state ? health.state.untilMs : nowMs;
      if (untilMs > nowMs && (nextMs === undefined || untilMs < nextMs)) nextMs = untilMs;
    }
    return nextMs;
  }

  #take(request: LeaseRequest, deadlineMs: number): Slot | undefined {
    const nowMs = this.#clock.now();
    const chosen = this.#choose(request, nowMs, deadlineMs);
    const { contender: entry, skipped, candidates, homeId } = chosen;
    if (!entry) {
      this.#throwIfHopeless(request, chosen, nowMs);
      return undefined;
    }
    const { strategy } = this.#options;
    const home = homeId === undefined ? {} : { homeId };
    const told = { skipped: skipped.slice(0, MAX_TOLD), skippedCount: skipped.length };
    const choice = { strategy, atMs: nowMs, candidates, ...told, ...home, waitedMs: 0 };
    if (request.control === true) return { entry, paced: undefined, choice };
    if (entry.startsInMs(nowMs) > 0) this.#throwIfFull(skipped);
    this.#level = Math.max(entry.turn, this.#level);
    entry.turn = this.#level + 1 / entry.weight;
    return { entry, paced: entry.pace.start(entry.options, nowMs), choice };
  }

  #choose(request: LeaseRequest, nowMs: number, deadlineMs: number): Chosen<PooledAccount> {
    const { conversationId, tried, group, offers, control = false } = request;
    const { random } = this.#clock;
    const maxWaitMs = Math.max(0, deadlineMs - nowMs);
    const wanted = { conversationId, tried, group, offers, random, maxWaitMs, isUnpaced: control };
    return choose(this.#registry.entries(), this.#options.strategy, wanted, nowMs);
  }

  /** Waiting helps only where an account is ready and has its hands full. */
  #throwIfHopeless({ group }: LeaseRequest, { skipped }: Chosen<PooledAccount>, nowMs: number): void {
    if (skipped.some(({ why }) => why === 'busy')) return;
    const paced = skipped.filter(({ why }) => why === 'paced').map(({ untilMs = nowMs }) => untilMs - nowMs);
    if (paced.length > 0) throw accountsBusy(skipped, TOO_SLOW, Math.min(...paced));
    if (group !== undefined && skipped.length > 0 && skipped.every(({ why }) => why === 'group'))
      throw unknownGroup(group);
    throw noAccount(skipped, (id) => this.#registry.find(id)?.health.state, nowMs);
  }

  async #waitInLine(request: LeaseRequest, deadlineMs: number): Promise<Slot> {
    const { skipped } = this.#choose(request, this.#clock.now(), deadlineMs);
    this.#throwIfFull(skipped);
    const timeoutMs = deadlineMs - this.#clock.now();
    const waiting = this.#line.wait(() => this.#take(request, deadlineMs), timeoutMs, request.signal);
    this.#options.log.debug({ waiting: this.waiting, timeoutMs }, 'a request waits for an account');
    this.#setAlarm();
    const place = await explainAbort(waiting, request.signal).finally(() => this.#setAlarm());
    if (place) return place;
    const nowMs = this.#clock.now();
    // What has become free unnoticed is not refused.
    const last = this.#take(request, nowMs);
    if (last) return last;
    throw accountsBusy(this.#choose(request, nowMs, nowMs).skipped, TIME_IS_UP, this.#retryAfterMs());
  }

  /** False when the account went to rest before. */
  async #reachStart(place: Slot, signal: AbortSignal | undefined): Promise<boolean> {
    const delayMs = this.#delayMs(place);
    if (delayMs <= 0) return true;
    this.#pacing++;
    try {
      await explainAbort(this.#clock.sleep(delayMs, signal), signal);
    } catch (cause) {
      this.leave(place);
      throw cause;
    } finally {
      this.#pacing--;
    }
    return isReady(place.entry.health, this.#clock.now());
  }

  #delayMs({ paced }: Slot): number {
    return paced ? paced.startMs - this.#clock.now() : 0;
  }

  #throwIfFull(skipped: readonly SkippedAccount[]): void {
    if (this.waiting < this.#options.queueLimit) return;
    const why = `${this.waiting} requests are waiting, and no more may:`;
    throw accountsBusy(skipped, why, this.#retryAfterMs());
  }

  #isWorthAsking(): boolean {
    const nowMs = this.#clock.now();
    let isAnyReady = false;
    for (const entry of this.#registry.entries()) {
      if (!isReady(entry.health, nowMs)) continue;
      isAnyReady = true;
      if (entry.hasRoom()) return true;
    }
    // With none ready they are told so instead of waiting for nothing.
    return !isAnyReady;
  }

  /** By when those who wait now will have been served, as things go. */
  #retryAfterMs(): number {
    let inFlight = 0;
    for (const entry of this.#registry.entries()) inFlight += entry.inFlight;
    const estimateMs = (this.#meanDurationMs * (this.waiting + 1)) / Math.max(1, inFlight);
    return Math.round(Math.min(MOST_RETRY_AFTER_MS, Math.max(LEAST_RETRY_AFTER_MS, estimateMs)));
  }
}

const TOO_SLOW = 'The service asked to slow down, for longer than a request may wait:';
const TIME_IS_UP = 'No account became free in time:';
