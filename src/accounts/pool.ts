/**
 * The accounts of this run: which are ready, who gets which, and what became of it. Holds a copy of the store and
 * notices when another process writes (a sign-in at the command line while the gateway runs).
 */
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { type CredentialKind, headersOf, isRefreshable, profileArnOf } from './credentials.ts';
import { type Health, type HealthEvent, isReady, nextHealth } from './health.ts';
import { noAccount } from './no-account.ts';
import { type OptionsPatch, patchOptions } from './options.ts';
import type { Account, AccountStore, NewAccount } from './ports.ts';
import type { FreshAccount, Refresher } from './refresh.ts';
import type { Strategy } from './strategies.ts';

export interface PoolOptions {
  readonly store: AccountStore;
  readonly refresher: Refresher;
  readonly clock: Clock;
  readonly log: Log;
  readonly strategy: Strategy;
  /** Own faults in a row before an account is switched off. */
  readonly maxErrorCount: number;
  readonly wireProfileOf: (kind: CredentialKind) => string;
  /** Replaces the wire profile's host. */
  readonly baseUrl: string | undefined;
  /** Accounts from the environment and from files take part only when this run names them. */
  readonly named: ReadonlySet<string>;
  /** Counters are written at most so often; a change of state at once. */
  readonly flushDelayMs?: number;
}

/** What its owner may change about an account; what is left out stays. */
export interface AccountPatch extends OptionsPatch {
  readonly label?: string | undefined;
}

/** The shape of the gateway's port of the same name, as are the next two. */
export interface LeaseRequest {
  readonly conversationId: string;
  readonly tried: ReadonlySet<string>;
  readonly control?: boolean;
}

export interface Lease {
  readonly accountId: string;
  readonly access: {
    readonly region: string;
    readonly profileArn: string | undefined;
    readonly wireProfile: string;
    readonly baseUrl: string | undefined;
    readonly headers: Readonly<Record<string, string>>;
  };
  readonly accessToken: string;
  release(error: GatewayError | undefined): void;
}

interface Entry {
  readonly id: string;
  account: Account;
  health: Health;
  /** The store does not know `health` yet. */
  dirty: boolean;
  /** An access token which the upstream refused: never lent again. */
  refused: string | undefined;
  rereadAtMs: number;
}

const FLUSH_DELAY_MS = 1_000;
/** Asking whether another process wrote costs some microseconds: not worth it for each of a thousand requests a second. */
const LOOK_EVERY_MS = 200;
/** How often the file behind a signed-out account is looked at. */
const REREAD_EVERY_MS = 5_000;

export class Pool {
  readonly #options: PoolOptions;
  readonly #entries = new Map<string, Entry>();
  #mark = Number.NaN;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #flushTimer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  private constructor(options: PoolOptions) {
    this.#options = options;
  }

  static async open(options: PoolOptions): Promise<Pool> {
    const pool = new Pool(options);
    await pool.#reload();
    return pool;
  }

  async lease(request: LeaseRequest): Promise<Lease> {
    await this.#catchUp();
    await this.#reviveLinked();
    const entry = this.#choose(request);
    const fresh = await this.#fresh(entry);
    let released = false;
    return {
      accountId: entry.id,
      access: this.#accessOf(fresh),
      accessToken: fresh.accessToken.value,
      release: (error) => {
        if (released) return;
        released = true;
        this.#release(entry.id, fresh.accessToken.value, error, request.control === true);
      },
    };
  }

  /** Of what is in memory; what another process has written counts from the next question on. */
  status() {
    this.#catchUp().catch(() => {});
    const nowMs = this.#options.clock.now();
    const entries = [...this.#entries.values()];
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
    return [...this.#entries.values()].map(({ account, health }) => ({ ...account, health }));
  }

  /** Replaces an account of the same id. */
  async add(account: NewAccount): Promise<Account> {
    const added = await this.#options.store.put(account, this.#options.clock.now());
    this.#entries.set(added.id, newEntry(added));
    return added;
  }

  /** False when there is none of that id. */
  async remove(id: string): Promise<boolean> {
    this.#entries.delete(id);
    return this.#options.store.remove(id);
  }

  /**
   * By its owner's hand: its name and its options. Throws `invalid_request` naming the field, or `not_found`; then
   * nothing has changed.
   */
  async patch(id: string, patch: AccountPatch): Promise<Account> {
    const entry = this.#entries.get(id);
    if (!entry) throw noSuchAccount(id);
    const { account } = entry;
    const label = checkedLabel(patch.label ?? account.label);
    const options = patchOptions(account.options, patch);
    const saved = await this.#options.store.saveOptions(id, label, options, this.#options.clock.now());
    if (!saved) throw noSuchAccount(id);
    entry.account = { ...entry.account, label: saved.label, options: saved.options };
    return { ...entry.account, health: entry.health };
  }

  /** By the operator's hand; false when there is none of that id. */
  async setEnabled(id: string, enabled: boolean): Promise<boolean> {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    if (enabled) entry.refused = undefined;
    this.#change(entry, { type: enabled ? 'enable' : 'disable' });
    await this.flush();
    return true;
  }

  /** A new access token though the present one may be good. Throws what `Refresher.fresh` does, or `not_found`. */
  async refresh(id: string): Promise<Account> {
    const entry = this.#entries.get(id);
    if (!entry) throw noSuchAccount(id);
    if (isRefreshable(entry.account.credential)) entry.refused = entry.account.accessToken?.value;
    const fresh = await this.#fresh(entry);
    this.#change(entry, { type: 'credential-replaced' });
    return fresh;
  }

  /** Writes what the store does not know yet. */
  flush(): Promise<void> {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    this.#flushing = this.#flushing.then(() => this.#flushDirty());
    return this.#flushing;
  }

  async #flushDirty(): Promise<void> {
    const { store, clock, log } = this.#options;
    for (const entry of this.#entries.values()) {
      if (!entry.dirty) continue;
      entry.dirty = false;
      try {
        await store.saveHealth(entry.id, entry.health, clock.now());
      } catch (cause) {
        entry.dirty = true;
        log.warn(
          { accountId: entry.id, why: GatewayError.from(cause).message },
          'the health of an account was not saved',
        );
      }
    }
  }

  #choose({ tried, conversationId }: LeaseRequest): Entry {
    const nowMs = this.#options.clock.now();
    const entries = [...this.#entries.values()];
    const [first, ...others] = entries.filter(({ id, health }) => !tried.has(id) && isReady(health, nowMs));
    if (first === undefined)
      throw noAccount(
        entries.map(({ health }) => health.state),
        nowMs,
      );
    return this.#options.strategy([first, ...others], conversationId);
  }

  async #fresh(entry: Entry): Promise<FreshAccount> {
    try {
      const fresh = await this.#options.refresher.fresh(entry.account, entry.refused);
      // Another lease's refresh may have been stored meanwhile: an older copy must not come back.
      if (fresh.version >= entry.account.version) entry.account = fresh;
      return fresh;
    } catch (cause) {
      const error = GatewayError.from(cause);
      if (error.code === 'credential_rejected') this.#change(entry, { type: 'failure', code: error.code });
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

  #release(id: string, accessToken: string, error: GatewayError | undefined, isControl: boolean): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    if (error?.code === 'token_rejected') entry.refused = accessToken;
    if (error) this.#change(entry, { type: 'failure', code: error.code, retryAfterMs: error.retryAfterMs });
    else if (!isControl) this.#change(entry, { type: 'success' });
  }

  #change(entry: Entry, event: HealthEvent): void {
    const { clock, log, maxErrorCount, flushDelayMs = FLUSH_DELAY_MS } = this.#options;
    const before = entry.health;
    entry.health = nextHealth(before, event, clock.now(), maxErrorCount);
    if (entry.health === before) return;
    entry.dirty = true;
    if (entry.health.state.status !== before.state.status) {
      const fields = { accountId: entry.id, from: before.state.status, ...entry.health.state };
      log.info(fields, 'an account changed its state');
      void this.flush();
      return;
    }
    this.#flushTimer ??= setTimeout(() => void this.flush(), flushDelayMs).unref();
  }

  /** A database in trouble stops nobody whose account is in memory. */
  async #catchUp(): Promise<void> {
    const nowMs = this.#options.clock.now();
    if (this.#entries.size > 0 && nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return;
    this.#lookedAtMs = nowMs;
    try {
      if (this.#options.store.changeMark() !== this.#mark) await this.#reload();
    } catch (cause) {
      if (this.#entries.size === 0) throw cause;
      this.#options.log.warn({ why: GatewayError.from(cause).message }, 'the accounts could not be read again');
    }
  }

  async #reload(): Promise<void> {
    // Read before the rows, so that a write in between is noticed next time.
    const mark = this.#options.store.changeMark();
    const accounts = (await this.#options.store.list()).filter(
      ({ id, source }) => source.type === 'sign-in' || this.#options.named.has(id),
    );
    this.#mark = mark;
    const ids = new Set(accounts.map(({ id }) => id));
    for (const id of this.#entries.keys()) if (!ids.has(id)) this.#entries.delete(id);
    for (const account of accounts) {
      const entry = this.#entries.get(account.id);
      if (!entry) this.#entries.set(account.id, newEntry(account));
      else {
        if (account.version > entry.account.version) entry.account = account;
        else entry.account = { ...entry.account, label: account.label, options: account.options };
        if (!entry.dirty) entry.health = account.health;
      }
    }
  }

  /** The Kiro IDE may have signed in again behind our back. */
  async #reviveLinked(): Promise<void> {
    const nowMs = this.#options.clock.now();
    for (const entry of this.#entries.values()) {
      if (entry.health.state.status !== 'signed-out' || entry.account.source.type !== 'kiro-file') continue;
      if (nowMs - entry.rereadAtMs < REREAD_EVERY_MS) continue;
      entry.rereadAtMs = nowMs;
      const replaced = await this.#options.refresher.reread(entry.account);
      if (!replaced) continue;
      entry.account = replaced;
      this.#change(entry, { type: 'credential-replaced' });
    }
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

function newEntry(account: Account): Entry {
  return { id: account.id, account, health: account.health, dirty: false, refused: undefined, rereadAtMs: 0 };
}
