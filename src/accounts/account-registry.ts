/**
 * The accounts of this run, the only copy of their state in memory. Kept in step with the store in both directions: what
 * other processes write (a sign-in at the command line while the gateway runs) is read, what happens here is saved.
 */
import { Semaphore, SingleFlight } from '../core/async.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { RuleReadings } from '../core/learned-facts.ts';
import type { Log } from '../core/log.ts';
import { type AccountState, type Health, type HealthEvent, healedHealth, mergeHealth, nextHealth } from './health.ts';
import type { LimitShare } from './options.ts';
import { PooledAccount } from './pooled-account.ts';
import type { Account, AccountStore, Secrets } from './ports.ts';
import { isInEveryRun } from './sources.ts';

export interface AccountRegistryOptions {
  readonly store: AccountStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Consecutive failures of its own that disable an account. */
  readonly maxErrorCount: number;
  /** Ids of the accounts from the environment and from files that this run uses. */
  readonly named: ReadonlySet<string>;
  /** undefined: this process is alone. */
  readonly share?: LimitShare | undefined;
  /** How long changed counters may stay unsaved; a change of state is saved at once. Default: 1 s. */
  readonly flushDelayMs?: number;
}

const FLUSH_DELAY_MS = 1_000;
/** After a failure: a sign-out or suspension that is not stored would be forgotten by a kill. */
const FLUSH_AGAIN_MS = 10_000;
/** Checking whether another process has written takes some microseconds: too long for each of 1,000 requests a second. */
const LOOK_EVERY_MS = 200;
/** A gateway that writes all the time must still read what others write. */
const MAX_RELOADS = 3;

export class AccountRegistry {
  readonly #options: AccountRegistryOptions;
  readonly #entries = new Map<string, PooledAccount>();
  /** By account and wire profile. */
  readonly #learning = new SingleFlight<void>();
  #mark = Number.NaN;
  /** Writes that this process has begun, plus those it has ended. */
  #writes = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<boolean> = Promise.resolve(false);
  #cancelFlush: Cancel | undefined;
  #isClosed = false;
  readonly #flushes = new Semaphore(1);

  constructor(options: AccountRegistryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  entries(): Iterable<PooledAccount> {
    return this.#entries.values();
  }

  find(id: string): PooledAccount | undefined {
    return this.#entries.get(id);
  }

  put(account: Account): PooledAccount {
    const entry = new PooledAccount(account, this.#options.share);
    this.#entries.set(account.id, entry);
    return entry;
  }

  remove(id: string): void {
    this.#entries.delete(id);
  }

  change(entry: PooledAccount, event: HealthEvent): void {
    const { clock, log, maxErrorCount, flushDelayMs = FLUSH_DELAY_MS } = this.#options;
    const before = entry.health;
    entry.health = nextHealth(before, event, clock.now(), maxErrorCount);
    if (entry.health === before) return;
    entry.dirty = true;
    entry.decided ||= event.type === 'enable' || event.type === 'disable' || event.type === 'credential-replaced';
    if (!isSameState(entry.health.state, before.state)) {
      const fields = { accountId: entry.id, from: before.state.status, ...entry.health.state };
      log.info(fields, 'an account changed its state');
      void this.flush();
      return;
    }
    this.#flushAfter(flushDelayMs);
  }

  #flushAfter(ms: number): void {
    if (!this.#isClosed) this.#cancelFlush ??= this.#options.clock.schedule(ms, () => void this.flush());
  }

  /**
   * The service ended a reply of this account with closing events. Saved once, and known only when saved, so that a
   * failed write is repeated after the next reply.
   */
  learnClosingEvents(id: string, wireProfile: string): void {
    const entry = this.#entries.get(id);
    entry?.missedClosingEvents.delete(wireProfile);
    if (entry?.sendsClosingEvents(wireProfile)) return;
    void this.#learning.run(`${id} ${wireProfile}`, () => this.#saveClosingEvents(id, wireProfile));
  }

  async #saveClosingEvents(id: string, wireProfile: string): Promise<void> {
    const { clock, log } = this.#options;
    try {
      const learned = await this.write((store) => store.addClosingEvents(id, wireProfile, clock.now()));
      if (learned) this.#entries.get(id)?.update({ learned });
    } catch (cause) {
      const why = GatewayError.from(cause).details;
      log.warn({ accountId: id, wireProfile, why }, 'could not save that the account sends closing events');
    }
  }

  /** Saves what has been learned about an account. Rejects with `storage_unavailable`. */
  async learn(id: string, facts: Parameters<AccountStore['saveLearned']>[1]): Promise<void> {
    const { clock } = this.#options;
    const learned = await this.write((store) => store.saveLearned(id, facts, clock.now()));
    if (learned) this.#entries.get(id)?.update({ learned });
  }

  /** Rejects with `storage_unavailable`. */
  async learnReadings(id: string, wireProfile: string, readings: RuleReadings): Promise<void> {
    const { clock } = this.#options;
    const learned = await this.write((store) => store.saveReadings(id, wireProfile, readings, clock.now()));
    if (learned) this.#entries.get(id)?.update({ learned });
  }

  /** Rejects with `storage_unavailable`. */
  async forgetLearned(entry: PooledAccount): Promise<void> {
    const { clock } = this.#options;
    await this.#learning.settled();
    const learned = await this.write((store) => store.forgetLearned(entry.id, clock.now()));
    entry.missedClosingEvents.clear();
    if (learned) entry.update({ learned });
  }

  /**
   * Saves a credential and its access token unless another process has changed them. False: it has, and theirs are
   * kept. Rejects with `storage_unavailable`.
   */
  async saveSecrets({ id, account }: PooledAccount, secrets: Secrets): Promise<boolean> {
    const { clock } = this.#options;
    const saved = await this.write((store) => store.saveSecrets(account, secrets, clock.now()));
    if (saved) this.#entries.get(id)?.takeTokens(saved);
    return saved !== undefined;
  }

  /** Writes what the store does not know yet. */
  async flush(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    await Promise.all([this.#flushes.run(() => this.#flushDirty()), this.#learning.settled()]);
  }

  /** Writes what it can; what it cannot is not tried again. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.flush();
  }

  async #flushDirty(): Promise<void> {
    for (const entry of this.#entries.values()) {
      try {
        await this.#saveDirty(entry);
      } catch (cause) {
        const why = GatewayError.from(cause).details;
        this.#options.log.warn({ accountId: entry.id, why }, 'could not save the health of an account');
        this.#flushAfter(FLUSH_AGAIN_MS);
      }
    }
  }

  /** As `flush`, but for one account, and rejects with `storage_unavailable`. */
  saveHealth(entry: PooledAccount): Promise<void> {
    return this.#flushes.run(() => this.#saveDirty(entry));
  }

  async #saveDirty(entry: PooledAccount): Promise<void> {
    if (!entry.dirty) return;
    try {
      await this.#save(entry);
    } catch (cause) {
      entry.dirty = true;
      throw cause;
    } finally {
      entry.saving = false;
    }
  }

  async #save(entry: PooledAccount): Promise<void> {
    const { store, clock } = this.#options;
    const { health, stored, decided } = entry;
    entry.dirty = false;
    entry.saving = true;
    const merged = (there: Health) => mergeHealth(health, stored, there, decided);
    const saved = (await store.changeHealth(entry.id, merged, clock.now())) ?? health;
    // Events during the write are added to what was saved.
    if (entry.health === health) entry.health = saved;
    else entry.health = mergeHealth(entry.health, health, saved, entry.decided);
    entry.stored = saved;
    if (entry.decided && !entry.dirty) entry.decided = false;
  }

  /** True if it is time to look at what other processes have written. */
  get isLookDue(): boolean {
    return this.#entries.size === 0 || this.#options.clock.now() - this.#lookedAtMs >= LOOK_EVERY_MS;
  }

  /** True if another process had written. While the database fails, the accounts in memory go on serving. */
  async catchUp(): Promise<boolean> {
    this.#lookedAtMs = this.#options.clock.now();
    try {
      if (this.#options.store.changeMark() === this.#mark) return false;
      await this.reload();
      return true;
    } catch (cause) {
      if (this.#entries.size === 0) throw cause;
      this.#options.log.warn({ why: GatewayError.from(cause).details }, 'could not read the accounts again');
      return false;
    }
  }

  /**
   * Reads what other processes have committed by now, or up to `maxAgeMs` ago. True if there was something. Rejects with
   * `storage_unavailable`.
   */
  readLatest(maxAgeMs = 0): Promise<boolean> {
    const nowMs = this.#options.clock.now();
    if (nowMs - this.#readAtMs >= maxAgeMs) {
      this.#readAtMs = nowMs;
      this.#reading = this.#readNow();
    }
    return this.#reading;
  }

  async #readNow(): Promise<boolean> {
    const mark = await this.#options.store.latestChangeMark();
    if (mark === this.#mark) return false;
    await this.reload();
    return true;
  }

  async reload(): Promise<void> {
    for (let attempt = 1; !(await this.#reloadOnce(attempt === MAX_RELOADS)); attempt++);
  }

  /** False if this process wrote meanwhile: the rows read may then be older than the accounts in memory. */
  async #reloadOnce(isLast: boolean): Promise<boolean> {
    const writes = this.#writes;
    // Read before the rows, so that the next look notices a write in between.
    const mark = this.#options.store.changeMark();
    const accounts = (await this.#options.store.list()).filter(
      ({ id, source }) => isInEveryRun(source) || this.#options.named.has(id),
    );
    const isCurrent = writes === this.#writes;
    if (!isCurrent && !isLast) return false;
    this.#mark = isCurrent ? mark : Number.NaN;
    const ids = new Set(accounts.map(({ id }) => id));
    for (const id of this.#entries.keys()) if (!ids.has(id)) this.#entries.delete(id);
    for (const account of accounts) {
      const entry = this.#entries.get(account.id);
      if (entry?.isSame(account)) entry.takeRow(account);
      else this.put(account);
      this.#heal(account.id);
    }
    return true;
  }

  /** Saved too, so that the date does not move with each reading. */
  #heal(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    const healed = healedHealth(entry.health, this.#options.clock.now());
    if (healed === entry.health) return;
    entry.health = healed;
    entry.dirty = true;
    this.#options.log.warn(
      { accountId: id, ...healed.state },
      'an account was to cool down for too long; shortened it',
    );
    void this.flush();
  }

  /** Every write of this process to the accounts goes through here, so that a reload at the same time does not undo it. */
  async write<T>(work: (store: AccountStore) => Promise<T>): Promise<T> {
    this.#writes++;
    try {
      return await work(this.#options.store);
    } finally {
      this.#writes++;
    }
  }
}

function isSameState(one: AccountState, other: AccountState): boolean {
  const untilMs = (state: AccountState) => ('untilMs' in state ? state.untilMs : undefined);
  return one.status === other.status && untilMs(one) === untilMs(other);
}
