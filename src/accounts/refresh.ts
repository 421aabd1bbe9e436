/**
 * Keeps the access tokens of the pool's accounts valid: in the background for accounts in use, before a request when its
 * token expires soon, and at once when the upstream has refused it. Concurrent requests share one refresh. While none
 * succeeds, a token that has not expired goes on serving. The registry has the only copy of their state in memory.
 */
import { SingleFlight, withinTime } from '../core/async.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { cappedMs, MAX_THROTTLE_WAIT_MS } from '../core/times.ts';
import type { AccountRegistry } from './account-registry.ts';
import { consumedAfter } from './consumed-tokens.ts';
import {
  type AccessToken,
  type Credential,
  isRefreshable,
  type RefreshableCredential,
  refusalOf,
} from './credentials.ts';
import { type OpenFile, readLinked } from './linked-file.ts';
import type { PooledAccount } from './pooled-account.ts';
import type { Account, AccountStore, LastRefresh, SigningKeys, SignRequest } from './ports.ts';
import { isLinked } from './sources.ts';
import { type Need, removed, type TokenRefresher } from './token-refresh.ts';

/** Refreshed this long before it expires, so that no reply begins with a token about to expire. */
export const REFRESH_EARLY_MS = 5 * 60_000;
/** Background refreshes come earlier still, so that requests seldom wait; each account and replica at its own moment. */
const BACKGROUND_LEAD_MS = 30_000;
const BACKGROUND_JITTER_MS = 90_000;
/** Refreshed in the background if used within this time. */
const IN_USE_MS = 3_600_000;
/** Pause between attempts while the present token serves and the token endpoint fails. */
const PAUSE_AFTER_FAILURE_MS = 30_000;
/** Pause after the token endpoint has answered "too many requests", even if no token serves meanwhile. */
const PAUSE_WHEN_THROTTLED_MS = 5_000;
/** How long a request waits for a new token while the present one still serves. */
const MAX_WAIT_MS = 5_000;
/** How often the linked file of a signed-out account is read. */
const REREAD_EVERY_MS = 5_000;

export interface RefresherOptions {
  readonly registry: AccountRegistry;
  readonly store: AccountStore;
  /** Calls the token endpoints: here, or in a process of its own. */
  readonly tokenRefresher: TokenRefresher;
  readonly clock: Clock;
  readonly log: Log;
  readonly openFile: OpenFile;
  /** For accounts that sign their requests; absent: there are none. */
  readonly keys?: SigningKeys;
}

/** An account whose access token is valid. */
export interface FreshAccount extends Account {
  readonly accessToken: AccessToken;
}

/** Refreshes that a request or the background waited for, whichever process carried them out. */
export interface RefreshCounts {
  readonly succeeded: number;
  readonly failed: number;
}

interface Use {
  atMs: number;
  /** How much earlier than others this account is refreshed in the background. */
  readonly jitterMs: number;
}

interface Pause {
  readonly untilMs: number;
  readonly error: GatewayError;
}

export class Refresher {
  readonly #options: RefresherOptions;
  readonly #refreshes = new SingleFlight<FreshAccount>();
  readonly #pauses = new Map<string, Pause>();
  /** The last use of each account with a refresh token. */
  readonly #uses = new Map<string, Use>();
  readonly #counts = { succeeded: 0, failed: 0 };
  /** Accounts with API keys as they are leased, by the row that they were made from. */
  readonly #withApiKey = new WeakMap<Account, FreshAccount>();

  constructor(options: RefresherOptions) {
    this.#options = options;
  }

  /**
   * The account with a valid token. `refused`: a token that is not good enough, whatever its expiry; by default the one
   * that the upstream refused last. Throws `credential_rejected` when only signing in again helps (the account is then
   * signed out), `storage_unavailable` when the new token could not be saved, or the token endpoint's failure.
   */
  async fresh(entry: PooledAccount, refused: string | undefined = entry.refused): Promise<FreshAccount> {
    const { account } = entry;
    const { credential } = account;
    const ready = this.ready(entry, refused);
    if (ready) return ready;
    return isRefreshable(credential)
      ? this.#refreshed(entry, refused)
      : this.#withFixedToken(entry, credential, refused);
  }

  /** The account if its present token is valid for some time yet, which is the usual case; undefined: call `fresh`. */
  ready(entry: PooledAccount, refused: string | undefined = entry.refused): FreshAccount | undefined {
    const { account } = entry;
    const { credential } = account;
    if (credential.kind === 'api-key')
      return credential.apiKey === refused ? undefined : this.#withKey(account, credential.apiKey);
    if (!isRefreshable(credential)) return undefined;
    const nowMs = this.#options.clock.now();
    this.#noteUse(entry.id);
    const isUsable = hasToken(account) && account.accessToken.value !== refused;
    return isUsable && account.accessToken.expiresAtMs - nowMs > REFRESH_EARLY_MS ? account : undefined;
  }

  #withKey(account: Account, apiKey: string): FreshAccount {
    const known = this.#withApiKey.get(account);
    if (known) return known;
    const fresh = { ...account, accessToken: { value: apiKey, expiresAtMs: Number.POSITIVE_INFINITY } };
    this.#withApiKey.set(account, fresh);
    return fresh;
  }

  async #refreshed(entry: PooledAccount, refused: string | undefined): Promise<FreshAccount> {
    const { id, account } = entry;
    const { clock, log } = this.#options;
    const nowMs = clock.now();
    const usable = usableToken(account.accessToken, refused, nowMs);
    const present = usable && { ...account, accessToken: usable };
    const pause = this.#pauseOf(id);
    if (pause && present) return present;
    if (pause?.error.code === 'upstream_throttled') throw pause.error;
    const need = { refused, earlyMs: REFRESH_EARLY_MS };
    try {
      const refreshing = this.#refreshes.run(id, () => this.#refresh(id, need));
      return present ? ((await withinTime(clock, MAX_WAIT_MS, refreshing)) ?? present) : await refreshing;
    } catch (cause) {
      const error = this.#noteFailure(entry, account, cause);
      if (!present || error.code === 'credential_rejected') throw error;
      const fields = { accountId: id, code: error.code, expiresInMs: present.accessToken.expiresAtMs - nowMs };
      log.warn(fields, 'could not refresh an access token; the present one still serves');
      return present;
    }
  }

  /** Refreshes since the start. */
  get counts(): RefreshCounts {
    return { ...this.#counts };
  }

  /** undefined: its requests carry a token. */
  signerOf({ credential, proxy }: Account): SignRequest | undefined {
    return credential.kind === 'iam' ? this.#keys().signer(credential, proxy) : undefined;
  }

  /** Refreshes the tokens of accounts in use that expire soon. Never throws. */
  async refreshDue(): Promise<void> {
    const { registry, clock } = this.#options;
    const nowMs = clock.now();
    const due = [...this.#uses].filter(([id, { atMs, jitterMs }]) => {
      const entry = registry.find(id);
      if (!entry || nowMs - atMs > IN_USE_MS) {
        this.#uses.delete(id);
        return false;
      }
      const { accessToken } = entry.account;
      return accessToken && accessToken.expiresAtMs - nowMs <= backgroundLeadMs(jitterMs);
    });
    await Promise.all(due.map(([id, { jitterMs }]) => this.#refreshInBackground(id, jitterMs)));
  }

  /** True if an account is signed out whose owner may have signed in again in the program it is linked to. */
  get mayRevive(): boolean {
    const nowMs = this.#options.clock.now();
    for (const entry of this.#options.registry.entries()) if (mayRevive(entry, nowMs)) return true;
    return false;
  }

  /** Signed-out accounts whose owner has signed in again in the program they are linked to. True if there was one. */
  async reviveLinked(): Promise<boolean> {
    const { registry, clock } = this.#options;
    const nowMs = clock.now();
    let isAnyRevived = false;
    for (const entry of registry.entries()) {
      if (!mayRevive(entry, nowMs)) continue;
      entry.rereadAtMs = nowMs;
      if (await this.#revive(entry)) isAnyRevived = true;
    }
    return isAnyRevived;
  }

  async #revive(entry: PooledAccount): Promise<boolean> {
    const { registry, openFile } = this.#options;
    const { account } = entry;
    const read = await readLinked(account, openFile);
    if (!read || !isRefreshable(account.credential)) return false;
    if (read.credential.refreshToken === account.credential.refreshToken) return false;
    const consumedTokens = consumedAfter(account, account.credential, read.credential);
    if (!(await registry.saveSecrets(entry, { ...read, consumedTokens }))) return false;
    registry.change(entry, { type: 'credential-replaced' });
    return true;
  }

  /** An API key, or the id of keys that sign requests: neither can be refreshed here. */
  async #withFixedToken(
    entry: PooledAccount,
    credential: Exclude<Credential, RefreshableCredential>,
    refused: string | undefined,
  ): Promise<FreshAccount> {
    const { account } = entry;
    try {
      const accessToken =
        credential.kind === 'iam'
          ? await this.#keys().present(credential, refused, account.proxy)
          : { value: credential.apiKey, expiresAtMs: Number.POSITIVE_INFINITY };
      // The same key again, after the service has refused it, is wrong rather than expired.
      if (accessToken.value === refused) throw new GatewayError('credential_rejected', refusalOf(credential));
      return { ...account, accessToken };
    } catch (cause) {
      throw this.#noteFailure(entry, account, cause);
    }
  }

  /** Signs the account out if its credential was rejected, unless another has replaced it since `account` was read. */
  #noteFailure(entry: PooledAccount, { id, version, credential }: Account, cause: unknown): GatewayError {
    const error = GatewayError.from(cause);
    if (isRefreshable(credential)) this.#pause(id, error, this.#options.clock.now());
    if (error.code !== 'credential_rejected') return error;
    this.#uses.delete(id);
    if (entry.account.version === version) this.#options.registry.change(entry, { type: 'failure', code: error.code });
    return error;
  }

  #keys(): SigningKeys {
    if (this.#options.keys) return this.#options.keys;
    throw new GatewayError('internal', 'This gateway was composed without signing keys.');
  }

  async #refreshInBackground(id: string, jitterMs: number): Promise<void> {
    const { clock, log } = this.#options;
    if (this.#pauseOf(id)) return;
    const need = { refused: undefined, earlyMs: backgroundLeadMs(jitterMs) };
    try {
      await this.#refreshes.run(id, () => this.#refresh(id, need));
    } catch (cause) {
      const error = GatewayError.from(cause);
      this.#pause(id, error, clock.now());
      // Only the account's owner can help; the next request gets this error and reports it.
      if (error.code === 'credential_rejected' || error.code === 'no_account') this.#uses.delete(id);
      log.warn({ accountId: id, code: error.code }, 'could not refresh an access token in the background');
    }
  }

  async #refresh(id: string, need: Need): Promise<FreshAccount> {
    const { registry, store, tokenRefresher, clock } = this.#options;
    try {
      await tokenRefresher.refresh(id, need);
    } catch (cause) {
      this.#counts.failed++;
      if (GatewayError.from(cause).policy.blame !== 'gateway')
        await this.#record(id, { atMs: clock.now(), succeeded: false });
      throw cause;
    }
    this.#counts.succeeded++;
    await this.#record(id, { atMs: clock.now(), succeeded: true });
    const account = await store.find(id);
    if (!account) throw removed();
    registry.find(id)?.takeTokens(account);
    const accessToken = usableToken(account.accessToken, need.refused, clock.now());
    if (accessToken) return { ...account, accessToken };
    throw new GatewayError(
      'upstream_broken',
      'The new access token of this account has expired or was refused before.',
    );
  }

  /** Shown to the account's owner only, so a failing database does not fail the request. */
  async #record(id: string, lastRefresh: LastRefresh): Promise<void> {
    const { registry, log } = this.#options;
    try {
      await registry.learn(id, { lastRefresh });
    } catch (cause) {
      const why = GatewayError.from(cause).details;
      log.warn({ accountId: id, why }, 'could not save the outcome of a token refresh');
    }
  }

  #noteUse(id: string): void {
    const { clock } = this.#options;
    const known = this.#uses.get(id);
    if (known) known.atMs = clock.now();
    else this.#uses.set(id, { atMs: clock.now(), jitterMs: clock.random() * BACKGROUND_JITTER_MS });
  }

  #pause(id: string, error: GatewayError, nowMs: number): void {
    const leastMs = error.code === 'upstream_throttled' ? PAUSE_WHEN_THROTTLED_MS : PAUSE_AFTER_FAILURE_MS;
    const waitMs = cappedMs(error.retryAfterMs ?? 0, MAX_THROTTLE_WAIT_MS) ?? 0;
    this.#pauses.set(id, { untilMs: nowMs + Math.max(leastMs, waitMs), error });
  }

  #pauseOf(id: string): Pause | undefined {
    const pause = this.#pauses.get(id);
    if (pause && pause.untilMs > this.#options.clock.now()) return pause;
    this.#pauses.delete(id);
    return undefined;
  }
}

function mayRevive({ health, account, rereadAtMs }: PooledAccount, nowMs: number): boolean {
  return health.state.status === 'signed-out' && isLinked(account.source) && nowMs - rereadAtMs >= REREAD_EVERY_MS;
}

function hasToken(account: Account): account is FreshAccount {
  return account.accessToken !== undefined;
}

function backgroundLeadMs(jitterMs: number): number {
  return REFRESH_EARLY_MS + BACKGROUND_LEAD_MS + jitterMs;
}

function usableToken(
  token: AccessToken | undefined,
  refused: string | undefined,
  nowMs: number,
): AccessToken | undefined {
  return token && token.value !== refused && token.expiresAtMs > nowMs ? token : undefined;
}
