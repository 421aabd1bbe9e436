/**
 * The profile of an account which turns out to need one: asked of the service, and stored when there is only one. Among
 * several nobody but its owner can choose.
 */
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { ConnectionPatch } from './connection.ts';
import { hasFixedToken, isRefreshable, profileArnOf } from './credentials.ts';
import type { Account } from './ports.ts';
import type { Profile } from './sign-in/adopt.ts';

/** What was none or several a moment ago still is. */
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
  readonly #askedAtMs = new Map<string, number>();

  constructor(options: ProfileFinderOptions) {
    this.#options = options;
  }

  /** True when the account has a profile which it had not before: then another attempt is worth it. Never rejects. */
  async find(id: string): Promise<boolean> {
    const { accounts, clock, log } = this.#options;
    const account = accounts.list().find((candidate) => candidate.id === id);
    if (!account || !canHaveProfile(account)) return false;
    const askedAtMs = this.#askedAtMs.get(id);
    if (askedAtMs !== undefined && clock.now() - askedAtMs < PAUSE_MS) return false;
    this.#askedAtMs.set(id, clock.now());
    try {
      return await (hasFixedToken(account.credential) ? this.#findForKey(account) : this.#findFor(account));
    } catch (cause) {
      log.info({ accountId: id, why: GatewayError.from(cause).details }, 'the profile could not be found out');
      return false;
    }
  }

  async #findForKey(account: Account): Promise<boolean> {
    const { accounts, profileOfKey, log } = this.#options;
    const profileArn = await profileOfKey(account, AbortSignal.timeout(TIMEOUT_MS));
    if (profileArn === undefined) return false;
    await accounts.learn(account.id, { profileArn });
    log.info({ accountId: account.id }, 'the profile of the API key was found out');
    return true;
  }

  async #findFor(account: Account): Promise<boolean> {
    const { accounts, listProfiles, log } = this.#options;
    const [profile, ...others] = await listProfiles(account, AbortSignal.timeout(TIMEOUT_MS));
    if (!profile) return false;
    if (others.length > 0) {
      const names = [profile, ...others].map(({ arn, name }) => `${name} ${arn}`);
      const message = 'there are several profiles: choose one with `dragoman accounts set ID --profile-arn ARN`';
      log.warn({ accountId: account.id, names }, message);
      return false;
    }
    await accounts.patch(account.id, { profileArn: profile.arn });
    log.info({ accountId: account.id, name: profile.name }, 'the profile was found out');
    return true;
  }
}

/** And has none yet. */
function canHaveProfile({ credential, learned }: Account): boolean {
  if (hasFixedToken(credential)) return learned.profileArn === undefined;
  return isRefreshable(credential) && profileArnOf(credential) === undefined;
}
