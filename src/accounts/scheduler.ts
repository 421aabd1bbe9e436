/**
 * Assigns requests to accounts: chooses an account, keeps its pace, and queues requests for which no account has room. The
 * queue and the waiting time are bounded.
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
  /** Number of requests that may wait for an account at the same time. */
  readonly queueLimit: number;
  readonly queueTimeoutMs: number;
  readonly log: Log;
}

/** A slot of an account. Must be followed by exactly one `finish` or `leave`. */
export interface Slot {
  readonly entry: PooledAccount;
  /** undefined: a request about the account rather than a reply, which takes no slot. */
  readonly paced: PacedStart | undefined;
  readonly choice: Choice;
}

/** Number of skipped accounts that a choice names. */
const MAX_NAMED = 10;
/** Assumed for the first `retry-after`, before any request has ended. */
const USUAL_DURATION_MS = 10_000;
const LEAST_RETRY_AFTER_MS = 1_000;
const MOST_RETRY_AFTER_MS = 120_000;

export class Scheduler {
  readonly #registry: AccountRegistry;
  readonly #clock: Clock;
  readonly #options: SchedulerOptions;
  readonly #queue: WaitQueue<Slot>;
  /** Requests that have an account and wait for their start time. */
  #pacing = 0;
  /** While requests are queued: the end of the next cooldown. */
  #alarm: { readonly atMs: number; readonly over: AbortController } | undefined;
  /** The level of the accounts' turns: an account does not make up for requests that it missed during a cooldown. */
  #level = 0;
  #meanDurationMs = USUAL_DURATION_MS;

  constructor(registry: AccountRegistry, clock: Clock, options: SchedulerOptions) {
    this.#registry = registry;
    this.#clock = clock;
    this.#options = options;
    this.#queue = new WaitQueue(clock);
  }

  /** Number of requests waiting for an account or for their start time. */
  get waiting(): number {
    return this.#queue.length + this.#pacing;
  }

  /**
   * A slot at once if an account may start now, which is the usual case; otherwise a promise. Throws or rejects with the
   * errors of no-account.ts if there is no slot, and rejects with `client_closed`.
   */
  admit(request: LeaseRequest): Slot | Promise<Slot> {
    const sinceMs = this.#clock.now();
    const deadlineMs = sinceMs + this.#options.queueTimeoutMs;
    const first = this.#take(request, deadlineMs);
    return first && this.#delayMs(first) <= 0 ? first : this.#wait(request, first, sinceMs, deadlineMs);
  }

  async #wait(request: LeaseRequest, first: Slot | undefined, sinceMs: number, deadlineMs: number): Promise<Slot> {
    for (let taken = first; ; taken = this.#take(request, deadlineMs)) {
      const slot = taken ?? (await this.#waitInQueue(request, deadlineMs));
      if (await this.#reachStart(slot, request.signal))
        return { ...slot, choice: { ...slot.choice, waitedMs: this.#clock.now() - sinceMs } };
      // The account began to cool down during the wait.
      this.leave(slot);
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

  /** Serves queued requests. Called whenever an account may have become free. */
  serve(): void {
    if (this.#queue.length > 0) this.#queue.serve(() => this.#canServeQueue());
    this.#setAlarm();
  }

  /** Schedules `serve` for the end of the next cooldown while requests are queued, because no event reports that end. */
  #setAlarm(): void {
    const atMs = this.#queue.length > 0 ? this.#nextCooldownEndMs() : undefined;
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

  #nextCooldownEndMs(): number | undefined {
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
    if (request.control !== true) this.#noteSkips(skipped, nowMs);
    if (!entry) {
      this.#throwIfWaitingIsUseless(request, chosen, nowMs);
      return undefined;
    }
    const choice: Choice = {
      strategy: this.#options.strategy,
      atMs: nowMs,
      candidates,
      skipped: skipped.length > MAX_NAMED ? skipped.slice(0, MAX_NAMED) : skipped,
      skippedCount: skipped.length,
      homeId,
      waitedMs: 0,
    };
    if (request.control === true) return { entry, paced: undefined, choice };
    if (entry.startsInMs(nowMs) > 0) this.#throwIfFull(skipped);
    this.#level = Math.max(entry.turn, this.#level);
    entry.turn = this.#level + 1 / entry.weight;
    return { entry, paced: entry.pace.start(entry.limits, nowMs), choice };
  }

  /** So that a person can be shown why an account gets no requests. */
  #noteSkips(skipped: readonly SkippedAccount[], atMs: number): void {
    for (const { accountId, why, untilMs } of skipped) {
      const entry = this.#registry.find(accountId);
      if (entry) entry.lastSkip = { why, atMs, untilMs };
    }
  }

  #choose(request: LeaseRequest, nowMs: number, deadlineMs: number): Chosen<PooledAccount> {
    const { conversationId, tried, group, offers, control = false } = request;
    const { random } = this.#clock;
    const maxWaitMs = Math.max(0, deadlineMs - nowMs);
    const accountRequest = { conversationId, tried, group, offers, random, maxWaitMs, isUnpaced: control };
    return choose(this.#registry.entries(), this.#options.strategy, accountRequest, nowMs);
  }

  /** Waiting helps only if an account is ready but busy. */
  #throwIfWaitingIsUseless({ group }: LeaseRequest, { skipped }: Chosen<PooledAccount>, nowMs: number): void {
    if (skipped.some(({ why }) => why === 'busy')) return;
    const paced = skipped.filter(({ why }) => why === 'paced').map(({ untilMs = nowMs }) => untilMs - nowMs);
    if (paced.length > 0) throw accountsBusy(skipped, TOO_SLOW, Math.min(...paced));
    if (group !== undefined && skipped.length > 0 && skipped.every(({ why }) => why === 'group'))
      throw unknownGroup(group);
    throw noAccount(skipped, (id) => this.#registry.find(id)?.health.state, nowMs);
  }

  async #waitInQueue(request: LeaseRequest, deadlineMs: number): Promise<Slot> {
    const { skipped } = this.#choose(request, this.#clock.now(), deadlineMs);
    this.#throwIfFull(skipped);
    const timeoutMs = deadlineMs - this.#clock.now();
    const waiting = this.#queue.wait(() => this.#take(request, deadlineMs), timeoutMs, request.signal);
    this.#options.log.debug?.({ waiting: this.waiting, timeoutMs }, 'a request is waiting for an account');
    this.#setAlarm();
    const slot = await explainAbort(waiting, request.signal).finally(() => this.#setAlarm());
    if (slot) return slot;
    const nowMs = this.#clock.now();
    // A last try, since an account may have become free without an event.
    const last = this.#take(request, nowMs);
    if (last) return last;
    throw accountsBusy(this.#choose(request, nowMs, nowMs).skipped, TIME_IS_UP, this.#retryAfterMs());
  }

  /** Returns false if the account began to cool down before the start time. */
  async #reachStart(slot: Slot, signal: AbortSignal | undefined): Promise<boolean> {
    const delayMs = this.#delayMs(slot);
    if (delayMs <= 0) return true;
    this.#pacing++;
    try {
      await explainAbort(this.#clock.sleep(delayMs, signal), signal);
    } catch (cause) {
      this.leave(slot);
      throw cause;
    } finally {
      this.#pacing--;
    }
    return isReady(slot.entry.health, this.#clock.now());
  }

  #delayMs({ paced }: Slot): number {
    return paced ? paced.startMs - this.#clock.now() : 0;
  }

  #throwIfFull(skipped: readonly SkippedAccount[]): void {
    if (this.waiting < this.#options.queueLimit) return;
    const why = `The queue for accounts is full (${this.waiting} waiting):`;
    throw accountsBusy(skipped, why, this.#retryAfterMs());
  }

  #canServeQueue(): boolean {
    const nowMs = this.#clock.now();
    let isAnyReady = false;
    for (const entry of this.#registry.entries()) {
      if (!isReady(entry.health, nowMs)) continue;
      isAnyReady = true;
      if (entry.hasRoom()) return true;
    }
    // If no account is ready, queued requests are rejected instead of waiting in vain.
    return !isAnyReady;
  }

  /** An estimate of the time until all waiting requests have been served. */
  #retryAfterMs(): number {
    let inFlight = 0;
    for (const entry of this.#registry.entries()) inFlight += entry.inFlight;
    const estimateMs = (this.#meanDurationMs * (this.waiting + 1)) / Math.max(1, inFlight);
    return Math.round(Math.min(MOST_RETRY_AFTER_MS, Math.max(LEAST_RETRY_AFTER_MS, estimateMs)));
  }
}

const TOO_SLOW = 'The service throttles requests for longer than a request may wait:';
const TIME_IS_UP = 'No account became free in time:';
