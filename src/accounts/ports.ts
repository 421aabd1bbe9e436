/** What the accounts need from storage and transport. */
import type { AccessToken, Credential, RefreshableCredential } from './credentials.ts';
import type { Health } from './health.ts';
import type { AccountOptions } from './options.ts';

/** Where an account came from decides who owns its credential. */
type AccountSource =
  | { readonly type: 'sign-in' }
  /** Used only in runs whose environment names it. */
  | { readonly type: 'environment' }
  /** The Kiro IDE's file: read again before each refresh, written back after it. */
  | { readonly type: 'kiro-file'; readonly path: string };

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
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface NewAccount
  extends Pick<Account, 'id' | 'label' | 'source' | 'credential' | 'accessToken' | 'health' | 'spent'> {
  /** Absent: those of the account it replaces, or the defaults. */
  readonly options?: AccountOptions;
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
}

/** A client registration is good for about 90 days and for every sign-in at the same start URL meanwhile. */
export interface ClientRegistration {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly expiresAtMs: number;
}

export interface RegistrationStore {
  find(region: string, startUrl: string): Promise<ClientRegistration | undefined>;
  put(region: string, startUrl: string, registration: ClientRegistration, nowMs: number): Promise<void>;
}

export interface NewTokens {
  readonly accessToken: string;
  readonly expiresInS: number;
  /** Absent: the old one stays good. */
  readonly refreshToken: string | undefined;
  readonly profileArn: string | undefined;
}

/**
 * The token endpoints. Failures are GatewayErrors: `credential_rejected` when the credential is dead,
 * `upstream_throttled`, `upstream_broken` or `upstream_timeout` when the endpoint is in trouble.
 */
export interface TokenEndpoints {
  refresh(credential: RefreshableCredential): Promise<NewTokens>;
  registerClient(region: string, startUrl: string, signal: AbortSignal): Promise<ClientRegistration>;
  startDevice(
    region: string,
    startUrl: string,
    client: ClientRegistration,
    signal: AbortSignal,
  ): Promise<DeviceAuthorization>;
  pollDevice(region: string, client: ClientRegistration, deviceCode: string, signal: AbortSignal): Promise<DevicePoll>;
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
  | { readonly type: 'signed-in'; readonly tokens: NewTokens & { readonly refreshToken: string } };

/** A credential file of another program. */
export interface CredentialFile {
  /** undefined: no file, or nothing usable in it. */
  read(): Promise<Secrets | undefined>;
  /** In the file's own format, atomically, its mode kept; everything else in it stays. */
  write(credential: RefreshableCredential, accessToken: AccessToken): Promise<void>;
}
