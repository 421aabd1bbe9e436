/** The accounts of this run: leases them to requests and takes the orders of their owner. */
import { type MaybePromise, Semaphore, whenReady, withinTime } from '../core/async.ts';
import { GatewayError } from '../core/errors.ts';
import { checkedLabel } from '../core/labels.ts';
import type { LearnedWireProfile, RuleReadings } from '../core/learned-facts.ts';
import { AccountRegistry } from './account-registry.ts';
import { checkedConnection, saveConnection } from './connection.ts';
import { credentialFailure } from './credential-failure.ts';
import { isRefreshable } from './credentials.ts';
import { isReady } from './health.ts';
import { type Lease, type LeasedAccount, type LeaseRequest, type Lender, lend, PoolLease } from './lease.ts';
import { patchOptions } from './options.ts';
import { PlanLimits } from './plan-limits.ts';
import type { AccountPatch, PoolOptions } from './pool-options.ts';
import type { PooledAccount, Skip } from './pooled-account.ts';
import type { Account, AccountStore, NewAccount, OwnersChoice } from './ports.ts';
import { type FreshAccount, type RefreshCounts, Refresher } from './refresh.ts';
import { Scheduler, type Slot } from './scheduler.ts';
import { Trash } from './trash.ts';
import type { LimitsReading } from './usage-limits.ts';

/** A slow database must not delay health probes. */
const STATUS_WAIT_MS = 100;
/** The status is public, so it reads the database at most five times a second. */
const STATUS_AGE_MS = 200;

export class Pool {
  readonly #options: PoolOptions;
  readonly #registry: AccountRegistry;
  readonly #scheduler: Scheduler;
  readonly #refresher: Refresher;
  readonly #limits: PlanLimits;
  readonly #trash: Trash;
  /** What requests need of each account, by the row that it was made from. */
  readonly #lent = new WeakMap<FreshAccount, LeasedAccount>();
  readonly #lender: Lender<Slot>;
  readonly #optionChanges = new Semaphore(1);

  private constructor(options: PoolOptions) {
    this.#options = options;
    this.#registry = new AccountRegistry(options);
    this.#scheduler = new Scheduler(this.#registry, options.clock, options);
    const { store, clock, log, strategy } = options;
    this.#trash = new Trash({ registry: this.#registry, store, clock, log });
    this.#refresher = new Refresher({ ...options, registry: this.#registry });
    this.#limits = new PlanLimits({
      ...{ registry: this.#registry, clock, log, strategy },
      lend: async (entry) => this.#lend(await this.#refresher.fresh(entry)),
      readLimits: options.readLimits,
      onRead: () => this.#scheduler.serve(),
    });
    this.#lender = {
      learnWireProfile: (id, learned) => this.#learnWireProfile(id, learned),
      learnClosingEvents: (id, wireProfile) => this.#registry.learnClosingEvents(id, wireProfile),
      missClosingEvents: (id, wireProfile) => this.#registry.find(id)?.missClosingEvents(wireProfile),
      leave: (slot) => this.#scheduler.leave(slot),
      release: (slot, accessToken, error) => this.#release(slot, accessToken, error),
    };
  }

  static async open(options: PoolOptions): Promise<Pool> {
    const pool = new Pool(options);
    await pool.#registry.reload();
    pool.#limits.noteDemand();
    return pool;
  }

  /**
   * At once if an account may start now and its token is valid, which is the usual case; otherwise a promise. Throws or rejects
   * with what `Scheduler.admit` throws. If the chosen account's token or keys cannot be obtained, the error names it
   * (`accountId`): `credential_rejected`, `credential_unavailable`, `storage_unavailable`, `no_account`, `internal`.
   */
  lease(request: LeaseRequest): MaybePromise<Lease> {
    if (this.#registry.isLookDue || this.#refresher.mayRevive) return this.#lookAndLease(request);
    return whenReady(this.#scheduler.admit(request), this.#leaseIn);
  }

  async #lookAndLease(request: LeaseRequest): Promise<Lease> {
    if (this.#registry.isLookDue && (await this.#registry.catchUp())) this.#scheduler.serve();
    if (this.#refresher.mayRevive && (await this.#refresher.reviveLinked())) this.#scheduler.serve();
    return whenReady(this.#scheduler.admit(request), this.#leaseIn);
  }

  readonly #leaseIn = (slot: Slot): MaybePromise<Lease> => {
    const fail = (cause: unknown): never => {
      this.#scheduler.leave(slot);
      throw this.#notLeased(slot.entry, credentialFailure(cause));
    };
    try {
      const ready = this.#refresher.ready(slot.entry);
      if (ready) return this.#leaseOf(slot, ready);
      return this.#refresher
        .fresh(slot.entry)
        .then((account) => this.#leaseOf(slot, account))
        .catch(fail);
    } catch (cause) {
      return fail(cause);
    }
  };

  #leaseOf(slot: Slot, account: FreshAccount): Lease {
    const leased = this.#lend(account);
    return new PoolLease(leased, slot, slot.entry.sendsClosingEvents(leased.access.wireProfile), this.#lender);
  }

  /** Refreshes the access tokens of accounts in use that expire soon. Never throws. */
  refreshDue(): Promise<void> {
    return this.#refresher.refreshDue();
  }

  /** Saves what the service has shown about an account. Rejects with `storage_unavailable`. */
  learn(id: string, facts: Parameters<AccountStore['saveLearned']>[1]): Promise<void> {
    return this.#registry.learn(id, facts);
  }

  /** Adds to the readings of the account under this wire profile. Rejects with `storage_unavailable`. */
  learnReadings(id: string, wireProfile: string, readings: RuleReadings): Promise<void> {
    return this.#registry.learnReadings(id, wireProfile, readings);
  }

  /** Removes what the service has shown about an account. Rejects with `storage_unavailable` or `not_found`. */
  async forgetLearned(id: string): Promise<Account> {
    const entry = this.#entry(id);
    await this.#registry.forgetLearned(entry);
    this.#options.forgetWireProfile?.(id);
    return entry.account;
  }

  #learnWireProfile(accountId: string, wireProfile: LearnedWireProfile): void {
    this.learn(accountId, { wireProfile }).catch((cause: unknown) => {
      const why = GatewayError.from(cause).details;
      this.#options.log.warn(
        { accountId, wireProfile: wireProfile.id, why },
        'could not save the wire profile of an account',
      );
    });
  }

  /** Includes what other processes have written, unless the database takes too long to answer. */
  async status() {
    const { clock } = this.#options;
    await withinTime(clock, STATUS_WAIT_MS, this.readLatest(STATUS_AGE_MS)).catch(() => {});
    const nowMs = clock.now();
    const entries = [...this.#registry.entries()];
    const tokens = entries.flatMap(({ account }) => {
      if (!isRefreshable(account.credential)) return [Number.POSITIVE_INFINITY];
      return account.accessToken ? [account.accessToken.expiresAtMs] : [];
    });
    return {
      ready: entries.filter(({ health }) => isReady(health, nowMs)).length,
      total: entries.length,
      hasToken: tokens.length > 0,
      tokenExpired: tokens.length > 0 && tokens.every((expiresAtMs) => expiresAtMs <= nowMs),
      waiting: this.#scheduler.waiting,
    };
  }

  /** Reads what other processes have written by now, or up to `maxAgeMs` ago. Rejects with `storage_unavailable`. */
  async readLatest(maxAgeMs?: number): Promise<void> {
    if (await this.#registry.readLatest(maxAgeMs)) this.#scheduler.serve();
  }

  /** From memory: call `readLatest` first if it has to be current. */
  list(): readonly Account[] {
    return [...this.#registry.entries()].map(({ account, health }) => ({ ...account, health }));
  }

  /** Replaces an account of the same id. */
  async add(account: NewAccount): Promise<Account> {
    const added = await this.#registry.write((store) => store.put(account, this.#options.clock.now()));
    this.#registry.put(added);
    // Another credential may belong to another plan.
    this.#limits.forget(added.id);
    this.#limits.noteDemand();
    this.#scheduler.serve();
    return added;
  }

  /** Removes an account, which `restore` takes back for a week. False if it is unknown. */
  async discard(id: string): Promise<boolean> {
    const isDiscarded = await this.#trash.discard(id);
    this.#limits.forget(id);
    this.#scheduler.serve();
    return isDiscarded;
  }

  /** undefined if the account is not in the trash. */
  async restore(id: string): Promise<Account | undefined> {
    const restored = await this.#trash.restore(id);
    if (restored) this.#limits.noteDemand();
    this.#scheduler.serve();
    return restored;
  }

  get trash(): Pick<Trash, 'list' | 'purge'> {
    return this.#trash;
  }

  /** For good, also from the trash. False if the account is unknown. */
  async remove(id: string): Promise<boolean> {
    const isRemoved = await this.#registry.write((store) => store.remove(id));
    this.#registry.remove(id);
    this.#limits.forget(id);
    this.#scheduler.serve();
    return isRemoved;
  }

  /** Changes what the account's owner may set, or nothing: throws `invalid_request` naming the field, or `not_found`. */
  async patch(id: string, patch: AccountPatch): Promise<Account> {
    const { clock } = this.#options;
    await this.readLatest();
    const entry = this.#entry(id);
    const label = patch.label === undefined ? undefined : checkedLabel(patch.label, 'A label', 'label');
    patchOptions(entry.options, patch); // Throws before anything is written.
    const change = checkedConnection(entry.account, patch);
    await this.#changeOptions(entry, (known) => ({
      label: label ?? known.label,
      options: patchOptions(known.options, patch),
    }));
    if (change) {
      const saved = await this.#registry.write((store) => saveConnection(store, id, change, clock.now()));
      if (!saved) throw noSuchAccount(id);
      entry.takeTokens(saved);
    }
    if (change?.credential) {
      entry.refused = undefined;
      this.#limits.forget(id);
      this.#registry.change(entry, { type: 'credential-replaced' });
    }
    this.#scheduler.serve();
    return { ...entry.account, health: entry.health };
  }

  /** One at a time, so that what is known here never goes back to an earlier row. */
  #changeOptions(entry: PooledAccount, change: (known: OwnersChoice) => OwnersChoice): Promise<void> {
    const { clock } = this.#options;
    return this.#optionChanges.run(async () => {
      const saved = await this.#registry.write((store) => store.changeOptions(entry.id, change, clock.now()));
      if (!saved) throw noSuchAccount(entry.id);
      entry.takeTokens(saved);
      entry.update({ label: saved.label, options: saved.options });
    });
  }

  /**
   * An order of the operator. False if the account is unknown. Rejects with `storage_unavailable` if it could not be saved: it
   * holds in this process, and is saved with the next change.
   */
  async setEnabled(id: string, enabled: boolean): Promise<boolean> {
    const entry = this.#registry.find(id);
    if (!entry) return false;
    if (enabled) entry.refused = undefined;
    this.#registry.change(entry, { type: enabled ? 'enable' : 'disable' });
    this.#scheduler.serve();
    await this.#registry.saveHealth(entry);
    return true;
  }

  /**
   * Gets a new access token even if the present one is valid. Throws what `Refresher.fresh` throws, or `not_found`; the
   * present token goes on serving unless the error is `credential_rejected`.
   */
  async refresh(id: string): Promise<Account> {
    const entry = this.#entry(id);
    const { credential, accessToken } = entry.account;
    const fresh = await this.#refresher.fresh(entry, isRefreshable(credential) ? accessToken?.value : entry.refused);
    this.#registry.change(entry, { type: 'credential-replaced' });
    this.#scheduler.serve();
    return fresh;
  }

  /** With a valid access token, refreshed if it expires soon. Throws what `Refresher.fresh` throws, or `not_found`. */
  async fresh(id: string): Promise<FreshAccount> {
    return this.#refresher.fresh(this.#entry(id));
  }

  /**
   * What a request needs of the account, with a valid access token. Throws like `fresh`. Takes no slot. `wireProfile`: in
   * place of the one in use.
   */
  async lent(id: string, wireProfile?: string): Promise<LeasedAccount> {
    const account = await this.fresh(id);
    if (wireProfile === undefined) return this.#lend(account);
    return lend(account, wireProfile, this.#options, this.#refresher.signerOf(account));
  }

  get refreshes(): RefreshCounts {
    return this.#refresher.counts;
  }

  /** Why the account was last skipped in this process; undefined: never. */
  lastSkip(id: string): Skip | undefined {
    return this.#registry.find(id)?.lastSkip;
  }

  /** The last reading of the account's plan. */
  limits(id: string): LimitsReading | undefined {
    return this.#limits.find(id);
  }

  /** For pages that show plans without waiting for the service. */
  get planLimits(): Pick<PlanLimits, 'state' | 'noteView' | 'readSoon'> {
    return this.#limits;
  }

  /** Reads the account's plan now. Throws the service's error, what `Refresher.fresh` throws, or `not_found`. */
  async readLimits(id: string): Promise<LimitsReading> {
    this.#entry(id);
    return this.#limits.read(id);
  }

  /** Saves what the store does not have yet. */
  flush(): Promise<void> {
    return this.#registry.flush();
  }

  /** Sends no further requests to the service and saves what the store does not have yet. */
  close(): Promise<void> {
    this.#limits.close();
    return this.#registry.close();
  }

  #entry(id: string): PooledAccount {
    const entry = this.#registry.find(id);
    if (!entry) throw noSuchAccount(id);
    return entry;
  }

  /** Makes the account cool down where the failure requires it, and names it in the error so that another can be tried. */
  #notLeased(entry: PooledAccount, failure: GatewayError): GatewayError {
    const { code, message } = failure;
    if (code === 'client_closed') return failure;
    let { retryAfterMs } = failure;
    if (code === 'internal')
      this.#options.log.error({ accountId: entry.id, err: failure.cause }, 'could not lease an account');
    if (code === 'credential_unavailable') {
      this.#registry.change(entry, { type: 'failure', code, retryAfterMs, message });
      const { state } = entry.health;
      retryAfterMs = 'untilMs' in state ? state.untilMs - this.#options.clock.now() : undefined;
    }
    return new GatewayError(code, message, { accountId: entry.id, retryAfterMs, cause: failure });
  }

  #lend(account: FreshAccount): LeasedAccount {
    const wireProfile = this.#options.wireProfileOf(account);
    const known = this.#lent.get(account);
    if (known?.access.wireProfile === wireProfile) return known;
    const leased = lend(account, wireProfile, this.#options, this.#refresher.signerOf(account));
    this.#lent.set(account, leased);
    return leased;
  }

  #release(slot: Slot, accessToken: string, error: GatewayError | undefined): void {
    // An account that was signed in again meanwhile has another entry by now.
    const entry = this.#registry.find(slot.entry.id);
    if (entry) {
      if (error?.code === 'token_rejected') entry.refused = accessToken;
      if (error) {
        const { code, retryAfterMs, message } = error;
        this.#registry.change(entry, { type: 'failure', code, retryAfterMs, message });
      }
      if (!error && slot.paced) this.#registry.change(entry, { type: 'success' });
      if (error) this.#limits.noteFailure(entry.id, error);
      else if (slot.paced) this.#limits.noteReply(entry.id);
    }
    this.#scheduler.finish(slot, error);
  }
}

function noSuchAccount(id: string): GatewayError {
  return new GatewayError('not_found', `There is no account ${id}.`);
}
