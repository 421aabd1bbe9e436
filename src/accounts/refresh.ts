/**
 * Access tokens, kept fresh. One refresh at a time for each account; what it brings is stored before it is used, so
 * that a process killed at any instant loses no rotated refresh token; whoever loses the race for the row uses the
 * winner's.
 */
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { type AccessToken, isRefreshable, type RefreshableCredential, refusalOf } from './credentials.ts';
import type { Account, AccountStore, CredentialFile, NewTokens, Secrets, TokenEndpoints } from './ports.ts';
import { isLinked, type LinkedSource } from './sources.ts';

/** Made anew this long before it runs out, so that no reply begins with a token about to expire. */
export const REFRESH_EARLY_MS = 5 * 60_000;
/** While the present token still serves, a token endpoint in trouble is asked again only after so long. */
const PAUSE_AFTER_FAILURE_MS = 30_000;

/** Who spent the refresh token may still be about to store its successor. */
const LOOKS_FOR_A_WINNER = 3;
const PAUSE_BETWEEN_LOOKS_MS = 400;

export interface RefreshOptions {
  readonly store: AccountStore;
  readonly tokens: TokenEndpoints;
  readonly clock: Clock;
  readonly log: Log;
  openFile(source: LinkedSource): CredentialFile;
}

/** An account whose access token serves. */
export interface FreshAccount extends Account {
  readonly accessToken: AccessToken;
}

export class Refresher {
  readonly #options: RefreshOptions;
  readonly #running = new Map<string, Promise<FreshAccount>>();
  readonly #failedAtMs = new Map<string, number>();
  /** Made by the endpoint, not yet in the store: the old refresh token may be spent, so these must not be lost. */
  readonly #unsaved = new Map<string, { readonly from: Account; readonly secrets: Secrets }>();

  constructor(options: RefreshOptions) {
    this.#options = options;
  }

  /**
   * The account with a token that serves. `refused`: the upstream has just refused this token, so another is needed
   * whatever its date says. Throws `credential_rejected` when only signing in again helps, `storage_unavailable` when
   * the new token could not be stored, or what the token endpoint's trouble was.
   */
  async fresh(account: Account, refused: string | undefined): Promise<FreshAccount> {
    const { credential, accessToken } = account;
    if (credential.kind === 'api-key') {
      if (refused === credential.apiKey) throw signInAgain(refusalOf(credential));
      return { ...account, accessToken: { value: credential.apiKey, expiresAtMs: Number.POSITIVE_INFINITY } };
    }
    const nowMs = this.#options.clock.now();
    const usable = serving(accessToken, refused, nowMs);
    if (usable && usable.expiresAtMs - nowMs > REFRESH_EARLY_MS) return { ...account, accessToken: usable };
    const pausing = nowMs - (this.#failedAtMs.get(account.id) ?? 0) < PAUSE_AFTER_FAILURE_MS;
    if (usable && pausing) return { ...account, accessToken: usable };
    try {
      return await this.#once(account, refused);
    } catch (cause) {
      const error = GatewayError.from(cause);
      if (!usable || error.code === 'credential_rejected') throw error;
      this.#failedAtMs.set(account.id, nowMs);
      const fields = { accountId: account.id, code: error.code, expiresInMs: usable.expiresAtMs - nowMs };
      this.#options.log.warn(fields, 'the access token could not be made anew; the present one still serves');
      return { ...account, accessToken: usable };
    }
  }

  #once(account: Account, refused: string | undefined): Promise<FreshAccount> {
    let running = this.#running.get(account.id);
    if (!running) {
      running = this.#refresh(account, refused).finally(() => this.#running.delete(account.id));
      this.#running.set(account.id, running);
    }
    return running;
  }

  async #refresh(before: Account, refused: string | undefined): Promise<FreshAccount> {
    const account = await this.#options.store.find(before.id);
    if (!account) throw removed();
    const unsaved = this.#unsaved.get(account.id);
    if (unsaved) return this.#save(unsaved.from, unsaved.secrets, refused);
    // Another process may have been faster, or the program whose file this is.
    const theirs = this.#freshEnough(account, refused) ?? (await this.#fromFile(account, refused));
    if (theirs) return theirs;
    const file = await this.#fileOf(account)?.read();
    // Of file and store, the file is its owner's last word.
    const credential = file?.credential ?? account.credential;
    if (!isRefreshable(credential)) throw new GatewayError('internal', 'This kind of account has nothing to refresh.');
    return this.#ask(account, credential, refused);
  }

  async #ask(account: Account, credential: RefreshableCredential, refused: string | undefined): Promise<FreshAccount> {
    let made: NewTokens;
    try {
      made = await this.#options.tokens.refresh(credential, account.proxy);
    } catch (cause) {
      const error = GatewayError.from(cause);
      if (error.code !== 'credential_rejected') throw error;
      const replaced = await this.#replacedMeanwhile(account, credential, refused);
      if (replaced === undefined) throw error;
      if ('accessToken' in replaced) return replaced;
      made = await this.#options.tokens.refresh(replaced.credential, account.proxy);
      credential = replaced.credential;
    }
    const secrets = secretsFrom(credential, made, this.#options.clock.now());
    this.#unsaved.set(account.id, { from: account, secrets });
    this.#options.log.info({ accountId: account.id, expiresInS: made.expiresInS }, 'a new access token was made');
    return this.#save(account, secrets, refused);
  }

  /** A refresh token spent by somebody else looks like a dead one: look once more before believing it. */
  async #replacedMeanwhile(
    account: Account,
    refusedCredential: RefreshableCredential,
    refused: string | undefined,
  ): Promise<FreshAccount | { readonly credential: RefreshableCredential } | undefined> {
    for (let look = 1; ; look++) {
      const stored = await this.#options.store.find(account.id);
      const theirs = stored && stored.version !== account.version ? this.#freshEnough(stored, refused) : undefined;
      if (theirs) return theirs;
      const read = await this.#fileOf(account)?.read();
      for (const credential of [read?.credential, stored?.credential]) {
        if (credential && isRefreshable(credential) && credential.refreshToken !== refusedCredential.refreshToken)
          return { credential };
      }
      if (look === LOOKS_FOR_A_WINNER) return undefined;
      await this.#options.clock.sleep(PAUSE_BETWEEN_LOOKS_MS);
    }
  }

  /** A linked file which holds another credential than the one which died: stored, so that the account lives again. */
  async reread(account: Account): Promise<Account | undefined> {
    const read = await this.#fileOf(account)?.read();
    if (!read || !isRefreshable(read.credential) || !isRefreshable(account.credential)) return undefined;
    if (read.credential.refreshToken === account.credential.refreshToken) return undefined;
    return this.#options.store.saveSecrets(account, read, this.#options.clock.now());
  }

  async #save(account: Account, secrets: Secrets, refused: string | undefined): Promise<FreshAccount> {
    const { store, clock } = this.#options;
    const saved = await store.saveSecrets(account, secrets, clock.now());
    this.#unsaved.delete(account.id);
    if (saved) {
      await this.#writeBack(saved);
      return this.#mustServe(saved, refused);
    }
    const theirs = await store.find(account.id);
    if (!theirs) throw removed();
    return this.#mustServe(theirs, refused);
  }

  #mustServe(account: Account, refused: string | undefined): FreshAccount {
    const accessToken = serving(account.accessToken, refused, this.#options.clock.now());
    if (accessToken) return { ...account, accessToken };
    throw new GatewayError(
      'upstream_broken',
      'The access token of this account was replaced by one which does not serve.',
    );
  }

  #freshEnough(account: Account, refused: string | undefined): FreshAccount | undefined {
    const nowMs = this.#options.clock.now();
    const accessToken = serving(account.accessToken, refused, nowMs);
    return accessToken && accessToken.expiresAtMs - nowMs > REFRESH_EARLY_MS ? { ...account, accessToken } : undefined;
  }

  /** The owner of a linked file has refreshed by itself: its token is stored and used. */
  async #fromFile(account: Account, refused: string | undefined): Promise<FreshAccount | undefined> {
    const read = await this.#fileOf(account)?.read();
    if (!read || !this.#freshEnough({ ...account, ...read }, refused)) return undefined;
    const saved = await this.#options.store.saveSecrets(account, read, this.#options.clock.now());
    return saved && this.#freshEnough(saved, refused);
  }

  async #writeBack(account: Account): Promise<void> {
    const { credential, accessToken } = account;
    if (!isRefreshable(credential) || !accessToken) return;
    try {
      await this.#fileOf(account)?.write(credential, accessToken, () => true);
    } catch (cause) {
      const why = cause instanceof Error && 'code' in cause ? cause.code : undefined;
      const message = 'the new token could not be written back; the Kiro IDE may have to sign in again';
      this.#options.log.warn({ accountId: account.id, why }, message);
    }
  }

  #fileOf({ source }: Account): CredentialFile | undefined {
    return isLinked(source) ? this.#options.openFile(source) : undefined;
  }
}

function serving(token: AccessToken | undefined, refused: string | undefined, nowMs: number): AccessToken | undefined {
  return token && token.value !== refused && token.expiresAtMs > nowMs ? token : undefined;
}

function secretsFrom(credential: RefreshableCredential, made: NewTokens, nowMs: number): Secrets {
  const { accessToken, expiresInS, refreshToken, profileArn } = made;
  return {
    credential: {
      ...credential,
      refreshToken: refreshToken ?? credential.refreshToken,
      // What the operator or a profile choice set is never overruled by the endpoint.
      profileArn: credential.profileArn ?? profileArn,
    },
    accessToken: { value: accessToken, expiresAtMs: nowMs + expiresInS * 1000 },
  };
}

function removed(): GatewayError {
  return new GatewayError('no_account', 'The account was removed while its access token was made anew.');
}

function signInAgain(message: string): GatewayError {
  return new GatewayError('credential_rejected', message);
}
