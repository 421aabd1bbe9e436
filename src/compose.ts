/**
 * The composition root: makes one gateway out of settings. Here alone the rooms are put together; serve, demo, tests
 * and the library differ only in what they hand in.
 */
import { randomUUID } from 'node:crypto';
import { prepareNamedAccounts } from './accounts/environment.ts';
import { NEW_ACCOUNT } from './accounts/health.ts';
import { openKiroFile } from './accounts/kiro-file.ts';
import { type AccountPatch, Pool } from './accounts/pool.ts';
import type { Account, NewAccount, Secrets, TokenEndpoints } from './accounts/ports.ts';
import { Refresher } from './accounts/refresh.ts';
import { startDeviceFlow } from './accounts/sign-in/device-flow.ts';
import type { Settings } from './config.ts';
import type { Clock } from './core/clock.ts';
import { GatewayError } from './core/errors.ts';
import type { Log } from './core/log.ts';
import { createGateway } from './gateway/gateway.ts';
import type { Gateway, MediaTools, SendUpstream } from './gateway/ports.ts';
import { listProfiles } from './gateway/profiles.ts';
import { createImageFitter } from './media/fit-image.ts';
import { createDocumentReader } from './media/read-document.ts';
import { refuseFetches, rememberFetches } from './media/remembered-fetch.ts';
import { openStore, type Store } from './storage/open.ts';
import { systemClock } from './transport/clock.ts';
import { createGuardedFetch } from './transport/guarded-fetch.ts';
import { createTokenEndpoints } from './transport/token-endpoints.ts';
import { createUpstreamTransport } from './transport/upstream.ts';
import { codewhisperer } from './upstreams/codewhisperer/index.ts';
import { DEFAULT_WIRE_PROFILE, wireProfile } from './upstreams/codewhisperer/profiles.ts';
import type { Upstream } from './upstreams/upstream.ts';
import { VERSION } from './version.ts';

/** dragoman says who it is, to the service as to everybody. */
export const USER_AGENT = `dragoman/${VERSION}`;
/** One document's text: hundreds of pages take a few seconds. */
const READING_TIMEOUT_MS = 20_000;
const READING_MEMORY_MIB = 512;
/** Keys are served by the JSON flavour, as the vendor's own command line uses them. */
const API_KEY_WIRE_PROFILE = 'q-json';

export interface Composed {
  readonly gateway: Gateway;
  readonly accounts: Accounts;
  readonly store: Store;
  /** Throws `invalid_request` for a bad region or start URL. */
  signIn(options: SignInOptions, signal: AbortSignal): Promise<SignIn>;
  /** Writes what is left to write, and drops connections. */
  close(): Promise<void>;
}

interface Accounts {
  /** With their present health; their secrets are inside, so none of it goes out as it is. */
  list(): readonly Account[];
  add(account: NewAccount): Promise<Account>;
  remove(id: string): Promise<boolean>;
  setEnabled(id: string, enabled: boolean): Promise<boolean>;
  /** Throws `invalid_request` naming the field, or `not_found`. */
  patch(id: string, patch: AccountPatch): Promise<Account>;
  /** Makes a new access token now. */
  refresh(id: string): Promise<Account>;
}

export interface SignInOptions {
  /** Of an organisation's Identity Center; Builder ID without one. */
  readonly startUrl?: string | undefined;
  readonly region?: string | undefined;
  readonly profileArn?: string | undefined;
  readonly label?: string | undefined;
}

export interface SignIn {
  readonly verificationUrl: string;
  readonly userCode: string;
  readonly expiresAtMs: number;
  /** Until the person has said yes: the account, stored and in the pool. */
  wait(signal: AbortSignal): Promise<Account>;
}

/** What tests and the library may put in place of the real thing. */
export interface Overrides {
  readonly clock?: Clock;
  readonly upstream?: Upstream;
  readonly send?: SendUpstream;
  readonly tokens?: TokenEndpoints;
}

/** Throws `storage_unavailable` or `invalid_request`, each saying what to do, before anything serves. */
export async function composeGateway(settings: Settings, log: Log, overrides: Overrides = {}): Promise<Composed> {
  const { clock = systemClock, upstream = codewhisperer } = overrides;
  if (settings.wireProfile !== undefined) wireProfile(settings.wireProfile);
  const { databaseUrl, home, secretKey } = settings;
  const store = await openStore({ url: databaseUrl, home, secretKey, nowMs: clock.now() });
  const transport = createUpstreamTransport({
    proxy: {
      httpProxy: settings.httpProxy,
      httpsProxy: settings.httpsProxy,
      allProxy: settings.allProxy,
      noProxy: settings.noProxy.join(','),
    },
    headersTimeoutMs: settings.firstByteTimeoutMs,
    idleTimeoutMs: settings.idleTimeoutMs,
    connectTimeoutMs: settings.connectTimeoutMs,
    userAgent: USER_AGENT,
  });
  const tokens =
    overrides.tokens ??
    createTokenEndpoints({
      dispatcher: transport.dispatcher,
      oidcUrl: settings.oidcUrl,
      socialAuthUrl: settings.socialAuthUrl,
      userAgent: USER_AGENT,
      now: clock.now,
    });
  try {
    const pool = await Pool.open({
      store: store.accounts,
      refresher: new Refresher({ store: store.accounts, tokens, clock, log, openFile: openKiroFile }),
      clock,
      log,
      strategy: settings.strategy,
      queueLimit: settings.queueLimit,
      queueTimeoutMs: settings.queueTimeoutMs,
      maxErrorCount: settings.maxErrorCount,
      wireProfileOf: (kind) =>
        settings.wireProfile ?? (kind === 'api-key' ? API_KEY_WIRE_PROFILE : DEFAULT_WIRE_PROFILE),
      baseUrl: settings.upstreamUrl,
      named: await prepareNamedAccounts(settings, store.accounts, openKiroFile, clock.now()),
    });
    const { sendEnvironment, recoverToolCalls } = settings;
    const media = createMediaTools(settings);
    const send = overrides.send ?? transport.send;
    return {
      gateway: createGateway({ upstream, pool, send, log, clock, media, sendEnvironment, recoverToolCalls }),
      accounts: pool,
      store,
      signIn: (options, signal) => signIn(options, { settings, tokens, store, clock, pool, send, log }, signal),
      async close() {
        await pool.flush();
        await transport.close();
        await store.close();
      },
    };
  } catch (cause) {
    await transport.close();
    await store.close();
    throw cause;
  }
}

function createMediaTools(settings: Settings): MediaTools {
  const { fetchUrls, fetchAllowedHosts, fetchTimeoutMs, fetchMaxBytes } = settings;
  const hasProxy = Boolean(settings.httpProxy ?? settings.httpsProxy ?? settings.allProxy);
  const guardedFetch = createGuardedFetch({
    userAgent: USER_AGENT,
    allowed: fetchAllowedHosts,
    timeoutMs: fetchTimeoutMs,
    hasProxy,
  });
  return {
    fetch: fetchUrls ? rememberFetches(guardedFetch, fetchMaxBytes) : refuseFetches,
    fitImage: createImageFitter(),
    readDocument: createDocumentReader({ timeoutMs: READING_TIMEOUT_MS, maxMemoryMiB: READING_MEMORY_MIB }),
  };
}

interface SignInParts {
  readonly settings: Settings;
  readonly tokens: TokenEndpoints;
  readonly store: Store;
  readonly clock: Clock;
  readonly pool: Pool;
  readonly send: SendUpstream;
  readonly log: Log;
}

async function signIn(options: SignInOptions, parts: SignInParts, signal: AbortSignal): Promise<SignIn> {
  const { settings, tokens, store, clock, pool } = parts;
  const flow = await startDeviceFlow(
    {
      tokens,
      registrations: store.registrations,
      clock,
      region: options.region ?? settings.region,
      startUrl: options.startUrl,
      profileArn: options.profileArn,
    },
    signal,
  );
  const { verificationUrl, userCode, expiresAtMs } = flow;
  return {
    verificationUrl,
    userCode,
    expiresAtMs,
    async wait(waitSignal) {
      const secrets = await withProfile(await flow.wait(waitSignal), parts, waitSignal);
      const before = pool.list().find((account) => isSignedOutTwin(account, secrets));
      const { kind } = secrets.credential;
      const label = options.label ?? before?.label ?? (kind === 'builder-id' ? 'Builder ID' : 'Identity Center');
      const id = before?.id ?? `aws-${randomUUID().slice(0, 13)}`;
      return pool.add({ id, label, source: { type: 'sign-in' }, health: NEW_ACCOUNT, ...secrets });
    },
  };
}

/** Organisations' accounts work under a profile: the only one, or the first of several, which the log tells. */
async function withProfile(
  secrets: Secrets,
  { settings, send, log }: SignInParts,
  signal: AbortSignal,
): Promise<Secrets> {
  const { credential, accessToken } = secrets;
  if (credential.kind !== 'idc' || credential.profileArn !== undefined || !accessToken) return secrets;
  const access = {
    region: credential.region,
    profileArn: undefined,
    wireProfile: settings.wireProfile ?? DEFAULT_WIRE_PROFILE,
    baseUrl: settings.upstreamUrl,
    headers: {},
  };
  try {
    const profiles = await listProfiles({ access, accessToken: accessToken.value, send, log }, signal);
    const [first] = profiles;
    if (!first) {
      log.warn({}, 'the organisation has given this account no profile; ask its administrator if requests are refused');
      return secrets;
    }
    if (profiles.length > 1) {
      const names = profiles.map(({ name }) => name);
      log.warn({ using: first.name, names }, 'there are several profiles; choose another with --profile-arn');
    }
    return { ...secrets, credential: { ...credential, profileArn: first.arn } };
  } catch (cause) {
    // The person has signed in: that is not thrown away because a list could not be had.
    log.warn(
      { why: GatewayError.from(cause).message },
      'the profile could not be found out; set it with --profile-arn',
    );
    return secrets;
  }
}

/** Signing in again revives the account which was signed out at the same place, instead of standing beside it. */
function isSignedOutTwin({ source, health, credential }: Account, secrets: Secrets): boolean {
  if (source.type !== 'sign-in' || health.state.status !== 'signed-out') return false;
  const fresh = secrets.credential;
  return 'startUrl' in credential && 'startUrl' in fresh && credential.startUrl === fresh.startUrl;
}
