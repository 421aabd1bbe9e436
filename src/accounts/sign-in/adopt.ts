/**
 * From a finished sign-in to an account: under which profile it works, what it is called, and whether it takes the
 * place of an account which was signed out. Whatever is replaced is replaced whole: refresh token, client, region and
 * profile belong together.
 */
import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { type Credential, defaultLabel, hasProfiles, isRefreshable } from '../credentials.ts';
import { DISABLED_ACCOUNT, NEW_ACCOUNT } from '../health.ts';
import type { Account, NewAccount, Secrets } from '../ports.ts';
import type { SignInRequest } from './place.ts';

/** Of the service's list: an organisation may have several, for one or for different regions. */
export interface Profile {
  readonly arn: string;
  readonly name: string;
}

export type Adopted =
  | { readonly type: 'account'; readonly account: Account }
  /** Nothing is stored yet. */
  | { readonly type: 'choose-profile'; readonly profiles: readonly [Profile, Profile, ...Profile[]] };

export interface AdoptionOptions {
  readonly accounts: { list(): readonly Account[]; add(account: NewAccount): Promise<Account> };
  /** Rejects with what the service said. */
  listProfiles(secrets: Secrets, proxy: string | undefined, signal: AbortSignal): Promise<readonly Profile[]>;
  readonly log: Log;
}

export class Adoption {
  readonly #options: AdoptionOptions;

  constructor(options: AdoptionOptions) {
    this.#options = options;
  }

  /** Throws `not_found` when the request names an account to replace and there is none of that id. */
  checkReplaced({ accountId }: SignInRequest): void {
    if (accountId !== undefined) this.#existing(accountId);
  }

  find(id: string): Account {
    return this.#existing(id);
  }

  /** Throws `invalid_request` for a profile which is not among the service's. */
  async adopt(secrets: Secrets, request: SignInRequest, signal: AbortSignal): Promise<Adopted> {
    const profiles = await this.#profilesOf(secrets, request, signal);
    const [profile, second, ...more] = profiles;
    if (profile && second) return { type: 'choose-profile', profiles: [profile, second, ...more] };
    const credential = profile ? withProfile(secrets.credential, profile.arn) : secrets.credential;
    return { type: 'account', account: await this.#add({ ...secrets, credential }, request) };
  }

  /** None: it works without one, or the service could not say; one: that; several: whoever signs in must choose. */
  async #profilesOf(
    { credential, accessToken }: Secrets,
    { profileArn, proxy }: SignInRequest,
    signal: AbortSignal,
  ): Promise<readonly Profile[]> {
    const { listProfiles, log } = this.#options;
    if (!hasProfiles(credential)) return given(profileArn);
    if (!accessToken) return given(profileArn);
    let profiles: readonly Profile[];
    try {
      profiles = await listProfiles({ credential, accessToken }, proxy, signal);
    } catch (cause) {
      // The person has signed in: that is not thrown away because a list could not be had.
      const why = GatewayError.from(cause).details;
      if (profileArn === undefined) log.warn({ why }, 'the profile could not be found out; set it by hand');
      return given(profileArn);
    }
    if (profileArn !== undefined && profiles.length > 0) return [chosen(profiles, profileArn)];
    if (profileArn !== undefined) return given(profileArn);
    if (profiles.length === 0)
      log.warn({}, 'the organisation has given this account no profile; ask its administrator if requests are refused');
    return profiles;
  }

  async #add(secrets: Secrets, { accountId, label, enabled, proxy }: SignInRequest): Promise<Account> {
    const { accounts } = this.#options;
    const before = accountId === undefined ? this.#signedOutTwin(secrets.credential) : this.#existing(accountId);
    const { kind } = secrets.credential;
    return accounts.add({
      id: before?.id ?? `${kind === 'social' ? 'kiro' : 'aws'}-${randomUUID().slice(0, 13)}`,
      label: label ?? before?.label ?? defaultLabel(secrets.credential),
      source: { type: 'sign-in' },
      health: enabled === false ? DISABLED_ACCOUNT : NEW_ACCOUNT,
      credential: secrets.credential,
      accessToken: secrets.accessToken,
      ...(proxy === undefined ? {} : { proxy }),
    });
  }

  /** The one account which was signed out at the same place; of several nobody can tell which is meant. */
  #signedOutTwin(fresh: Credential): Account | undefined {
    const twins = this.#options.accounts.list().filter(({ source, health, credential }) => {
      if (source.type !== 'sign-in' || health.state.status !== 'signed-out') return false;
      return credential.kind === fresh.kind && startUrlOf(credential) === startUrlOf(fresh);
    });
    return twins.length === 1 ? twins[0] : undefined;
  }

  #existing(id: string): Account {
    const account = this.#options.accounts.list().find((candidate) => candidate.id === id);
    if (!account) throw new GatewayError('not_found', `There is no account ${id}.`);
    if (account.source.type === 'sign-in') return account;
    const message = `The account ${id} belongs to another program or to the environment: sign in there.`;
    throw new GatewayError('invalid_request', message, { param: 'account_id' });
  }
}

function given(profileArn: string | undefined): readonly Profile[] {
  return profileArn === undefined ? [] : [{ arn: profileArn, name: profileArn }];
}

/** Never another organisation's: what the service does not list for this person is not theirs. */
function chosen(profiles: readonly Profile[], arn: string): Profile {
  const profile = profiles.find((candidate) => candidate.arn === arn);
  if (profile) return profile;
  const theirs = profiles.map((known) => `${known.arn} (${known.name})`).join(', ') || 'none';
  const message = `The profile ${arn} is not one of this account. It has: ${theirs}.`;
  throw new GatewayError('invalid_request', message, { param: 'profile_arn' });
}

function withProfile(credential: Credential, profileArn: string): Credential {
  return isRefreshable(credential) ? { ...credential, profileArn } : credential;
}

function startUrlOf(credential: Credential): string | undefined {
  return 'startUrl' in credential ? credential.startUrl : undefined;
}
