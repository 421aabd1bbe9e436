/** What the accounts need from storage and transport. */
import type { AccessToken, Credential, IamCredential, RefreshableCredential } from './credentials.ts';
import type { Health } from './health.ts';
import type { AccountOptions } from './options.ts';
import type { AccountSource } from './sources.ts';

export interface Account {
  readonly id: string;
  readonly label: string;
  readonly source: AccountSource;
  readonly credential: Credential;
  /** The last one made, perhaps out of date. */
  readonly accessToken: AccessToken | undefined;
  /** Refresh tokens which have been rotated away, by fingerprint, the last one last: presenting one again is useless. */
  readonly spent?: readonly string[];
  /** Grows whenever the credential or the access token is written. */
  readonly version: number;
  readonly health: Health;
  readonly options: AccountOptions;
  readonly learned: LearnedFacts;
  /** For everything done in its name: an address, or `direct`; undefined: what the settings say. May hold a password. */
  readonly proxy?: string | undefined;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface LastRefresh {
  readonly atMs: number;
  readonly succeeded: boolean;
}

/** What replies have shown about an account. Kept over restarts and when the account signs in again. */
export interface LearnedFacts {
  /** Wire profiles under which the service ends a reply with closing events. Absent: none so far. */
  readonly closingEvents?: readonly string[];
  /** The wire profile that worked after earlier ones were refused, and until when it is used. */
  readonly wireProfile?: { readonly id: string; readonly untilMs: number };
  /** ARN of the profile of an API key, as the service reports it. */
  readonly profileArn?: string;
  /** The last attempt to get a new access token. Absent: there was none. */
  readonly lastRefresh?: LastRefresh;
}

export interface NewAccount
  extends Pick<Account, 'id' | 'label' | 'source' | 'credential' | 'accessToken' | 'health' | 'spent'> {
  /** Absent: those of the account it replaces, or the defaults. */
  readonly options?: AccountOptions;
  /** Absent: that of the account it replaces, or none. */
  readonly proxy?: string | undefined;
}

export interface Secrets {
  readonly credential: Credential;
  readonly accessToken: AccessToken | undefined;
  /** As in Account. */
  readonly spent?: readonly string[];
}

/** Every method may throw `storage_unavailable`. */
export interface AccountStore {
  list(): Promise<readonly Account[]>;
  find(id: string): Promise<Account | undefined>;
  /** Replaces an account of the same id, its health included. */
  put(account: NewAccount, nowMs: number): Promise<Account>;
  /** Only if the row still has `account`'s version; undefined: somebody was faster, read again and use theirs. */
  saveSecrets(account: Account, secrets: Secrets, nowMs: number): Promise<Account | undefined>;
  saveHealth(id: string, health: Health, nowMs: number): Promise<void>;
  /** Adds the wire profile and returns all stored facts; undefined if the account is unknown. */
  addClosingEvents(id: string, wireProfile: string, nowMs: number): Promise<LearnedFacts | undefined>;
  /** Replaces these facts and returns all stored ones; undefined if the account is unknown. */
  saveLearned(id: string, facts: Omit<LearnedFacts, 'closingEvents'>, nowMs: number): Promise<LearnedFacts | undefined>;
  /** undefined when there is none of that id. `proxy` undefined: the account has none of its own any longer. */
  saveProxy(id: string, proxy: string | undefined, nowMs: number): Promise<Account | undefined>;
  /** undefined when there is none of that id. */
  saveOptions(id: string, label: string, options: AccountOptions, nowMs: number): Promise<Account | undefined>;
  /** False when there is none of that id. */
  remove(id: string): Promise<boolean>;
  /**
   * Runs `work` while no other process or replica can do so for the same account; one that dies lets go at once. Not
   * to be nested. Also throws what `work` throws.
   */
  exclusively<T>(id: string, work: () => Promise<T>): Promise<T>;
  /** Changes when another process has written; cheap enough to ask before each request. */
  changeMark(): number;
  /** The same as of now, by asking the server; NaN while changes cannot be noticed. */
  latestChangeMark(): Promise<number>;
}

/** A client registration is good for about 90 days and for every sign-in at the same start URL meanwhile. */
export interface ClientRegistration {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly expiresAtMs: number;
}

/** What a client is registered for: a code on another screen, or a browser which comes back to this machine. */
export type SignInFlow = 'device' | 'browser';

/** One registration for each region, start URL and flow; `device` unless said. */
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
  /** Absent: the old one stays good. */
  readonly refreshToken: string | undefined;
  readonly profileArn: string | undefined;
}

/** What a sign-in brings. The lifetime is undefined where the service does not tell it. */
export interface SignedInTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInS: number | undefined;
  readonly profileArn: string | undefined;
}

/**
 * The token endpoints, through the proxy of the account (`direct`, an address, undefined: what the settings say).
 * Failures are GatewayErrors: `credential_rejected` when the credential is dead, `upstream_throttled`,
 * `upstream_broken` or `upstream_timeout` when the endpoint is in trouble.
 */
export interface TokenEndpoints {
  refresh(credential: RefreshableCredential, proxy?: string): Promise<NewTokens>;
  signIn(proxy: string | undefined): SignInEndpoints;
}

/**
 * Keys for accounts which sign their requests. Both reject with `credential_unavailable` when there are none.
 * `proxy` as in TokenEndpoints.
 */
export interface SigningKeys {
  /** The id of the present keys (no secret) and how long they serve; `refused`: an id of which others are wanted. */
  present(credential: IamCredential, refused: string | undefined, proxy: string | undefined): Promise<AccessToken>;
  signer(credential: IamCredential, proxy: string | undefined): SignRequest;
}

/** Gives the headers to send: those of the request and the signature's. */
export type SignRequest = (request: SignableRequest) => Promise<Readonly<Record<string, string>>>;

/** The shape of an upstream's request. */
export interface SignableRequest {
  readonly method: string;
  readonly url: string;
  readonly region?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** As TokenEndpoints, before there is an account. */
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
  /** The address which the person's browser opens at AWS; it comes back to `redirectUri` with a code and `state`. */
  authorizeUrl(region: string, clientId: string, redirectUri: string, challenge: string, state: string): string;
  redeemCode(
    region: string,
    client: ClientRegistration,
    code: BrowserCode,
    signal: AbortSignal,
  ): Promise<SignedInTokens>;
  /** The same at Kiro. */
  socialSignInUrl(redirectUri: string, challenge: string, state: string): string;
  redeemSocialCode(code: BrowserCode, signal: AbortSignal): Promise<SignedInTokens>;
}

/** What a browser brought back, and the proof (RFC 7636) that it was sent from here. */
export interface BrowserCode {
  readonly code: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
}

export interface DeviceAuthorization {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUrl: string;
  /** With the code already in it. */
  readonly verificationUrlComplete: string | undefined;
  readonly expiresInS: number;
  readonly intervalS: number | undefined;
}

export type DevicePoll =
  | { readonly type: 'pending' }
  | { readonly type: 'slow-down' }
  | { readonly type: 'expired' }
  | { readonly type: 'denied' }
  /** The registration is unknown or out of date. */
  | { readonly type: 'client-rejected' }
  | { readonly type: 'signed-in'; readonly tokens: SignedInTokens };

/** Where another program keeps a credential: a file, or a row of a database. */
export interface CredentialFile {
  /** undefined: nothing there, or nothing usable. */
  read(): Promise<Secrets | undefined>;
  /**
   * In the program's own format and at one stroke, everything else left as it is. Only in place of a credential which
   * `mayReplace` accepts, as it is there at that moment. Throws what the file system or the database does.
   */
  write(
    credential: RefreshableCredential,
    accessToken: AccessToken,
    mayReplace: (present: Credential) => boolean,
  ): Promise<WriteOutcome>;
}

/** `theirs-is-newer`: something `mayReplace` does not accept, left as it is; `gone`: nothing usable is there any more. */
export type WriteOutcome = 'written' | 'theirs-is-newer' | 'gone';
