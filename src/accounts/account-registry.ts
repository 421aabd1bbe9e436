/**
 * The accounts of this run in memory, kept in step with the store in both directions: what other processes write (a
 * sign-in at the command line while the gateway runs) is noticed, what happens here is written down.
 */
import { Semaphore, SingleFlight } from '../core/async.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { type AccountState, type HealthEvent, healedHealth, mergeHealth, nextHealth } from './health.ts';
import { PooledAccount } from './pooled-account.ts';
import type { Account, AccountStore, LearnedFacts } from './ports.ts';
import type { Refresher } from './refresh.ts';
import { isInEveryRun, isLinked } from './sources.ts';

export interface AccountRegistryOptions {
  readonly store: AccountStore;
  readonly refresher: Pick<Refresher, 'reread'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Own faults in a row before an account is switched off. */
  readonly maxErrorCount: number;
  /** Accounts from the environment and from files take part only when this run names them. */
  readonly named: ReadonlySet<string>;
  /** Counters are written at most so often; a change of state at once. */
  readonly flushDelayMs?: number;
}

const FLUSH_DELAY_MS = 1_000;
/** Asking whether another process wrote costs some microseconds: not worth it for each of a thousand requests a second. */
const LOOK_EVERY_MS = 200;
/** A gateway that writes all the time still has to hear of others. */
const MAX_RELOADS = 3;
/** How often the file behind a signed-out account is looked at. */
const REREAD_EVERY_MS = 5_000;

export class AccountRegistry {
  readonly #options: AccountRegistryOptions;
  readonly #entries = new Map<string, PooledAccount>();
  /** By account and wire profile. */
  readonly #learning = new SingleFlight<void>();
  #mark = Number.NaN;
  /** Begun and ended writes of this process. */
  #writes = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<boolean> = Promise.resolve(false);
  #cancelFlush: Cancel | undefined;
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
    const entry = new PooledAccount(account);
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
    this.#cancelFlush ??= clock.schedule(flushDelayMs, () => void this.flush());
  }

  /**
   * The service ended a reply of this account with closing events. Written once; known from the moment it is stored, so
   * that a write that fails is repeated after the next reply.
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
      if (learned) this.noteLearned(id, learned);
    } catch (cause) {
      const why = GatewayError.from(cause).details;
      log.warn({ accountId: id, wireProfile, why }, 'could not save that the account sends closing events');
    }
  }

  /** Rejects with what the store's trouble was. */
  async learn(id: string, facts: Parameters<AccountStore['saveLearned']>[1]): Promise<void> {
    const { clock } = this.#options;
    const learned = await this.write((store) => store.saveLearned(id, facts, clock.now()));
    if (learned) this.noteLearned(id, learned);
  }

  /** Facts as they have just been stored. */
  noteLearned(id: string, learned: LearnedFacts): void {
    const entry = this.#entries.get(id);
    if (entry) entry.account = { ...entry.account, learned };
  }

  /** Writes what the store does not know yet. */
  async flush(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    await Promise.all([this.#flushes.run(() => this.#flushDirty()), this.#learning.settled()]);
  }

  async #flushDirty(): Promise<void> {
    for (const entry of this.#entries.values()) {
      if (!entry.dirty) continue;
      try {
        await this.#save(entry);
      } catch (cause) {
        entry.dirty = true;
        const why = GatewayError.from(cause).details;
        this.#options.log.warn({ accountId: entry.id, why }, 'the health of an account was not saved');
      } finally {
        entry.saving = false;
      }
    }
  }

  async #save(entry: PooledAccount): Promise<void> {
    const { store, clock } = this.#options;
    const { health, stored, decided } = entry;
    entry.dirty = false;
    entry.saving = true;
    const there = decided ? undefined : (await store.find(entry.id))?.health;
    const saved = there ? mergeHealth(health, stored, there) : health;
    await store.saveHealth(entry.id, saved, clock.now());
    // What has happened meanwhile goes on top.
    if (entry.health === health) entry.health = saved;
    else if (!entry.decided) entry.health = mergeHealth(entry.health, health, saved);
    entry.stored = saved;
    if (entry.decided && !entry.dirty) entry.decided = false;
  }

  /** True: another process had written. A database in trouble stops nobody whose account is in memory. */
  async catchUp(): Promise<boolean> {
    const nowMs = this.#options.clock.now();
    if (this.#entries.size > 0 && nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return false;
    this.#lookedAtMs = nowMs;
    try {
      if (this.#options.store.changeMark() === this.#mark) return false;
      await this.reload();
      return true;
    } catch (cause) {
      if (this.#entries.size === 0) throw cause;
      this.#options.log.warn({ why: GatewayError.from(cause).details }, 'the accounts could not be read again');
      return false;
    }
  }

  /**
   * What other processes have committed by now, or up to `maxAgeMs` ago. True: something. Rejects with
   * `storage_unavailable`.
   */
  readAnew(maxAgeMs = 0): Promise<boolean> {
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

  /** False: this process has written meanwhile, so that the rows read may be older than what is in memory. */
  async #reloadOnce(isLast: boolean): Promise<boolean> {
    const writes = this.#writes;
    // Read before the rows, so that a write in between is noticed next time.
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
      if (!entry) this.put(account);
      else update(entry, account);
      this.#heal(account.id);
    }
    return true;
  }

  /** Written, too, so that the date does not move on with each reading. */
  #heal(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    const healed = healedHealth(entry.health, this.#options.clock.now());
    if (healed === entry.health) return;
    entry.health = healed;
    entry.dirty = true;
    this.#options.log.warn(
      { accountId: id, ...healed.state },
      'the end of a rest lay too far ahead; brought it nearer',
    );
    void this.flush();
  }

  /** Every write of this process to the accounts goes through here, so that a reload meanwhile does not undo it. */
  async write<T>(work: (store: AccountStore) => Promise<T>): Promise<T> {
    this.#writes++;
    try {
      return await work(this.#options.store);
    } finally {
      this.#writes++;
    }
  }

  /** The program whose credential it is may have signed in again behind our back. True: one has. */
  async reviveLinked(): Promise<boolean> {
    const nowMs = this.#options.clock.now();
    let isAnyRevived = false;
    for (const entry of this.#entries.values()) {
      if (entry.health.state.status !== 'signed-out' || !isLinked(entry.account.source)) continue;
      if (nowMs - entry.rereadAtMs < REREAD_EVERY_MS) continue;
      entry.rereadAtMs = nowMs;
      const replaced = await this.#options.refresher.reread(entry.account);
      if (!replaced) continue;
      entry.account = replaced;
      this.change(entry, { type: 'credential-replaced' });
      isAnyRevived = true;
    }
    return isAnyRevived;
  }
}

function isSameState(one: AccountState, other: AccountState): boolean {
  const untilMs = (state: AccountState) => ('untilMs' in state ? state.untilMs : undefined);
  return one.status === other.status && untilMs(one) === untilMs(other);
}

function update(entry: PooledAccount, account: Account): void {
  if (account.version > entry.account.version) entry.account = account;
  else entry.account = { ...entry.account, label: account.label, options: account.options, learned: account.learned };
  if (entry.dirty || entry.saving) return;
  entry.health = account.health;
  entry.stored = account.health;
}
