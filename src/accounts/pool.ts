/** The accounts of this run: who gets which, and what became of it. */
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { Admission, type Place } from './admission.ts';
import { type ConnectionPatch, checkedConnection, saveConnection } from './connection.ts';
import { type CredentialKind, headersOf, isRefreshable, profileArnOf } from './credentials.ts';
import type { Entry } from './entry.ts';
import { isReady } from './health.ts';
import type { Lease, LeaseRequest } from './lease.ts';
import { type OptionsPatch, patchOptions } from './options.ts';
import type { Account, AccountStore, NewAccount } from './ports.ts';
import type { FreshAccount, Refresher } from './refresh.ts';
import { Roster } from './roster.ts';
import type { StrategyName } from './strategies.ts';

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
  readonly wireProfileOf: (kind: CredentialKind) => string;
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
  readonly #roster: Roster;
  readonly #admission: Admission;

  private constructor(options: PoolOptions) {
    this.#options = options;
    this.#roster = new Roster(options);
    this.#admission = new Admission(this.#roster, options.clock, options);
  }

  static async open(options: PoolOptions): Promise<Pool> {
    const pool = new Pool(options);
    await pool.#roster.reload();
    return pool;
  }

  /** Throws what `Admission.admit` and `Refresher.fresh` do. */
  async lease(request: LeaseRequest): Promise<Lease> {
    await this.#roster.catchUp();
    await this.#roster.reviveLinked();
    const place = await this.#admission.admit(request);
    const fresh = await this.#freshAt(place);
    let released = false;
    return {
      accountId: place.entry.id,
      access: this.#accessOf(fresh),
      accessToken: fresh.accessToken.value,
      proxy: fresh.proxy,
      choice: place.choice,
      release: (error) => {
        if (released) return;
        released = true;
        this.#release(place, fresh.accessToken.value, error);
      },
    };
  }

  /** Of what is in memory; what another process has written counts from the next question on. */
  status() {
    this.#roster.catchUp().catch(() => {});
    const nowMs = this.#options.clock.now();
    const entries = [...this.#roster.entries()];
    const tokens = entries.flatMap(({ account }) => {
      if (account.credential.kind === 'api-key') return [Number.POSITIVE_INFINITY];
      return account.accessToken ? [account.accessToken.expiresAtMs] : [];
    });
    return {
      ready: entries.filter(({ health }) => isReady(health, nowMs)).length,
      total: entries.length,
      hasToken: tokens.length > 0,
      tokenExpired: tokens.length > 0 && tokens.every((expiresAtMs) => expiresAtMs <= nowMs),
    };
  }

  list(): readonly Account[] {
    return [...this.#roster.entries()].map(({ account, health }) => ({ ...account, health }));
  }

  /** Replaces an account of the same id. */
  async add(account: NewAccount): Promise<Account> {
    const added = await this.#options.store.put(account, this.#options.clock.now());
    this.#roster.put(added);
    this.#admission.serve();
    return added;
  }

  /** False when there is none of that id. */
  async remove(id: string): Promise<boolean> {
    this.#roster.remove(id);
    return this.#options.store.remove(id);
  }

  /**
   * By its owner's hand: its name, its options, its proxy, its profile. Throws `invalid_request` naming the field, or
   * `not_found`; then nothing has changed.
   */
  async patch(id: string, patch: AccountPatch): Promise<Account> {
    const { store, clock } = this.#options;
    const entry = this.#roster.find(id);
    if (!entry) throw noSuchAccount(id);
    const { account } = entry;
    const label = checkedLabel(patch.label ?? account.label);
    const options = patchOptions(account.options, patch);
    const change = checkedConnection(account, patch);
    let saved = await store.saveOptions(id, label, options, clock.now());
    if (saved && change) saved = await saveConnection(store, id, change, clock.now());
    if (!saved) throw noSuchAccount(id);
    entry.account = change ? saved : { ...entry.account, label: saved.label, options: saved.options };
    this.#admission.serve();
    return { ...entry.account, health: entry.health };
  }

  /** By the operator's hand; false when there is none of that id. */
  async setEnabled(id: string, enabled: boolean): Promise<boolean> {
    const entry = this.#roster.find(id);
    if (!entry) return false;
    if (enabled) entry.refused = undefined;
    this.#roster.change(entry, { type: enabled ? 'enable' : 'disable' });
    this.#admission.serve();
    await this.flush();
    return true;
  }

  /** A new access token though the present one may be good. Throws what `Refresher.fresh` does, or `not_found`. */
  async refresh(id: string): Promise<Account> {
    const entry = this.#roster.find(id);
    if (!entry) throw noSuchAccount(id);
    if (isRefreshable(entry.account.credential)) entry.refused = entry.account.accessToken?.value;
    const fresh = await this.#fresh(entry);
    this.#roster.change(entry, { type: 'credential-replaced' });
    this.#admission.serve();
    return fresh;
  }

  /** Writes what the store does not know yet. */
  flush(): Promise<void> {
    return this.#roster.flush();
  }

  async #freshAt(place: Place): Promise<FreshAccount> {
    try {
      return await this.#fresh(place.entry);
    } catch (cause) {
      this.#admission.leave(place);
      throw cause;
    }
  }

  async #fresh(entry: Entry): Promise<FreshAccount> {
    try {
      const fresh = await this.#options.refresher.fresh(entry.account, entry.refused);
      // Another lease's refresh may have been stored meanwhile: an older copy must not come back.
      if (fresh.version >= entry.account.version) entry.account = fresh;
      return fresh;
    } catch (cause) {
      const error = GatewayError.from(cause);
      if (error.code === 'credential_rejected') this.#roster.change(entry, { type: 'failure', code: error.code });
      throw error;
    }
  }

  #accessOf({ credential }: Account): Lease['access'] {
    return {
      region: credential.region,
      profileArn: profileArnOf(credential),
      wireProfile: this.#options.wireProfileOf(credential.kind),
      baseUrl: this.#options.baseUrl,
      headers: headersOf(credential),
    };
  }

  #release(place: Place, accessToken: string, error: GatewayError | undefined): void {
    // Signed in again meanwhile, the account is another entry by now.
    const entry = this.#roster.find(place.entry.id);
    if (entry) {
      if (error?.code === 'token_rejected') entry.refused = accessToken;
      if (error) this.#roster.change(entry, { type: 'failure', code: error.code, retryAfterMs: error.retryAfterMs });
      else if (place.paced) this.#roster.change(entry, { type: 'success' });
    }
    this.#admission.finish(place, error);
  }
}

function noSuchAccount(id: string): GatewayError {
  return new GatewayError('not_found', `There is no account ${id}.`);
}

const MAX_LABEL_CHARS = 100;

function checkedLabel(label: string): string {
  const trimmed = label.trim();
  if (trimmed !== '' && trimmed.length <= MAX_LABEL_CHARS && !/\p{Cc}/u.test(trimmed)) return trimmed;
  const message = `A label is 1 to ${MAX_LABEL_CHARS} characters on one line.`;
  throw new GatewayError('invalid_request', message, { param: 'label' });
}
