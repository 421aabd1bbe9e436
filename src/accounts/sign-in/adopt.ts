/**
 * Turns a finished sign-in into an account: chooses its profile and label, and decides whether it replaces a signed-out
 * account. A replacement covers the whole credential, because refresh token, client, region and profile belong together.
 */
import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { type Credential, defaultLabel, hasProfiles, isRefreshable } from '../credentials.ts';
import { DISABLED_ACCOUNT, NEW_ACCOUNT } from '../health.ts';
import type { Account, NewAccount, Secrets } from '../ports.ts';
import type { SignInRequest } from './place.ts';

/** A profile that the service lists. An organisation may have several, in one region or in different ones. */
export interface Profile {
  readonly arn: string;
  readonly name: string;
}

export type AdoptionResult =
  | { readonly type: 'account'; readonly account: Account }
  /** The account has several profiles; nothing is stored yet. */
  | { readonly type: 'choose-profile'; readonly profiles: readonly [Profile, Profile, ...Profile[]] };

export interface AdoptionOptions {
  readonly accounts: { list(): readonly Account[]; add(account: NewAccount): Promise<Account> };
  /** Rejects with the service's error. */
  listProfiles(secrets: Secrets, proxy: string | undefined, signal: AbortSignal): Promise<readonly Profile[]>;
  readonly log: Log;
}

export class Adoption {
  readonly #options: AdoptionOptions;

  constructor(options: AdoptionOptions) {
    this.#options = options;
  }

  /** Throws `not_found` if the request replaces an account that does not exist. */
  checkReplaced({ accountId }: SignInRequest): void {
    if (accountId !== undefined) this.#existing(accountId);
  }

  find(id: string): Account {
    return this.#existing(id);
  }

  /** Throws `invalid_request` if the service does not list the requested profile. */
  async adopt(secrets: Secrets, request: SignInRequest, signal: AbortSignal): Promise<AdoptionResult> {
    const profiles = await this.#profilesOf(secrets, request, signal);
    const [profile, second, ...more] = profiles;
    if (profile && second) return { type: 'choose-profile', profiles: [profile, second, ...more] };
    const credential = profile ? withProfile(secrets.credential, profile.arn) : secrets.credential;
    return { type: 'account', account: await this.#add({ ...secrets, credential }, request) };
  }

  /** Empty: the credential needs no profile, or the list failed. Several: the person must choose one. */
  async #profilesOf(
    { credential, accessToken }: Secrets,
    { profileArn, proxy }: SignInRequest,
    signal: AbortSignal,
  ): Promise<readonly Profile[]> {
    const { listProfiles, log } = this.#options;
    if (!hasProfiles(credential)) return profileFromArn(profileArn);
    if (!accessToken) return profileFromArn(profileArn);
    let profiles: readonly Profile[];
    try {
      profiles = await listProfiles({ credential, accessToken }, proxy, signal);
    } catch (cause) {
      // The person has signed in; a failed list must not discard that.
      const why = GatewayError.from(cause).details;
      if (profileArn === undefined)
        log.warn({ why }, 'could not list the profiles of the account; set its profile ARN by hand');
      return profileFromArn(profileArn);
    }
    if (profileArn !== undefined && profiles.length > 0) return [listedProfile(profiles, profileArn)];
    if (profileArn !== undefined) return profileFromArn(profileArn);
    if (profiles.length === 0)
      log.warn(
        {},
        'the organisation has not assigned a profile to this account; if requests are refused, ask its administrator',
      );
    return profiles;
  }

  async #add(secrets: Secrets, { accountId, label, enabled, proxy }: SignInRequest): Promise<Account> {
    const { accounts } = this.#options;
    const replaced = accountId === undefined ? this.#signedOutMatch(secrets.credential) : this.#existing(accountId);
    const { kind } = secrets.credential;
    return accounts.add({
      id: replaced?.id ?? `${kind === 'social' ? 'kiro' : 'aws'}-${randomUUID().slice(0, 13)}`,
      label: label ?? replaced?.label ?? defaultLabel(secrets.credential),
      source: { type: 'sign-in' },
      health: enabled === false ? DISABLED_ACCOUNT : NEW_ACCOUNT,
      credential: secrets.credential,
      accessToken: secrets.accessToken,
      ...(proxy === undefined ? {} : { proxy }),
    });
  }

  /** The only signed-out account with the same kind and start URL; undefined if several match. */
  #signedOutMatch(fresh: Credential): Account | undefined {
    const matches = this.#options.accounts.list().filter(({ source, health, credential }) => {
      if (source.type !== 'sign-in' || health.state.status !== 'signed-out') return false;
      return credential.kind === fresh.kind && startUrlOf(credential) === startUrlOf(fresh);
    });
    return matches.length === 1 ? matches[0] : undefined;
  }

  #existing(id: string): Account {
    const account = this.#options.accounts.list().find((candidate) => candidate.id === id);
    if (!account)
      throw new GatewayError('not_found', `There is no account ${id}. List accounts with "dragoman accounts".`);
    if (account.source.type === 'sign-in') return account;
    const message = `The account ${id} is managed by another program or by the environment. Sign in there.`;
    throw new GatewayError('invalid_request', message, { param: 'account_id' });
  }
}

function profileFromArn(profileArn: string | undefined): readonly Profile[] {
  return profileArn === undefined ? [] : [{ arn: profileArn, name: profileArn }];
}

/** Only a profile that the service lists for this person, never another organisation's. */
function listedProfile(profiles: readonly Profile[], arn: string): Profile {
  const profile = profiles.find((candidate) => candidate.arn === arn);
  if (profile) return profile;
  const available = profiles.map((known) => `${known.arn} (${known.name})`).join(', ') || 'none';
  const message = `This account does not have the profile ${arn}. Use one of: ${available}.`;
  throw new GatewayError('invalid_request', message, { param: 'profile_arn' });
}

function withProfile(credential: Credential, profileArn: string): Credential {
  return isRefreshable(credential) ? { ...credential, profileArn } : credential;
}

function startUrlOf(credential: Credential): string | undefined {
  return 'startUrl' in credential ? credential.startUrl : undefined;
}
