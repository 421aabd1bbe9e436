/**
 * Exchanges a refresh token for an access token, under a lock shared by all processes and replicas. The tokens are
 * stored before they are used, so that a process killed afterwards loses nothing.
 */
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { tokenExpiry } from '../core/times.ts';
import { consumedAfter } from './consumed-tokens.ts';
import { isRefreshable } from './credentials.ts';
import { type OpenFile, type RefreshableSecrets, readLinked, writeLinked } from './linked-file.ts';
import type { Account, AccountStore, NewTokens, Secrets, TokenEndpoints } from './ports.ts';

/** A program that shares the credential may be faster several times in a row; each time there is another token to try. */
const MAX_ATTEMPTS = 5;
/** The process that consumed a refresh token may not have stored its successor yet. */
const MAX_LOOKS = 3;
const PAUSE_BETWEEN_LOOKS_MS = 400;
/** How long saving is retried after the database has failed. */
const MAX_SAVING_MS = 600_000;
const PAUSE_BETWEEN_SAVES_MS = 250;

/** The token that is needed: not the refused one, and valid for more than `earlyMs`. */
export interface Need {
  readonly refused: string | undefined;
  readonly earlyMs: number;
}

/** Refreshes tokens in this process or in another. */
export interface TokenRefresher {
  /**
   * When it resolves, the store holds an access token that meets the need, obtained now or by another process. Throws
   * `credential_rejected` when only signing in again helps, `storage_unavailable` when the new token could not be
   * stored, `no_account` when the account was removed, or the token endpoint's failure.
   */
  refresh(accountId: string, need: Need): Promise<void>;
}

export interface TokenRefreshOptions {
  readonly store: AccountStore;
  readonly tokens: TokenEndpoints;
  readonly clock: Clock;
  readonly log: Log;
  readonly openFile: OpenFile;
  /** Called when a token could not be saved at once, and when every token is saved. */
  readonly onUnsaved?: (isUnsaved: boolean) => void;
}

/** Tokens to store for an account. */
interface RefreshResult {
  readonly account: Account;
  readonly secrets: Secrets;
}

export class TokenRefresh implements TokenRefresher {
  readonly #options: TokenRefreshOptions;
  /** Issued by the endpoint but not yet stored: the old refresh token may be consumed, so these must not be lost. */
  readonly #unsaved = new Map<string, RefreshResult>();
  readonly #running = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: TokenRefreshOptions) {
    this.#options = options;
  }

  /**
   * Rejects as soon as the token could not be stored, but keeps the account's lock until it is: another process would
   * present the consumed refresh token, and the sign-in would be lost.
   */
  async refresh(accountId: string, need: Need): Promise<void> {
    // The holder of the lock in this process is waiting for the same.
    const unsaved = this.#unsaved.get(accountId);
    if (unsaved) await this.#save(unsaved);
    const outcome = Promise.withResolvers<void>();
    const running = this.#options.store
      .exclusively(accountId, async () => {
        try {
          await this.#refreshAlone(accountId, need);
        } catch (cause) {
          outcome.reject(cause);
          await this.#retrySaving(accountId);
        }
      })
      .then(outcome.resolve, outcome.reject)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    return outcome.promise;
  }

  /** Resolves when every new token is stored, or could not be for ten minutes. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Tries once more to save what is unsaved. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([...this.#unsaved.values()].map((result) => this.#save(result)));
  }

  async #retrySaving(accountId: string): Promise<void> {
    const { clock } = this.#options;
    const deadlineMs = clock.now() + MAX_SAVING_MS;
    for (;;) {
      const unsaved = this.#unsaved.get(accountId);
      if (!unsaved || this.#isClosed || clock.now() > deadlineMs) return;
      await clock.sleep(PAUSE_BETWEEN_SAVES_MS);
      await this.#save(unsaved).catch(() => {});
    }
  }

  async #refreshAlone(accountId: string, need: Need): Promise<void> {
    // Retrying for ten minutes did not help.
    const unsaved = this.#unsaved.get(accountId);
    if (unsaved) await this.#save(unsaved);
    const account = await this.#options.store.find(accountId);
    if (!account) throw removed();
    // Another process may have refreshed it, or the program that owns the linked file.
    if (this.#meets(account, need)) return;
    const linked = await readLinked(account, this.#options.openFile);
    if (linked && this.#meets(linked, need)) return this.#save({ account, secrets: adopted(account, linked) });
    // The linked file is what the account's owner did last.
    const credential = linked?.credential ?? account.credential;
    if (!isRefreshable(credential)) throw new GatewayError('internal', 'This kind of account has no refresh token.');
    await this.#save(await this.#exchange(account, { credential, accessToken: undefined }, need));
  }

  /** The endpoint's new tokens, or those of a faster program with the same credential. */
  async #exchange(account: Account, first: RefreshableSecrets, need: Need): Promise<RefreshResult> {
    const { tokens, clock, log } = this.#options;
    let presented = first;
    for (let attempt = 1; ; attempt++) {
      try {
        const issued = await tokens.refresh(presented.credential, account.proxy);
        const result = { account, secrets: secretsFrom(account, presented, issued, clock.now()) };
        this.#noteUnsaved(result);
        log.info({ accountId: account.id, expiresInS: issued.expiresInS }, 'refreshed an access token');
        return result;
      } catch (cause) {
        const error = GatewayError.from(cause);
        if (error.code !== 'credential_rejected' || attempt === MAX_ATTEMPTS) throw error;
        const theirs = await this.#findSuccessor(account, presented);
        if (!theirs) throw error;
        if (this.#meets(theirs, need)) return { account, secrets: adopted(account, theirs) };
        presented = theirs;
      }
    }
  }

  #noteUnsaved(result: RefreshResult): void {
    this.#unsaved.set(result.account.id, result);
    if (this.#unsaved.size === 1) this.#options.onUnsaved?.(true);
  }

  /** A refresh token that another process consumed is rejected like a dead one: its successor may be stored soon. */
  async #findSuccessor(account: Account, presented: RefreshableSecrets): Promise<RefreshableSecrets | undefined> {
    const { store, clock, openFile } = this.#options;
    const dead = presented.credential.refreshToken;
    for (let look = 1; ; look++) {
      const stored = await store.find(account.id);
      const found = [await readLinked(account, openFile), stored?.version === account.version ? undefined : stored];
      for (const theirs of found) {
        if (!theirs || !isRefreshable(theirs.credential) || theirs.credential.refreshToken === dead) continue;
        return { credential: theirs.credential, accessToken: theirs.accessToken };
      }
      if (look === MAX_LOOKS) return undefined;
      await clock.sleep(PAUSE_BETWEEN_LOOKS_MS);
    }
  }

  /** A row that has changed meanwhile holds a new sign-in and stays; the caller reads it. */
  async #save(result: RefreshResult): Promise<void> {
    const { account, secrets } = result;
    const { store, clock, onUnsaved } = this.#options;
    const saved = await store.saveSecrets(account, secrets, clock.now());
    // Two callers may save the same result; an adopted one was never unsaved.
    if (this.#unsaved.get(account.id) === result && this.#unsaved.delete(account.id) && this.#unsaved.size === 0)
      onUnsaved?.(false);
    if (saved) await this.#writeBack(saved);
  }

  async #writeBack(account: Account): Promise<void> {
    const { openFile, log } = this.#options;
    try {
      const outcome = await writeLinked(account, openFile);
      if (outcome === 'theirs-is-newer')
        log.info({ accountId: account.id }, 'the linked file holds a newer sign-in; left it unchanged');
    } catch (cause) {
      const why = cause instanceof Error && 'code' in cause ? cause.code : undefined;
      const message =
        'could not write the new token to the linked file; the program that owns it may have to sign in again';
      log.warn({ accountId: account.id, why }, message);
    }
  }

  #meets({ accessToken }: Pick<Secrets, 'accessToken'>, { refused, earlyMs }: Need): boolean {
    if (!accessToken || accessToken.value === refused) return false;
    return accessToken.expiresAtMs - this.#options.clock.now() > earlyMs;
  }
}

/** The tokens of a faster program replace the account's. */
function adopted(account: Account, theirs: RefreshableSecrets): Secrets {
  const { credential, accessToken } = theirs;
  return { credential, accessToken, consumedTokens: consumedAfter(account, account.credential, credential) };
}

function secretsFrom(account: Account, presented: RefreshableSecrets, issued: NewTokens, nowMs: number): Secrets {
  const { accessToken, expiresInS, refreshToken, profileArn } = issued;
  const credential = {
    ...presented.credential,
    refreshToken: refreshToken ?? presented.credential.refreshToken,
    // A profile set by the operator wins over the endpoint's.
    profileArn: presented.credential.profileArn ?? profileArn,
  };
  return {
    credential,
    accessToken: { value: accessToken, expiresAtMs: tokenExpiry(expiresInS, nowMs) },
    consumedTokens: consumedAfter(account, presented.credential, credential),
  };
}

export function removed(): GatewayError {
  return new GatewayError('no_account', 'The account was removed while its access token was being refreshed.');
}
