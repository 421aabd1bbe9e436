/**
 * Reads how much of each account's plan is left: decides which accounts are due for a reading, and brings back accounts
 * that are no longer out of quota or suspended.
 */
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { quotaOf, type UsageLimits } from '../core/usage-limits.ts';
import type { AccountRegistry } from './account-registry.ts';
import { isLookDue, isReady } from './health.ts';
import type { LeasedAccount } from './lease.ts';
import type { PooledAccount } from './pooled-account.ts';
import type { StrategyName } from './strategies.ts';
import { type LimitsReading, type LimitsState, UsageLimitsReader } from './usage-limits.ts';

export interface PlanLimitsOptions {
  readonly registry: AccountRegistry;
  readonly clock: Clock;
  readonly log: Log;
  readonly strategy: StrategyName;
  /** Throws what `Refresher.fresh` throws. */
  lend(entry: PooledAccount): Promise<LeasedAccount>;
  /** Rejects with the service's error. */
  readLimits(leased: LeasedAccount, signal: AbortSignal): Promise<UsageLimits>;
  /** An account may be ready again. */
  onRead(): void;
}

export class PlanLimits {
  readonly #options: PlanLimitsOptions;
  readonly #reader: UsageLimitsReader;

  constructor(options: PlanLimitsOptions) {
    this.#options = options;
    const read = (id: string, signal: AbortSignal) => this.#read(id, signal);
    this.#reader = new UsageLimitsReader({ read, clock: options.clock, log: options.log });
  }

  /** The latest reading. */
  find(id: string): LimitsReading | undefined {
    return this.#reader.find(id);
  }

  /** Reads at once. Throws the service's error, what `Refresher.fresh` throws, or `not_found`. */
  read(id: string): Promise<LimitsReading> {
    return this.#reader.read(id);
  }

  /** Without asking the service. For an account whose plan cannot be read, `error` says why. */
  state(id: string): LimitsState {
    const known = this.#reader.state(id);
    const entry = this.#options.registry.find(id);
    return { ...known, error: (entry && this.#whyUnreadable(entry)) ?? known.error };
  }

  /** Starts a reading for a page that shows the plan, if the latest is old or missing. At a limited rate. */
  noteView(id: string): void {
    const entry = this.#options.registry.find(id);
    if (entry && !this.#whyUnreadable(entry)) this.#reader.noteView(id);
  }

  /** Starts a reading without waiting for it. */
  readSoon(id: string): void {
    this.#reader.readSoon(id);
  }

  forget(id: string): void {
    this.#reader.forget(id);
  }

  /** Nothing is read after this. */
  close(): void {
    this.#reader.close();
  }

  /**
   * Schedules readings when an account is needed: exhausted accounts may have got more credits, suspended ones may be
   * available again, and the strategy `least-used` compares what is left.
   */
  noteDemand(): void {
    const { registry, clock, strategy } = this.#options;
    const nowMs = clock.now();
    for (const { id, health } of registry.entries()) {
      const isOut = health.state.status === 'exhausted';
      const isCompared = strategy === 'least-used' && isReady(health, nowMs);
      if (isOut || isCompared) this.#reader.noteUse(id);
      this.#lookAgainIfSuspended(id);
    }
  }

  noteReply(id: string): void {
    this.#reader.noteUse(id);
  }

  noteFailure(id: string, { code }: GatewayError): void {
    if (code === 'quota_exhausted') this.#reader.readSoon(id);
    else if (code === 'account_suspended') this.#lookAgainIfSuspended(id);
  }

  #lookAgainIfSuspended(id: string): void {
    const { registry, clock } = this.#options;
    const state = registry.find(id)?.health.state;
    if (state?.status === 'suspended') this.#reader.noteSuspended(id, (state.lookAgainAtMs ?? 0) - clock.now());
  }

  /** Why the service is not asked about the account; undefined: it can be. */
  #whyUnreadable({ health: { state }, account }: PooledAccount): GatewayError | undefined {
    if (state.status === 'suspended' && !isLookDue(state, this.#options.clock.now()))
      return new GatewayError('account_suspended', 'The service has suspended this account.');
    if (state.status === 'signed-out') return new GatewayError('credential_rejected', 'This account is signed out.');
    if (account.credential.kind === 'iam')
      return new GatewayError('feature_not_supported', 'The service reports no usage for IAM accounts.');
    return undefined;
  }

  async #read(id: string, signal: AbortSignal): Promise<LimitsReading> {
    const entry = this.#options.registry.find(id);
    if (!entry) throw new GatewayError('not_found', `There is no account ${id}.`);
    const unreadable = this.#whyUnreadable(entry);
    if (unreadable) throw unreadable;
    const { state } = entry.health;
    try {
      return await this.#readWithToken(entry, signal);
    } catch (cause) {
      const { code, policy } = GatewayError.from(cause);
      // Locks are reported in many ways; any refusal of a suspended account means that it still is.
      const isRefusal = policy.blame === 'account' && code !== 'credential_unavailable';
      const isStillSuspended = state.status === 'suspended' && isRefusal;
      if (code === 'account_suspended' || isStillSuspended)
        this.#options.registry.change(entry, { type: 'failure', code: 'account_suspended' });
      throw cause;
    } finally {
      this.#lookAgainIfSuspended(entry.id);
    }
  }

  /** Tries once more with a new access token if the first one is rejected. */
  async #readWithToken(entry: PooledAccount, signal: AbortSignal): Promise<LimitsReading> {
    for (let isNew = false; ; isNew = true) {
      const leased = await this.#options.lend(entry);
      try {
        return this.#record(entry, await this.#options.readLimits(leased, signal));
      } catch (cause) {
        if (GatewayError.from(cause).code !== 'token_rejected' || isNew) throw cause;
        entry.refused = leased.accessToken;
      }
    }
  }

  #record(entry: PooledAccount, limits: UsageLimits): LimitsReading {
    const { registry, clock, onRead } = this.#options;
    const readAtMs = clock.now();
    const quota = quotaOf(limits, readAtMs);
    entry.quotaLeft = quota?.shareLeft;
    registry.change(entry, { type: 'limits', left: quota?.left, resetAtMs: limits.resetAtMs });
    if (entry.health.state.status === 'exhausted') this.#reader.noteExhausted(entry.id);
    onRead();
    return { limits, readAtMs };
  }
}
