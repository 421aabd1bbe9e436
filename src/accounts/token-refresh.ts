/**
 * One exchange of a refresh token for an access token, alone over all processes and replicas: what it brings is stored
 * before anybody uses it, so that whoever is killed afterwards has lost nothing.
 */
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { tokenExpiry } from '../core/times.ts';
import { consumedAfter } from './consumed-tokens.ts';
import { isRefreshable } from './credentials.ts';
import { type OpenFile, type RefreshableSecrets, readLinked, writeLinked } from './linked-file.ts';
import type { Account, AccountStore, NewTokens, Secrets, TokenEndpoints } from './ports.ts';

/** A program which shares the credential may be faster several times in a row; each time there is a token to try. */
const MAX_ATTEMPTS = 5;
/** Who spent the refresh token may still be about to store its successor. */
const LOOKS_FOR_A_WINNER = 3;
const PAUSE_BETWEEN_LOOKS_MS = 400;
/** A database in trouble may come back: so long is tried to store what could not be. */
const LINGER_MS = 600_000;
const LINGER_PAUSE_MS = 250;

/** Why a new access token is wanted: the present one is refused, or has no more than `earlyMs` left. */
export interface Need {
  readonly refused: string | undefined;
  readonly earlyMs: number;
}

/** Where exchanges are made: here, or in a process of their own. */
export interface TokenRefresher {
  /**
   * Afterwards the store holds an access token which meets the need, made now or by somebody faster. Throws
   * `credential_rejected` when only signing in again helps, `storage_unavailable` when the new token could not be
   * stored, `no_account` when it is gone, or what the token endpoint's trouble was.
   */
  make(accountId: string, need: Need): Promise<void>;
}

export interface TokenRefreshOptions {
  readonly store: AccountStore;
  readonly tokens: TokenEndpoints;
  readonly clock: Clock;
  readonly log: Log;
  readonly openFile: OpenFile;
  /** Told when there begins to be something unsaved, and when nothing is left. */
  readonly onUnsaved?: (isUnsaved: boolean) => void;
}

interface RefreshResult {
  readonly account: Account;
  readonly secrets: Secrets;
}

export class TokenRefresh implements TokenRefresher {
  readonly #options: TokenRefreshOptions;
  /** Issued by the endpoint but not yet stored: the old refresh token may be consumed, so these must not be lost. */
  readonly #unsaved = new Map<string, RefreshResult>();
  readonly #lingering = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: TokenRefreshOptions) {
    this.#options = options;
  }

  /**
   * What could not be stored keeps the account's lock after this has told so: whoever else had the account meanwhile
   * would present the spent refresh token, and the sign-in would be lost.
   */
  async make(accountId: string, need: Need): Promise<void> {
    // Who holds the lock here is waiting for the same.
    const unsaved = this.#unsaved.get(accountId);
    if (unsaved) await this.#save(unsaved);
    const told = Promise.withResolvers<void>();
    const lingering = this.#options.store
      .exclusively(accountId, async () => {
        try {
          await this.#makeAlone(accountId, need);
        } catch (cause) {
          told.reject(cause);
          await this.#saveInTheEnd(accountId);
        }
      })
      .then(told.resolve, told.reject)
      .finally(() => this.#lingering.delete(lingering));
    this.#lingering.add(lingering);
    return told.promise;
  }

  /** Resolves when what was made is stored, or could not be for ten minutes. */
  async settled(): Promise<void> {
    await Promise.all(this.#lingering);
  }

  /** One last attempt; nothing lingers afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([...this.#unsaved.values()].map((made) => this.#save(made)));
  }

  async #saveInTheEnd(accountId: string): Promise<void> {
    const { clock } = this.#options;
    const deadlineMs = clock.now() + LINGER_MS;
    for (;;) {
      const unsaved = this.#unsaved.get(accountId);
      if (!unsaved || this.#isClosed || clock.now() > deadlineMs) return;
      await clock.sleep(LINGER_PAUSE_MS);
      await this.#save(unsaved).catch(() => {});
    }
  }

  async #makeAlone(accountId: string, need: Need): Promise<void> {
    // After ten minutes of trouble.
    const unsaved = this.#unsaved.get(accountId);
    if (unsaved) await this.#save(unsaved);
    const account = await this.#options.store.find(accountId);
    if (!account) throw removed();
    // Another process may have been faster, or the program whose file this is.
    if (this.#meets(account, need)) return;
    const linked = await readLinked(account, this.#options.openFile);
    if (linked && this.#meets(linked, need)) return this.#save({ account, secrets: adopted(account, linked) });
    // Of file and store, the file is its owner's last word.
    const credential = linked?.credential ?? account.credential;
    if (!isRefreshable(credential)) throw new GatewayError('internal', 'This kind of account has nothing to refresh.');
    await this.#ask(account, { credential, accessToken: undefined }, need);
  }

  async #ask(account: Account, first: RefreshableSecrets, need: Need): Promise<void> {
    let presented = first;
    for (let attempt = 1; ; attempt++) {
      let made: NewTokens;
      try {
        made = await this.#options.tokens.refresh(presented.credential, account.proxy);
      } catch (cause) {
        const error = GatewayError.from(cause);
        if (error.code !== 'credential_rejected' || attempt === MAX_ATTEMPTS) throw error;
        const theirs = await this.#lookForWinner(account, presented);
        if (!theirs) throw error;
        if (this.#meets(theirs, need)) return this.#save({ account, secrets: adopted(account, theirs) });
        presented = theirs;
        continue;
      }
      return this.#keep(account, presented, made);
    }
  }

  async #keep(account: Account, presented: RefreshableSecrets, made: NewTokens): Promise<void> {
    const next = { account, secrets: secretsFrom(account, presented, made, this.#options.clock.now()) };
    this.#unsaved.set(account.id, next);
    if (this.#unsaved.size === 1) this.#options.onUnsaved?.(true);
    this.#options.log.info({ accountId: account.id, expiresInS: made.expiresInS }, 'a new access token was made');
    await this.#save(next);
  }

  /** A refresh token spent by somebody else looks like a dead one: look once more before believing it. */
  async #lookForWinner(account: Account, presented: RefreshableSecrets): Promise<RefreshableSecrets | undefined> {
    const { store, clock, openFile } = this.#options;
    const dead = presented.credential.refreshToken;
    for (let look = 1; ; look++) {
      const stored = await store.find(account.id);
      const found = [await readLinked(account, openFile), stored?.version === account.version ? undefined : stored];
      for (const theirs of found) {
        if (!theirs || !isRefreshable(theirs.credential) || theirs.credential.refreshToken === dead) continue;
        return { credential: theirs.credential, accessToken: theirs.accessToken };
      }
      if (look === LOOKS_FOR_A_WINNER) return undefined;
      await clock.sleep(PAUSE_BETWEEN_LOOKS_MS);
    }
  }

  /** A row which changed meanwhile was signed in anew, so it stays; the caller reads what is there. */
  async #save(made: RefreshResult): Promise<void> {
    const { account, secrets } = made;
    const { store, clock, onUnsaved } = this.#options;
    const saved = await store.saveSecrets(account, secrets, clock.now());
    // Two may have tried to store the same; and one which was adopted from elsewhere never was unsaved.
    if (this.#unsaved.get(account.id) === made && this.#unsaved.delete(account.id) && this.#unsaved.size === 0)
      onUnsaved?.(false);
    if (saved) await this.#writeBack(saved);
  }

  async #writeBack(account: Account): Promise<void> {
    const { openFile, log } = this.#options;
    try {
      const outcome = await writeLinked(account, openFile);
      if (outcome === 'theirs-is-newer')
        log.info({ accountId: account.id }, 'its owner has signed in anew meanwhile; theirs stays as it is');
    } catch (cause) {
      const why = cause instanceof Error && 'code' in cause ? cause.code : undefined;
      const message = 'the new token could not be written back; the program it came from may have to sign in again';
      log.warn({ accountId: account.id, why }, message);
    }
  }

  #meets({ accessToken }: Pick<Secrets, 'accessToken'>, { refused, earlyMs }: Need): boolean {
    if (!accessToken || accessToken.value === refused) return false;
    return accessToken.expiresAtMs - this.#options.clock.now() > earlyMs;
  }
}

/** The owner of a linked file, or another process, has been faster: theirs take the place of ours. */
function adopted(account: Account, theirs: RefreshableSecrets): Secrets {
  const { credential, accessToken } = theirs;
  return { credential, accessToken, spent: consumedAfter(account, account.credential, credential) };
}

function secretsFrom(account: Account, presented: RefreshableSecrets, made: NewTokens, nowMs: number): Secrets {
  const { accessToken, expiresInS, refreshToken, profileArn } = made;
  const credential = {
    ...presented.credential,
    refreshToken: refreshToken ?? presented.credential.refreshToken,
    // What the operator or a profile choice set is never overruled by the endpoint.
    profileArn: presented.credential.profileArn ?? profileArn,
  };
  return {
    credential,
    accessToken: { value: accessToken, expiresAtMs: tokenExpiry(expiresInS, nowMs) },
    spent: consumedAfter(account, presented.credential, credential),
  };
}

export function removed(): GatewayError {
  return new GatewayError('no_account', 'The account was removed while its access token was made anew.');
}
