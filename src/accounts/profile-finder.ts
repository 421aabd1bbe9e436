/**
 * Finds the profile of an account that turns out to need one, and stores it if there is only one. Among several, only the
 * account's owner can choose.
 */
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ConnectionPatch } from './connection.ts';
import { hasFixedToken, isRefreshable, profileArnOf } from './credentials.ts';
import type { Account } from './ports.ts';
import type { Profile } from './sign-in/adopt.ts';

/** Pause between lookups for an account, because the result seldom changes. */
const PAUSE_MS = 10 * 60_000;
const TIMEOUT_MS = 20_000;

export interface ProfileFinderOptions {
  readonly accounts: {
    list(): readonly Account[];
    patch(id: string, patch: ConnectionPatch): Promise<Account>;
    learn(id: string, facts: { readonly profileArn: string }): Promise<void>;
  };
  listProfiles(account: Account, signal: AbortSignal): Promise<readonly Profile[]>;
  /** The ARN of the profile that an API key belongs to. */
  profileOfKey(account: Account, signal: AbortSignal): Promise<string | undefined>;
  readonly clock: Clock;
  readonly log: Log;
}

export class ProfileFinder {
  readonly #options: ProfileFinderOptions;
  readonly #lookedUpAtMs = new Map<string, number>();

  constructor(options: ProfileFinderOptions) {
    this.#options = options;
  }

  /** True if the account has got a profile, so that another attempt may succeed. Never rejects. */
  async find(id: string): Promise<boolean> {
    const { accounts, clock, log } = this.#options;
    const account = accounts.list().find((candidate) => candidate.id === id);
    if (!account || !canHaveProfile(account)) return false;
    const lookedUpAtMs = this.#lookedUpAtMs.get(id);
    if (lookedUpAtMs !== undefined && clock.now() - lookedUpAtMs < PAUSE_MS) return false;
    this.#lookedUpAtMs.set(id, clock.now());
    try {
      return await (hasFixedToken(account.credential) ? this.#findForKey(account) : this.#findFor(account));
    } catch (cause) {
      log.info({ accountId: id, why: GatewayError.from(cause).details }, 'could not find the profile');
      return false;
    }
  }

  async #findForKey(account: Account): Promise<boolean> {
    const { accounts, profileOfKey, log } = this.#options;
    const profileArn = await profileOfKey(account, AbortSignal.timeout(TIMEOUT_MS));
    if (profileArn === undefined) return false;
    await accounts.learn(account.id, { profileArn });
    log.info({ accountId: account.id }, 'found the profile of the API key');
    return true;
  }

  async #findFor(account: Account): Promise<boolean> {
    const { accounts, listProfiles, log } = this.#options;
    const [profile, ...others] = await listProfiles(account, AbortSignal.timeout(TIMEOUT_MS));
    if (!profile) return false;
    if (others.length > 0) {
      const names = [profile, ...others].map(({ arn, name }) => `${name} ${arn}`);
      const message = 'the account has several profiles; choose one with `dragoman accounts set ID --profile-arn ARN`';
      log.warn({ accountId: account.id, names }, message);
      return false;
    }
    await accounts.patch(account.id, { profileArn: profile.arn });
    log.info({ accountId: account.id, name: profile.name }, 'found the profile');
    return true;
  }
}

/** True if the kind of account can have a profile and none is known yet. */
function canHaveProfile({ credential, learned }: Account): boolean {
  if (hasFixedToken(credential)) return learned.profileArn === undefined;
  return isRefreshable(credential) && profileArnOf(credential) === undefined;
}
