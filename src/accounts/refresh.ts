/**
 * Access tokens, kept fresh: early, in the background for accounts in use, and at once when the upstream refused one.
 * Whoever needs the same account's token waits for one exchange; while that cannot be had, a token which is still good
 * goes on serving.
 */
import { SingleFlight, withinTime } from '../core/async.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { cappedMs, MAX_THROTTLE_WAIT_MS } from '../core/times.ts';
import { consumedAfter } from './consumed-tokens.ts';
import { type AccessToken, type IamCredential, isRefreshable, refusalOf } from './credentials.ts';
import { type OpenFile, readLinked } from './linked-file.ts';
import type {
  Account,
  AccountStore,
  LastRefresh,
  LearnedFacts,
  SigningKeys,
  SignRequest,
  TokenEndpoints,
} from './ports.ts';
import { type Need, removed, TokenRefresh, type TokenRefresher } from './token-refresh.ts';

/** Refreshed this long before it runs out, so that no reply begins with a token about to expire. */
export const REFRESH_EARLY_MS = 5 * 60_000;
/** In the background by so much earlier, so that requests seldom wait; each account and replica at its own moment. */
const BACKGROUND_LEAD_MS = 30_000;
const BACKGROUND_JITTER_MS = 90_000;
/** Used within this time: kept fresh without being asked. */
const IN_USE_MS = 3_600_000;
/** While the present token still serves, a token endpoint in trouble is asked again only after so long. */
const PAUSE_AFTER_FAILURE_MS = 30_000;
/** A token endpoint which said "too many" is left alone for so long, though nothing serves meanwhile. */
const PAUSE_WHEN_THROTTLED_MS = 5_000;
/** How long a request waits for a new token while the present one still serves. */
const MAX_WAIT_MS = 5_000;

export interface RefreshOptions {
  readonly store: AccountStore;
  readonly tokens: TokenEndpoints;
  readonly clock: Clock;
  readonly log: Log;
  readonly openFile: OpenFile;
  /** For accounts which sign their requests; absent: there are none. */
  readonly keys?: SigningKeys;
  /** Where new tokens are made. Default: in this process. */
  readonly maker?: TokenRefresher;
}

/** An account whose access token serves. */
export interface FreshAccount extends Account {
  readonly accessToken: AccessToken;
}

interface InUse {
  latest: FreshAccount;
  usedAtMs: number;
  readonly jitterMs: number;
}

interface Pause {
  readonly untilMs: number;
  readonly error: GatewayError;
}

/** What the store holds about an account after an attempt to get a new access token. */
type RefreshListener = (accountId: string, learned: LearnedFacts) => void;

export class Refresher {
  readonly #options: RefreshOptions;
  readonly #maker: TokenRefresher;
  readonly #refreshes = new SingleFlight<FreshAccount>();
  readonly #pauses = new Map<string, Pause>();
  readonly #inUse = new Map<string, InUse>();
  #onRecorded: RefreshListener = () => {};

  constructor(options: RefreshOptions) {
    this.#options = options;
    this.#maker = options.maker ?? new TokenRefresh(options);
  }

  /** Calls `listener` whenever the outcome of an attempt has been stored. */
  onRecorded(listener: RefreshListener): void {
    this.#onRecorded = listener;
  }

  /**
   * The account with a token that serves. `refused`: the upstream has just refused this token, so another is needed
   * whatever its date says. Throws `credential_rejected` when only signing in again helps, `storage_unavailable` when
   * the new token could not be stored, or what the token endpoint's trouble was.
   */
  async fresh(account: Account, refused: string | undefined): Promise<FreshAccount> {
    const { credential } = account;
    if (credential.kind === 'api-key') {
      if (refused === credential.apiKey) throw signInAgain(refusalOf(credential));
      return { ...account, accessToken: { value: credential.apiKey, expiresAtMs: Number.POSITIVE_INFINITY } };
    }
    if (credential.kind === 'iam')
      return { ...account, accessToken: await this.#signingKeys(account, credential, refused) };
    const fresh = await this.#freshOf(this.#newest(account), refused);
    this.#noteUse(fresh);
    return fresh;
  }

  /** undefined: its requests bear a token. */
  signerOf({ credential, proxy }: Account): SignRequest | undefined {
    return credential.kind === 'iam' ? this.#keys().signer(credential, proxy) : undefined;
  }

  /** The same keys again, after the service has refused them: then they are wrong, not late. */
  async #signingKeys({ proxy }: Account, credential: IamCredential, refused: string | undefined): Promise<AccessToken> {
    const keys = await this.#keys().present(credential, refused, proxy);
    if (keys.value === refused) throw signInAgain(refusalOf(credential));
    return keys;
  }

  #keys(): SigningKeys {
    if (this.#options.keys) return this.#options.keys;
    throw new GatewayError('internal', 'Nothing here can sign requests.');
  }

  /** Makes new tokens for the accounts in use whose present ones will soon run out. Never throws. */
  async refreshDue(): Promise<void> {
    const nowMs = this.#options.clock.now();
    const due = [...this.#inUse].filter(([id, { latest, usedAtMs, jitterMs }]) => {
      if (nowMs - usedAtMs > IN_USE_MS) this.#inUse.delete(id);
      const earlyMs = REFRESH_EARLY_MS + BACKGROUND_LEAD_MS + jitterMs;
      return this.#inUse.has(id) && latest.accessToken.expiresAtMs - nowMs <= earlyMs;
    });
    await Promise.all(due.map(([id, inUse]) => this.#refreshInBackground(id, inUse)));
  }

  async #refreshInBackground(id: string, { latest, jitterMs }: InUse): Promise<void> {
    const { clock, log } = this.#options;
    if (this.#pauseOf(id)) return;
    const need = { refused: undefined, earlyMs: REFRESH_EARLY_MS + BACKGROUND_LEAD_MS + jitterMs };
    try {
      const made = await this.#once(latest, need);
      const inUse = this.#inUse.get(id);
      if (inUse) inUse.latest = made;
    } catch (cause) {
      const error = GatewayError.from(cause);
      this.#pause(id, error, clock.now());
      // Nothing helps but its owner; the next request finds out and says so.
      if (error.code === 'credential_rejected' || error.code === 'no_account') this.#inUse.delete(id);
      log.warn({ accountId: id, code: error.code }, 'an access token could not be made anew ahead of time');
    }
  }

  async #freshOf(account: Account, refused: string | undefined): Promise<FreshAccount> {
    const { clock, log } = this.#options;
    const nowMs = clock.now();
    const usable = serving(account.accessToken, refused, nowMs);
    if (usable && usable.expiresAtMs - nowMs > REFRESH_EARLY_MS) return { ...account, accessToken: usable };
    const pause = this.#pauseOf(account.id);
    if (pause && usable) return { ...account, accessToken: usable };
    if (pause?.error.code === 'upstream_throttled') throw pause.error;
    const need = { refused, earlyMs: REFRESH_EARLY_MS };
    try {
      if (!usable) return await this.#once(account, need);
      return (await withinTime(clock, MAX_WAIT_MS, this.#once(account, need))) ?? { ...account, accessToken: usable };
    } catch (cause) {
      const error = GatewayError.from(cause);
      this.#pause(account.id, error, nowMs);
      if (!usable || error.code === 'credential_rejected') throw error;
      const fields = { accountId: account.id, code: error.code, expiresInMs: usable.expiresAtMs - nowMs };
      log.warn(fields, 'the access token could not be made anew; the present one still serves');
      return { ...account, accessToken: usable };
    }
  }

  #once({ id }: Account, need: Need): Promise<FreshAccount> {
    return this.#refreshes.run(id, () => this.#make(id, need));
  }

  async #make(id: string, need: Need): Promise<FreshAccount> {
    const { store, clock } = this.#options;
    try {
      await this.#maker.make(id, need);
    } catch (cause) {
      if (GatewayError.from(cause).policy.blame !== 'gateway')
        await this.#record(id, { atMs: clock.now(), succeeded: false });
      throw cause;
    }
    await this.#record(id, { atMs: clock.now(), succeeded: true });
    const account = await store.find(id);
    if (!account) throw removed();
    const accessToken = serving(account.accessToken, need.refused, clock.now());
    if (accessToken) return { ...account, accessToken };
    const message = 'The access token of this account was replaced by one which does not serve.';
    throw new GatewayError('upstream_broken', message);
  }

  /** For the account's owner to read: a database in trouble fails no request because of it. */
  async #record(id: string, lastRefresh: LastRefresh): Promise<void> {
    const { store, clock, log } = this.#options;
    try {
      const learned = await store.saveLearned(id, { lastRefresh }, clock.now());
      if (learned) this.#onRecorded(id, learned);
    } catch (cause) {
      log.warn(
        { accountId: id, why: GatewayError.from(cause).details },
        'could not save the outcome of a token refresh',
      );
    }
  }

  /** A linked credential other than the one which died: stored, so that the account lives again. */
  async reread(account: Account): Promise<Account | undefined> {
    const { store, clock, openFile } = this.#options;
    const read = await readLinked(account, openFile);
    if (!read || !isRefreshable(account.credential)) return undefined;
    if (read.credential.refreshToken === account.credential.refreshToken) return undefined;
    const spent = consumedAfter(account, account.credential, read.credential);
    return store.saveSecrets(account, { ...read, spent }, clock.now());
  }

  /** The caller's copy may be older than what was made in the background. */
  #newest(account: Account): Account {
    const latest = this.#inUse.get(account.id)?.latest;
    // One which was removed and added again counts from the beginning.
    if (!latest || latest.createdAtMs !== account.createdAtMs || latest.version <= account.version) return account;
    const { credential, accessToken, version, spent } = latest;
    return { ...account, credential, accessToken, version, ...(spent === undefined ? {} : { spent }) };
  }

  #noteUse(latest: FreshAccount): void {
    const usedAtMs = this.#options.clock.now();
    const inUse = this.#inUse.get(latest.id);
    if (inUse) Object.assign(inUse, { latest, usedAtMs });
    else {
      const jitterMs = this.#options.clock.random() * BACKGROUND_JITTER_MS;
      this.#inUse.set(latest.id, { latest, usedAtMs, jitterMs });
    }
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

function serving(token: AccessToken | undefined, refused: string | undefined, nowMs: number): AccessToken | undefined {
  return token && token.value !== refused && token.expiresAtMs > nowMs ? token : undefined;
}

function signInAgain(message: string): GatewayError {
  return new GatewayError('credential_rejected', message);
}
