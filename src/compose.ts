/**
 * The composition root: builds a gateway from settings. serve, demo, tests and the library all use it, with different
 * overrides.
 */
import { prepareNamedAccounts } from './accounts/environment.ts';
import { openLinked } from './accounts/imports/linked.ts';
import { type AccountPatch, Pool } from './accounts/pool.ts';
import type { Account, NewAccount, TokenEndpoints } from './accounts/ports.ts';
import { ProfileFinder } from './accounts/profile-finder.ts';
import { type FreshAccount, Refresher } from './accounts/refresh.ts';
import type { LimitsReading } from './accounts/usage-limits.ts';
import { loadWireProfiles } from './compose-profiles.ts';
import { composeSigningIn, type SigningIn } from './compose-sign-in.ts';
import { composeTokenEndpoints, composeTokenRefresher, composeTransport, USER_AGENT } from './compose-tokens.ts';
import type { Settings } from './config.ts';
import { every } from './core/async.ts';
import type { Clock } from './core/clock.ts';
import type { Log } from './core/log.ts';
import { ApiKeys } from './gateway/api-keys.ts';
import { createGateway } from './gateway/gateway.ts';
import { inEitherRegion } from './gateway/other-region.ts';
import type { Gateway, MediaTools, SendUpstream } from './gateway/ports.ts';
import { Responses } from './gateway/responses.ts';
import { readUsageLimits } from './gateway/usage-limits.ts';
import { WireProfileChoice } from './gateway/wire-profile-choice.ts';
import { createImageFitter } from './media/fit-image.ts';
import { createDocumentReader } from './media/read-document.ts';
import { refuseFetches, rememberFetches } from './media/remembered-fetch.ts';
import { openStore, type Store } from './storage/open.ts';
import { createKeyFinder, createSigningKeys } from './transport/aws-keys.ts';
import { systemClock } from './transport/clock.ts';
import { createGuardedFetch } from './transport/guarded-fetch.ts';
import { createCodewhisperer } from './upstreams/codewhisperer/index.ts';
import { requiredProfileArn } from './upstreams/codewhisperer/operations.ts';
import type { Upstream } from './upstreams/upstream.ts';

/** For one document; hundreds of pages take a few seconds. */
const READING_TIMEOUT_MS = 20_000;
const READING_MEMORY_MIB = 512;
/** How often the accounts in use are checked for tokens that expire soon. */
const KEEP_FRESH_EVERY_MS = 15_000;

/** For one client, whatever the number of responses. */
const STORED_RESPONSE_BYTES = 256 * 1024 * 1024;

export interface Composed extends SigningIn {
  readonly gateway: Gateway;
  readonly responses: Responses;
  readonly accounts: Accounts;
  /** The clients' keys. */
  readonly apiKeys: ApiKeys;
  readonly store: Store;
  /** Finishes pending writes and closes connections. */
  close(): Promise<void>;
}

interface Accounts {
  /** Rereads the store, which other processes write too. Rejects with `storage_unavailable`. */
  readAnew(): Promise<void>;
  /** With their current health. Contains secrets, so it must not be shown as it is. */
  list(): readonly Account[];
  add(account: NewAccount): Promise<Account>;
  remove(id: string): Promise<boolean>;
  setEnabled(id: string, enabled: boolean): Promise<boolean>;
  /** Throws `invalid_request` with the field, or `not_found`. */
  patch(id: string, patch: AccountPatch): Promise<Account>;
  /** The last reading; undefined if it was never read. */
  limits(id: string): LimitsReading | undefined;
  /** Asks the service now. Throws its error. */
  readLimits(id: string): Promise<LimitsReading>;
  /** Gets a new access token now. */
  refresh(id: string): Promise<Account>;
  /** The account with a valid access token, refreshed if it expires soon. Throws if there is none, or `not_found`. */
  fresh(id: string): Promise<FreshAccount>;
}

/** Replacements for tests and the library. */
export interface Overrides {
  readonly clock?: Clock;
  readonly upstream?: Upstream;
  readonly send?: SendUpstream;
  readonly tokens?: TokenEndpoints;
}

/** Throws `storage_unavailable` or `invalid_request`, with a message that says what to do. */
export async function composeGateway(settings: Settings, log: Log, overrides: Overrides = {}): Promise<Composed> {
  const wireProfiles = await loadWireProfiles(settings);
  const { clock = systemClock, upstream = createCodewhisperer(wireProfiles) } = overrides;
  const { databaseUrl, home, secretKey } = settings;
  const kept = {
    count: settings.storedResponses,
    bytes: STORED_RESPONSE_BYTES,
    ageMs: settings.storedResponseDays * 86_400_000,
  };
  const store = await openStore({ url: databaseUrl, home, secretKey, clock, responses: kept });
  if (store.madePrivate.length > 0)
    log.warn({ files: store.madePrivate }, 'files of dragoman were readable by other users; removed their access');
  const transport = composeTransport(settings);
  const tokens = overrides.tokens ?? composeTokenEndpoints(settings, transport, clock);
  const exchange = { store: store.accounts, tokens, clock, log, openFile: openLinked };
  const maker = composeTokenRefresher(settings, overrides, exchange);
  const keys = createSigningKeys(createKeyFinder(transport.dispatchers), clock);
  const refresher = new Refresher({ ...exchange, maker, keys });
  const stopRefreshing = every(clock, KEEP_FRESH_EVERY_MS, () => void refresher.refreshDue());
  const profileChoice = new WireProfileChoice(
    (kind) => wireProfiles.orderFor(kind, settings.wireProfile),
    () => clock.now(),
  );
  const send = inEitherRegion(overrides.send ?? transport.send, upstream, clock.now);
  try {
    const pool = await Pool.open({
      store: store.accounts,
      refresher,
      clock,
      log,
      strategy: settings.strategy,
      queueLimit: settings.queueLimit,
      queueTimeoutMs: settings.queueTimeoutMs,
      maxErrorCount: settings.maxErrorCount,
      readLimits: (lease, signal) => readUsageLimits({ upstream, send }, lease, signal),
      wireProfileOf: ({ id, credential, learned }) =>
        profileChoice.current({ id, kind: credential.kind, kept: learned.wireProfile }),
      requiredProfileArn: (id, { credential, learned }) =>
        requiredProfileArn(id, credential.kind, learned.profileArn, wireProfiles),
      baseUrl: settings.upstreamUrl,
      named: await prepareNamedAccounts(settings, store.accounts, openLinked, clock.now()),
    });
    const { unknownModels, sendEnvironment, recoverToolCalls, codeReferences } = settings;
    const media = createMediaTools(settings);
    const apiKeys = await ApiKeys.open({ configured: settings.apiKeys, store: store.keys, clock, log });
    const responses = new Responses({ store: store.responses, clock, log });
    const signingIn = composeSigningIn({
      settings,
      tokens,
      keys,
      store,
      clock,
      pool,
      send,
      log,
      upstream,
      wireProfiles,
    });
    const { listProfiles, profileOfKey } = signingIn;
    const finder = new ProfileFinder({ accounts: pool, listProfiles, profileOfKey, clock, log });
    return {
      gateway: createGateway({
        upstream: settings.webSearch ? upstream : { ...upstream, webSearch: undefined },
        wireProfiles: profileChoice,
        pool,
        findProfile: (id) => finder.find(id),
        send,
        log,
        clock,
        media,
        unknownModels,
        sendEnvironment,
        recoverToolCalls,
        codeReferences,
      }),
      responses,
      accounts: pool,
      apiKeys,
      store,
      ...signingIn,
      async close() {
        await responses.close(0);
        stopRefreshing();
        await pool.close();
        await apiKeys.close();
        await maker.close();
        await transport.close();
        await store.close();
      },
    };
  } catch (cause) {
    stopRefreshing();
    await maker.close();
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
    fetch: fetchUrls
      ? rememberFetches(guardedFetch, { maxBytes: fetchMaxBytes, timeoutMs: fetchTimeoutMs })
      : refuseFetches,
    fitImage: createImageFitter(),
    readDocument: createDocumentReader({ timeoutMs: READING_TIMEOUT_MS, maxMemoryMiB: READING_MEMORY_MIB }),
  };
}
