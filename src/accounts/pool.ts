/** The accounts of this run: who gets which, and what became of it. */
import { withinTime } from '../core/async.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { UsageLimits } from '../core/usage-limits.ts';
import { AccountRegistry } from './account-registry.ts';
import { type ConnectionPatch, checkedConnection, saveConnection } from './connection.ts';
import { credentialFailure } from './credential-failure.ts';
import { hasFixedToken, isRefreshable, profileArnOf, refusalOf } from './credentials.ts';
import { isReady } from './health.ts';
import { checkedLabel } from './label.ts';
import type { Lease, LeaseRequest, Lent } from './lease.ts';
import { type OptionsPatch, patchOptions } from './options.ts';
import { PlanLimits } from './plan-limits.ts';
import type { PooledAccount } from './pooled-account.ts';
import type { Account, AccountStore, NewAccount } from './ports.ts';
import type { FreshAccount, Refresher } from './refresh.ts';
import { Scheduler, type Slot } from './scheduler.ts';
import type { StrategyName } from './strategies.ts';
import type { LimitsReading } from './usage-limits.ts';

/** A database that does not answer must not delay health probes. */
const STATUS_WAIT_MS = 100;
/** Anybody may call for the status: the database is asked five times a second at most. */
const STATUS_AGE_MS = 200;

export interface PoolOptions {
  readonly store: AccountStore;
  readonly refresher: Refresher;
  readonly clock: Clock;
  readonly log: Log;
  readonly strategy: StrategyName;
  /** Own faults in a row before an account is switched off. */
  readonly maxErrorCount: number;
  /** Requests which may wait for an account at the same time, and for how long. */
  readonly queueLimit: number;
  readonly queueTimeoutMs: number;
  /** Asks the service what is left of an account's plan; rejects with what it said. */
  readonly readLimits: (lent: Lent, signal: AbortSignal) => Promise<UsageLimits>;
  /** Id of the wire profile in use for an account. */
  readonly wireProfileOf: (account: Pick<Account, 'id' | 'credential' | 'learned'>) => string;
  /** For an account without an ARN of its own where the wire profile requires one. */
  readonly requiredProfileArn?: (
    wireProfile: string,
    account: Pick<Account, 'credential' | 'learned'>,
  ) => string | undefined;
  /** Replaces the wire profile's host. */
  readonly baseUrl: string | undefined;
  /** Accounts from the environment and from files take part only when this run names them. */
  readonly named: ReadonlySet<string>;
  /** Counters are written at most so often; a change of state at once. */
  readonly flushDelayMs?: number;
}

/** What its owner may change about an account; what is left out stays. */
export interface AccountPatch extends OptionsPatch, ConnectionPatch {
  readonly label?: string | undefined;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #registry: AccountRegistry;
  readonly #scheduler: Scheduler;
  readonly #limits: PlanLimits;

  private constructor(options: PoolOptions) {
    this.#options = options;
    this.#registry = new AccountRegistry(options);
    this.#scheduler = new Scheduler(this.#registry, options.clock, options);
    const { clock, log, strategy } = options;
    this.#limits = new PlanLimits({
      ...{ registry: this.#registry, clock, log, strategy },
      lend: async (entry) => this.#lend(await this.#fresh(entry)),
      readLimits: options.readLimits,
      onRead: () => this.#scheduler.serve(),
    });
  }

  static async open(options: PoolOptions): Promise<Pool> {
    const pool = new Pool(options);
    options.refresher.onRecorded((id, learned) => pool.#registry.noteLearned(id, learned));
    await pool.#registry.reload();
    pool.#limits.noteWanted();
    return pool;
  }

  /**
   * Throws what `Scheduler.admit` does. When the chosen account's token or keys cannot be obtained, the error names it
   * (`accountId`): `credential_rejected`, `credential_unavailable`, `storage_unavailable`, `no_account`, `internal`.
   */
  async lease(request: LeaseRequest): Promise<Lease> {
    if (await this.#registry.catchUp()) this.#scheduler.serve();
    if (await this.#registry.reviveLinked()) this.#scheduler.serve();
    const place = await this.#scheduler.admit(request);
    const fresh = await this.#freshAt(place);
    const { entry } = place;
    const lent = this.#lend(fresh);
    const { wireProfile } = lent.access;
    let released = false;
    return {
      ...lent,
      choice: place.choice,
      sendsClosingEvents: entry.sendsClosingEvents(wireProfile),
      learnWireProfile: (untilMs) => this.#rememberWireProfile(entry.id, wireProfile, untilMs),
      learnClosingEvents: () => this.#registry.learnClosingEvents(entry.id, wireProfile),
      missClosingEvents: () => this.#registry.find(entry.id)?.missClosingEvents(wireProfile),
      cancel: () => {
        if (released) return;
        released = true;
        this.#scheduler.leave(place);
      },
      release: (error) => {
        if (released) return;
        released = true;
        this.#release(place, fresh.accessToken.value, error);
      },
    };
  }

  /** What the service has said about an account. Rejects with `storage_unavailable`. */
  learn(id: string, facts: Parameters<AccountStore['saveLearned']>[1]): Promise<void> {
    return this.#registry.learn(id, facts);
  }

  #rememberWireProfile(accountId: string, id: string, untilMs: number): void {
    this.learn(accountId, { wireProfile: { id, untilMs } }).catch((cause: unknown) => {
      const why = GatewayError.from(cause).details;
      this.#options.log.warn({ accountId, wireProfile: id, why }, 'could not save the wire profile of an account');
    });
  }

  /** Includes what other processes have written, unless the database takes too long to answer. */
  async status() {
    const { clock } = this.#options;
    await withinTime(clock, STATUS_WAIT_MS, this.readAnew(STATUS_AGE_MS)).catch(() => {});
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

  /** Reads what other processes have written, or had up to `maxAgeMs` ago (default 0). Rejects with `storage_unavailable`. */
  async readAnew(maxAgeMs?: number): Promise<void> {
    if (await this.#registry.readAnew(maxAgeMs)) this.#scheduler.serve();
  }

  /** What is in memory: call `readAnew` first where it has to be current. */
  list(): readonly Account[] {
    return [...this.#registry.entries()].map(({ account, health }) => ({ ...account, health }));
  }

  /** Replaces an account of the same id. */
  async add(account: NewAccount): Promise<Account> {
    const added = await this.#registry.write((store) => store.put(account, this.#options.clock.now()));
    this.#registry.put(added);
    this.#limits.noteWanted();
    this.#scheduler.serve();
    return added;
  }

  /** False when there is none of that id. */
  async remove(id: string): Promise<boolean> {
    this.#registry.remove(id);
    this.#limits.forget(id);
    return this.#registry.write((store) => store.remove(id));
  }

  /**
   * By its owner's hand: its name, its options, its proxy, its profile, its credential. Throws `invalid_request` naming the field, or
   * `not_found`; then nothing has changed.
   */
  async patch(id: string, patch: AccountPatch): Promise<Account> {
    const { clock } = this.#options;
    // Another process may have changed other options meanwhile.
    await this.readAnew();
    const entry = this.#entry(id);
    const { account } = entry;
    const label = checkedLabel(patch.label ?? account.label);
    const options = patchOptions(account.options, patch);
    const change = checkedConnection(account, patch);
    const saved = await this.#registry.write(async (store) => {
      const changed = await store.saveOptions(id, label, options, clock.now());
      return changed && change ? saveConnection(store, id, change, clock.now()) : changed;
    });
    if (!saved) throw noSuchAccount(id);
    entry.account = change ? saved : { ...entry.account, label: saved.label, options: saved.options };
    if (change?.credential) {
      entry.refused = undefined;
      this.#registry.change(entry, { type: 'credential-replaced' });
    }
    this.#scheduler.serve();
    return { ...entry.account, health: entry.health };
  }

  /** By the operator's hand; false when there is none of that id. */
  async setEnabled(id: string, enabled: boolean): Promise<boolean> {
    const entry = this.#registry.find(id);
    if (!entry) return false;
    if (enabled) entry.refused = undefined;
    this.#registry.change(entry, { type: enabled ? 'enable' : 'disable' });
    this.#scheduler.serve();
    await this.flush();
    return true;
  }

  /**
   * A new access token though the present one may be good. Throws what `Refresher.fresh` does, or `not_found`. The
   * present token goes on serving unless the error is `credential_rejected`.
   */
  async refresh(id: string): Promise<Account> {
    const entry = this.#entry(id);
    const { credential, accessToken } = entry.account;
    const fresh = await this.#fresh(entry, isRefreshable(credential) ? accessToken?.value : entry.refused);
    this.#registry.change(entry, { type: 'credential-replaced' });
    this.#scheduler.serve();
    return fresh;
  }

  /** With an access token that serves, refreshed if it expires soon. Throws what `Refresher.fresh` does, or `not_found`. */
  async fresh(id: string): Promise<FreshAccount> {
    return this.#fresh(this.#entry(id));
  }

  /** What was left of the account's plan when it was last asked for. */
  limits(id: string): LimitsReading | undefined {
    return this.#limits.find(id);
  }

  /** Asks for it now. Throws what the service said, what `Refresher.fresh` does, or `not_found`. */
  async readLimits(id: string): Promise<LimitsReading> {
    this.#entry(id);
    return this.#limits.read(id);
  }

  /** Writes what the store does not know yet. */
  flush(): Promise<void> {
    return this.#registry.flush();
  }

  /** Nothing more is asked of the service; what is known is written down. */
  close(): Promise<void> {
    this.#limits.close();
    return this.flush();
  }

  #entry(id: string): PooledAccount {
    const entry = this.#registry.find(id);
    if (!entry) throw noSuchAccount(id);
    return entry;
  }

  async #freshAt(place: Slot): Promise<FreshAccount> {
    try {
      return await this.#fresh(place.entry);
    } catch (cause) {
      this.#scheduler.leave(place);
      throw this.#notLeased(place.entry, credentialFailure(cause));
    }
  }

  /** Puts the account aside as the failure demands, and names it in the error so that another one can be tried. */
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

  /** `unwanted`: the access token to replace, whatever its date says. */
  async #fresh(entry: PooledAccount, unwanted: string | undefined = entry.refused): Promise<FreshAccount> {
    const { version } = entry.account;
    try {
      const fresh = await this.#options.refresher.fresh(entry.account, unwanted);
      // Another lease's refresh may have been stored meanwhile: an older copy must not come back.
      if (fresh.version >= entry.account.version) entry.account = fresh;
      return fresh;
    } catch (cause) {
      const error = GatewayError.from(cause);
      // Replaced meanwhile, the account has a credential that was not refused.
      const isCurrent = entry.account.version === version;
      if (error.code === 'credential_rejected' && isCurrent)
        this.#registry.change(entry, { type: 'failure', code: error.code });
      throw error;
    }
  }

  #lend(account: FreshAccount): Lent {
    const { id, credential, accessToken, proxy } = account;
    const wireProfile = this.#options.wireProfileOf(account);
    const access = {
      region: credential.region,
      profileArn: profileArnOf(credential) ?? this.#options.requiredProfileArn?.(wireProfile, account),
      wireProfile,
      baseUrl: this.#options.baseUrl,
      kind: credential.kind,
    };
    const sign = this.#options.refresher.signerOf(account);
    return {
      accountId: id,
      accountLabel: account.label,
      access,
      accessToken: accessToken.value,
      hasFixedToken: hasFixedToken(credential),
      proxy,
      sign,
      refusal: refusalOf(credential),
    };
  }

  #release(place: Slot, accessToken: string, error: GatewayError | undefined): void {
    // Signed in again meanwhile, the account is another entry by now.
    const entry = this.#registry.find(place.entry.id);
    if (entry) {
      if (error?.code === 'token_rejected') entry.refused = accessToken;
      if (error) {
        const { code, retryAfterMs, message } = error;
        this.#registry.change(entry, { type: 'failure', code, retryAfterMs, message });
      }
      if (!error && place.paced) this.#registry.change(entry, { type: 'success' });
      if (error) this.#limits.noteFailure(entry.id, error);
      else if (place.paced) this.#limits.noteReply(entry.id);
    }
    this.#scheduler.finish(place, error);
  }
}

function noSuchAccount(id: string): GatewayError {
  return new GatewayError('not_found', `There is no account ${id}.`);
}
