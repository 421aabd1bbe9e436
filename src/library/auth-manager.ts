/**
 * Sign-in and access tokens under the names that codewhisperer-openai-proxy uses. Accounts, registrations and tokens
 * are dragoman's: stored encrypted, refreshed before they expire, with one refresh at a time across processes.
 */
import { isRefreshable } from '../accounts/credentials.ts';
import type { Account } from '../accounts/ports.ts';
import type { FreshAccount } from '../accounts/refresh.ts';
import { type Composed, composeGateway } from '../compose.ts';
import { loadSettings, type Settings } from '../config.ts';
import { type Log, SILENT } from '../core/log.ts';
import { isoTime } from '../core/times.ts';
import { systemClock } from '../transport/clock.ts';

/** An access token of a stored account. The refresh token stays encrypted in the store. */
export interface BuilderIdToken {
  readonly access_token: string;
  /** ISO 8601, UTC. */
  readonly expires_at: string;
  readonly region: string;
  readonly start_url: string;
  /** The dragoman account of the token. */
  readonly account_id: string;
}

/** RFC 8628, section 3.2. `device_code` names the sign-in here; the service's own code stays in the store. */
export interface DeviceAuthorization {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  /** Seconds. */
  readonly expires_in: number;
  /** Seconds between two calls of `pollForToken`. */
  readonly interval: number;
}

/** The person has not confirmed yet: call `pollForToken` again after `interval`. */
export class AuthorizationPendingException extends Error {
  override readonly name = 'AuthorizationPendingException';
}

export interface AuthManagerOptions {
  /** Region of the sign-in. Default: `DRAGOMAN_REGION`, or `us-east-1`. */
  readonly region?: string | undefined;
  /** Where settings come from: the variables of docs/settings.md. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Settings by name, over those of the environment. */
  readonly settings?: Partial<Settings>;
  /** Receives the page to open. Default: prints it to standard output. */
  readonly onVerification?: (authorization: Pick<DeviceAuthorization, VerificationField>) => void;
  readonly log?: Log;
}

type VerificationField = 'user_code' | 'verification_uri_complete';

export class AuthManager implements AsyncDisposable {
  readonly #options: AuthManagerOptions;
  #composed: Promise<Composed> | undefined;

  /** A string is short for `{ region }`. */
  constructor(options: string | AuthManagerOptions = {}) {
    this.#options = typeof options === 'string' ? { region: options } : options;
  }

  /** The token of the signed-in account; without one, signs in and waits for the person to confirm. */
  async authenticate(): Promise<BuilderIdToken> {
    const token = await this.getValidToken();
    if (token) return token;
    const { signIn, accounts } = await this.#open();
    const { region, onVerification = print } = this.#options;
    const pending = await signIn({ region }, NEVER);
    onVerification({ user_code: pending.userCode, verification_uri_complete: pending.verificationUrl });
    const { id } = await pending.wait(NEVER);
    return toToken(await accounts.fresh(id));
  }

  /** Refreshed if it expires soon. null: no account is signed in at AWS. Rejects with GatewayError. */
  async getValidToken(): Promise<BuilderIdToken | null> {
    const { accounts } = await this.#open();
    const account = accounts.list().findLast(isUsable);
    return account ? toToken(await accounts.fresh(account.id)) : null;
  }

  /** Gets a new access token for the account, even if the current one is valid. Rejects with GatewayError. */
  async refreshToken(token: Pick<BuilderIdToken, 'account_id'>): Promise<BuilderIdToken> {
    const { accounts } = await this.#open();
    await accounts.refresh(token.account_id);
    return toToken(await accounts.fresh(token.account_id));
  }

  /** Starts a sign-in for programs that show the code themselves. It expires after five minutes. */
  async startDeviceAuthorization(): Promise<DeviceAuthorization> {
    const { signIns } = await this.#open();
    const { region } = this.#options;
    const { id, userCode, verificationUri, verificationUrl, expiresAtMs, intervalMs } = await signIns.start({ region });
    return {
      device_code: id,
      user_code: userCode,
      verification_uri: verificationUri,
      verification_uri_complete: verificationUrl,
      expires_in: Math.max(0, Math.ceil((expiresAtMs - systemClock.now()) / 1000)),
      interval: Math.ceil(intervalMs / 1000),
    };
  }

  /** Rejects with AuthorizationPendingException until the person has confirmed, with GatewayError if they refuse. */
  async pollForToken(deviceCode: string): Promise<BuilderIdToken> {
    const { signIns, accounts } = await this.#open();
    const claim = await signIns.claim(deviceCode, { waitMs: 0 });
    if (claim.type === 'pending') throw new AuthorizationPendingException('The sign-in has not been confirmed yet.');
    if (claim.type === 'account') return toToken(await accounts.fresh(claim.account.id));
    // A Builder ID has no profiles to choose from; an organisation's sign-in takes the first.
    const [{ arn: profileArn }] = claim.profiles;
    await signIns.claim(deviceCode, { waitMs: 0, profileArn });
    return this.pollForToken(deviceCode);
  }

  /** Finishes pending writes and closes the database. */
  async close(): Promise<void> {
    const composed = this.#composed;
    this.#composed = undefined;
    await (await composed)?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(): Promise<Composed> {
    const { env = process.env, settings, log = SILENT } = this.#options;
    this.#composed ??= composeGateway({ ...loadSettings(env).settings, ...settings }, log);
    return this.#composed;
  }
}

const NEVER = new AbortController().signal;

function isUsable({ credential, health }: Account): boolean {
  const { status } = health.state;
  const isAws = credential.kind === 'builder-id' || credential.kind === 'idc';
  return isAws && isRefreshable(credential) && status !== 'signed-out' && status !== 'disabled';
}

function toToken({ id, credential, accessToken }: FreshAccount): BuilderIdToken {
  return {
    access_token: accessToken.value,
    expires_at: isoTime(accessToken.expiresAtMs),
    region: credential.region,
    start_url: ('startUrl' in credential && credential.startUrl) || 'https://view.awsapps.com/start',
    account_id: id,
  };
}

function print({ user_code, verification_uri_complete }: Pick<DeviceAuthorization, VerificationField>): void {
  process.stdout.write(`Open ${verification_uri_complete}\nand confirm the code ${user_code}\n`);
}
