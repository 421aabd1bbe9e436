/** The interfaces of storage and transport that the accounts need. */
import type { LearnedReadings, LearnedWireProfile, RuleReadings } from '../core/learned-facts.ts';
import type { AccessToken, Credential, IamCredential, RefreshableCredential } from './credentials.ts';
import type { Health } from './health.ts';
import type { AccountOptions } from './options.ts';
import type { AccountSource } from './sources.ts';

export interface Account {
  readonly id: string;
  readonly label: string;
  readonly source: AccountSource;
  readonly credential: Credential;
  /** The latest one, which may have expired. */
  readonly accessToken: AccessToken | undefined;
  /** Fingerprints of consumed refresh tokens, oldest first. Presenting one of these again is useless. */
  readonly consumedTokens?: readonly string[];
  /** Grows whenever the credential or the access token is written. */
  readonly version: number;
  readonly health: Health;
  readonly options: AccountOptions;
  readonly learned: LearnedFacts;
  /** The proxy for all its requests: a URL, or `direct`; undefined: that of the settings. May contain a password. */
  readonly proxy?: string | undefined;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface LastRefresh {
  readonly atMs: number;
  readonly succeeded: boolean;
}

/** Facts observed about an account. Stored, and kept when the account signs in again. */
export interface LearnedFacts {
  /** Wire profiles under which the service ends a reply with closing events. Absent: none so far. */
  readonly closingEvents?: readonly string[];
  readonly wireProfile?: LearnedWireProfile;
  /** How the service reads the rules on which the sources contradict each other, by wire profile. */
  readonly readings?: Readonly<Record<string, LearnedReadings>>;
  /** ARN of the profile of an API key, as the service reports it. */
  readonly profileArn?: string;
  /** The last attempt to get a new access token. Absent: there was none. */
  readonly lastRefresh?: LastRefresh;
}

/** What the owner of an account decides about it, apart from how it reaches the service. */
export type OwnersChoice = Pick<Account, 'label' | 'options'>;

/** An account in the trash. */
export interface DiscardedAccount extends Pick<Account, 'id' | 'label'> {
  readonly kind: Credential['kind'];
  readonly discardedAtMs: number;
}

export interface NewAccount
  extends Pick<Account, 'id' | 'label' | 'source' | 'credential' | 'accessToken' | 'health' | 'consumedTokens'> {
  /** Absent: those of the account it replaces, or the defaults. */
  readonly options?: AccountOptions;
  /** Absent: that of the account it replaces, or none. */
  readonly proxy?: string | undefined;
}

export interface Secrets {
  readonly credential: Credential;
  readonly accessToken: AccessToken | undefined;
  /** Like `Account.consumedTokens`. */
  readonly consumedTokens?: readonly string[];
}

/** Every method may throw `storage_unavailable`. */
export interface AccountStore {
  list(): Promise<readonly Account[]>;
  find(id: string): Promise<Account | undefined>;
  /** Replaces an account of the same id, its health included. */
  put(account: NewAccount, nowMs: number): Promise<Account>;
  /** Saves only if the row still has `account`'s version; undefined: another process was faster, so read its tokens. */
  saveSecrets(account: Account, secrets: Secrets, nowMs: number): Promise<Account | undefined>;
  /** `change` may be called again if another write came first. Returns undefined if there is no such account. */
  changeHealth(id: string, change: (stored: Health) => Health, nowMs: number): Promise<Health | undefined>;
  /** Adds the wire profile and returns all stored facts; undefined if the account is unknown. */
  addClosingEvents(id: string, wireProfile: string, nowMs: number): Promise<LearnedFacts | undefined>;
  /** Replaces these facts and returns all stored ones; undefined if the account is unknown. */
  saveLearned(
    id: string,
    facts: Omit<LearnedFacts, 'closingEvents' | 'readings'>,
    nowMs: number,
  ): Promise<LearnedFacts | undefined>;
  /** Adds the readings to those of the wire profile, and returns all stored facts; undefined if the account is unknown. */
  saveReadings(
    id: string,
    wireProfile: string,
    readings: RuleReadings,
    nowMs: number,
  ): Promise<LearnedFacts | undefined>;
  /** Removes all facts except the last refresh, and returns what is left; undefined if the account is unknown. */
  forgetLearned(id: string, nowMs: number): Promise<LearnedFacts | undefined>;
  /** Returns undefined if there is no such account. `proxy` undefined: removes the account's own proxy. */
  saveProxy(id: string, proxy: string | undefined, nowMs: number): Promise<Account | undefined>;
  /** `change` may be called again if another write came first. Returns undefined if there is no such account. */
  changeOptions(id: string, change: (known: OwnersChoice) => OwnersChoice, nowMs: number): Promise<Account | undefined>;
  /** Deletes it and its credential for good, also from the trash. Returns false if there is no such account. */
  remove(id: string): Promise<boolean>;
  /** Moves it to the trash: only the methods below know it then. Returns false if there is no such account. */
  discard(id: string, nowMs: number): Promise<boolean>;
  /** Takes it out of the trash. Returns undefined unless it was moved there at `sinceMs` or later. */
  restore(id: string, sinceMs: number, nowMs: number): Promise<Account | undefined>;
  /** The trash, newest first: what was moved there at `sinceMs` or later. */
  listDiscarded(sinceMs: number): Promise<readonly DiscardedAccount[]>;
  /** Deletes for good what was moved to the trash before `beforeMs`. */
  purgeDiscarded(beforeMs: number): Promise<void>;
  /**
   * Runs `work` under a lock of the account, shared by all processes and replicas; the lock of a dead process is released
   * at once. Must not be nested. Also throws what `work` throws.
   */
  exclusively<T>(id: string, work: () => Promise<T>): Promise<T>;
  /** Changes when another process has written. Cheap enough to read before each request. */
  changeMark(): number;
  /** Like `changeMark`, but up to date: queries the server. NaN while changes cannot be detected. */
  latestChangeMark(): Promise<number>;
}

/** A client registration is valid for about 90 days and for all sign-ins at the same start URL. */
export interface ClientRegistration {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly expiresAtMs: number;
}

/** The flow for which a client is registered: a code entered on another device, or a browser redirect to this machine. */
export type SignInFlow = 'device' | 'browser';

/** One registration per region, start URL and flow (default: `device`). */
export interface RegistrationStore {
  find(region: string, startUrl: string, flow?: SignInFlow): Promise<ClientRegistration | undefined>;
  put(
    region: string,
    startUrl: string,
    registration: ClientRegistration,
    nowMs: number,
    flow?: SignInFlow,
  ): Promise<void>;
}

export interface NewTokens {
  readonly accessToken: string;
  readonly expiresInS: number;
  /** undefined: the old one stays valid. */
  readonly refreshToken: string | undefined;
  readonly profileArn: string | undefined;
}

/** The tokens from a sign-in. The lifetime is undefined if the service does not report it. */
export interface SignedInTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInS: number | undefined;
  readonly profileArn: string | undefined;
}

/**
 * The token endpoints, reached through the proxy of the account (`direct`, a URL, or undefined: that of the settings).
 * Failures are GatewayErrors: `credential_rejected` if the credential is rejected; `upstream_throttled`,
 * `upstream_broken` or `upstream_timeout` if the endpoint fails.
 */
export interface TokenEndpoints {
  refresh(credential: RefreshableCredential, proxy?: string): Promise<NewTokens>;
  signIn(proxy: string | undefined): SignInEndpoints;
}

/**
 * Keys for accounts that sign their requests. Both methods reject with `credential_unavailable` if there are no keys.
 * `proxy`: as in TokenEndpoints.
 */
export interface SigningKeys {
  /** The id of the current keys (not a secret) and their expiry. `refused`: the id of keys that must be replaced. */
  present(credential: IamCredential, refused: string | undefined, proxy: string | undefined): Promise<AccessToken>;
  signer(credential: IamCredential, proxy: string | undefined): SignRequest;
}

/** Returns the headers to send: those of the request, and the signature. */
export type SignRequest = (request: SignableRequest) => Promise<Readonly<Record<string, string>>>;

/** The shape of an upstream's request. */
export interface SignableRequest {
  readonly method: string;
  readonly url: string;
  readonly region?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
}

/** The endpoints used before there is an account. Failures are as in TokenEndpoints. */
export interface SignInEndpoints {
  registerClient(region: string, startUrl: string, flow: SignInFlow, signal: AbortSignal): Promise<ClientRegistration>;
  startDevice(
    region: string,
    startUrl: string,
    client: ClientRegistration,
    signal: AbortSignal,
  ): Promise<DeviceAuthorization>;
  pollDevice(region: string, client: ClientRegistration, deviceCode: string, signal: AbortSignal): Promise<DevicePoll>;
  startSocialDevice(provider: 'google' | 'github', signal: AbortSignal): Promise<DeviceAuthorization>;
  pollSocialDevice(deviceCode: string, signal: AbortSignal): Promise<DevicePoll>;
  /** The URL at AWS that the browser opens. It redirects to `redirectUri` with a code and `state`. */
  authorizeUrl(region: string, clientId: string, redirectUri: string, challenge: string, state: string): string;
  redeemCode(
    region: string,
    client: ClientRegistration,
    code: BrowserCode,
    signal: AbortSignal,
  ): Promise<SignedInTokens>;
  /** Like `authorizeUrl`, at Kiro. */
  socialSignInUrl(redirectUri: string, challenge: string, state: string): string;
  redeemSocialCode(code: BrowserCode, signal: AbortSignal): Promise<SignedInTokens>;
}

/** The code from a browser redirect, and the PKCE verifier (RFC 7636) of the sign-in. */
export interface BrowserCode {
  readonly code: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
}

export interface DeviceAuthorization {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUrl: string;
  /** Includes the user code. */
  readonly verificationUrlComplete: string | undefined;
  readonly expiresInS: number;
  readonly intervalS: number | undefined;
}

export type DevicePoll =
  | { readonly type: 'pending' }
  | { readonly type: 'slow-down' }
  | { readonly type: 'expired' }
  | { readonly type: 'denied' }
  /** The registration is unknown or has expired. */
  | { readonly type: 'client-rejected' }
  | { readonly type: 'signed-in'; readonly tokens: SignedInTokens };

/** The place where another program stores a credential: a file, or a row in a database. */
export interface CredentialFile {
  /** undefined: there is nothing, or nothing usable. */
  read(): Promise<Secrets | undefined>;
  /**
   * Writes atomically in the program's own format and leaves everything else unchanged. Replaces only a credential that
   * `mayReplace` accepts at that moment. Throws errors of the file system or the database.
   */
  write(
    credential: RefreshableCredential,
    accessToken: AccessToken,
    mayReplace: (present: Credential) => boolean,
  ): Promise<WriteOutcome>;
}

/** `theirs-is-newer`: `mayReplace` did not accept the credential, which is unchanged; `gone`: nothing usable is left. */
export type WriteOutcome = 'written' | 'theirs-is-newer' | 'gone';
