/**
 * The composition root: builds a gateway from settings. serve, demo, tests and the library all use it, with different
 * overrides.
 */
import { prepareNamedAccounts } from './accounts/environment.ts';
import { openLinked } from './accounts/imports/linked.ts';
import type { LeasedAccount } from './accounts/lease.ts';
import type { LimitShare } from './accounts/options.ts';
import { Pool } from './accounts/pool.ts';
import type { TokenEndpoints } from './accounts/ports.ts';
import { ProfileFinder } from './accounts/profile-finder.ts';
import type { FreshAccount, RefreshCounts } from './accounts/refresh.ts';
import type { TokenRefresher } from './accounts/token-refresh.ts';
import type { CapsulePeers } from './compose-capsules.ts';
import { composeConnections } from './compose-connections.ts';
import { loadWireProfiles } from './compose-profiles.ts';
import { composeSigningIn, type SigningIn, type SigningInParts } from './compose-sign-in.ts';
import { composeTokenEndpoints, composeTokenRefresher, composeTransport, USER_AGENT } from './compose-tokens.ts';
import type { Settings } from './config.ts';
import { every } from './core/async.ts';
import type { Clock } from './core/clock.ts';
import type { RuleReadings } from './core/learned-facts.ts';
import type { Log } from './core/log.ts';
import { ApiKeys } from './gateway/api-keys.ts';
import { createGateway } from './gateway/gateway.ts';
import type { KeyCounters } from './gateway/key-limits/counters.ts';
import { inEitherRegion } from './gateway/other-region.ts';
import type { AccountPool, Gateway, MediaTools, SendUpstream } from './gateway/ports.ts';
import type { ProbeContext, Prober } from './gateway/probe.ts';
import { Responses } from './gateway/responses.ts';
import { readUsageLimits } from './gateway/usage-limits.ts';
import { checkWireProfile } from './gateway/wire-profile-check.ts';
import { WireProfileChoice } from './gateway/wire-profile-choice.ts';
import type { AdminAccounts, Connections } from './http/admin/ports.ts';
import { createImageFitter } from './media/fit-image.ts';
import { createDocumentReader } from './media/read-document.ts';
import { refuseFetches, rememberFetches } from './media/remembered-fetch.ts';
import type { MetricPeers } from './metrics/ports.ts';
import { interrupted } from './protocols/openai-responses/index.ts';
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
/** How often the accounts whose time in the trash is over are deleted. */
const PURGE_EVERY_MS = 3_600_000;

/** For one client, whatever the number of responses. */
const STORED_RESPONSE_BYTES = 256 * 1024 * 1024;

export interface Composed extends SigningIn {
  readonly gateway: Gateway;
  readonly responses: Responses;
  readonly accounts: Accounts;
  readonly connections: Connections;
  /** The clients' keys. */
  readonly apiKeys: ApiKeys;
  readonly store: Store;
  /** Loaded when needed, which is for one command. */
  openProber(): Promise<Prober>;
  /** Number of models that the service lists through it; undefined: unknown. Rejects with the service's refusal. */
  checkWireProfile(accountId: string, wireProfile: string, signal: AbortSignal): Promise<number | undefined>;
  /** Finishes pending writes and closes connections. */
  close(): Promise<void>;
}

interface Accounts extends AdminAccounts {
  /** The account with a valid access token, refreshed if it expires soon. Throws if there is none, or `not_found`. */
  fresh(id: string): Promise<FreshAccount>;
  /** What a request of the account needs. Throws like `fresh`. */
  lent(id: string, wireProfile?: string): Promise<LeasedAccount>;
  readonly refreshes: RefreshCounts;
  /** Adds to the readings of the account under this wire profile. Rejects with `storage_unavailable`. */
  learnReadings(id: string, wireProfile: string, readings: RuleReadings): Promise<void>;
}

/** What the settings do not say: replacements for tests and the library, and a worker's share. */
export interface Overrides {
  /** Set if several processes serve together. */
  readonly share?: LimitShare;
  /** The other processes, whose figures belong on the same page of metrics. */
  readonly peers?: MetricPeers;
  /** The other processes, which may have captured a request. */
  readonly capsulePeers?: CapsulePeers;
  /** Of the process that the workers share, if they have no database that counts for them. */
  readonly keyCounters?: KeyCounters;
  readonly clock?: Clock;
  readonly upstream?: Upstream;
  readonly send?: SendUpstream;
  /** Leases accounts in place of those of the store. */
  readonly pool?: AccountPool;
  readonly tokens?: TokenEndpoints;
  /** Called when settings have changed while the gateway runs. */
  readonly onSettings?: (settings: Settings) => void;
}

/** Throws `storage_unavailable` or `invalid_request`, with a message that says what to do. */
export async function composeGateway(settings: Settings, log: Log, overrides: Overrides = {}): Promise<Composed> {
  const resources = new AsyncDisposableStack();
  try {
    return await composeParts(settings, log, overrides, resources);
  } catch (cause) {
    await resources.disposeAsync();
    throw cause;
  }
}

/** What has to be closed goes to `resources`, which are closed in reverse order. */
async function composeParts(
  settings: Settings,
  log: Log,
  overrides: Overrides,
  resources: AsyncDisposableStack,
): Promise<Composed> {
  const wireProfiles = await loadWireProfiles(settings);
  const { clock = systemClock, upstream = createCodewhisperer(wireProfiles) } = overrides;
  const store = await openSettingsStore(settings, clock, log);
  resources.defer(() => store.close());
  const transport = composeTransport(settings);
  resources.defer(() => transport.close());
  const tokens = overrides.tokens ?? composeTokenEndpoints(settings, transport, clock);
  const refreshing = { store: store.accounts, tokens, clock, log, openFile: openLinked };
  const tokenRefresher = composeTokenRefresher(settings, overrides, refreshing);
  resources.defer(() => tokenRefresher.close());
  const keys = createSigningKeys(createKeyFinder(transport.dispatchers), clock);
  const profileChoice = new WireProfileChoice(
    (kind) => wireProfiles.orderFor(kind, settings.wireProfile),
    () => clock.now(),
  );
  const send = inEitherRegion(overrides.send ?? transport.send, upstream, clock.now);
  const parts = { settings, tokens, keys, store, clock, send, log, upstream, wireProfiles };
  const pool = await openPool(parts, tokenRefresher, profileChoice, overrides.share);
  resources.defer(() => pool.close());
  resources.defer(every(clock, KEEP_FRESH_EVERY_MS, () => void pool.refreshDue()));
  resources.defer(every(clock, PURGE_EVERY_MS, () => void pool.trash.purge()));
  const apiKeys = await ApiKeys.open({ configured: settings.apiKeys, store: store.keys, clock, log });
  resources.defer(() => apiKeys.close());
  const responses = new Responses({ store: store.responses, clock, log, interrupted });
  resources.defer(() => responses.close(0));
  const signingIn = composeSigningIn({ ...parts, pool });
  const { listProfiles, profileOfKey } = signingIn;
  const finder = new ProfileFinder({ accounts: pool, listProfiles, profileOfKey, clock, log });
  const { unknownModels, sendEnvironment, recoverToolCalls, firstAid, codeReferences } = settings;
  const gateway = createGateway({
    upstream: settings.webSearch ? upstream : { ...upstream, webSearch: undefined },
    wireProfiles: profileChoice,
    pool: overrides.pool ?? pool,
    findProfile: (id) => finder.find(id),
    send,
    log,
    clock,
    media: createMediaTools(settings),
    unknownModels,
    sendEnvironment,
    recoverToolCalls,
    firstAid,
    codeReferences,
  });
  const connections = composeConnections({ settings, wireProfiles, profileChoice, send, clock });
  const close = () => resources.disposeAsync();
  const openProber = () => loadProber({ upstream, send });
  const checks = {
    openProber,
    checkWireProfile: async (id: string, wireProfile: string, signal: AbortSignal) =>
      checkWireProfile({ upstream, send }, await pool.lent(id, wireProfile), signal),
  };
  return { gateway, responses, accounts: pool, connections, apiKeys, store, ...checks, ...signingIn, close };
}

async function loadProber(context: Omit<ProbeContext, 'probes'>): Promise<Prober> {
  const [{ Prober }, { PROBES }] = await Promise.all([
    import('./gateway/probe.ts'),
    import('./upstreams/codewhisperer/readings/questions.ts'),
  ]);
  return new Prober({ ...context, probes: PROBES });
}

async function openSettingsStore(settings: Settings, clock: Clock, log: Log): Promise<Store> {
  const { databaseUrl: url, home, secretKey, storedResponses: count, storedResponseDays } = settings;
  const responses = { count, bytes: STORED_RESPONSE_BYTES, ageMs: storedResponseDays * 86_400_000 };
  const store = await openStore({ url, home, secretKey, clock, responses });
  if (store.madePrivate.length > 0)
    log.warn({ files: store.madePrivate }, 'files of dragoman were readable by other users; removed their access');
  return store;
}

async function openPool(
  { settings, store, keys, clock, send, log, upstream, wireProfiles }: Omit<SigningInParts, 'pool'>,
  tokenRefresher: TokenRefresher,
  profileChoice: WireProfileChoice,
  share: LimitShare | undefined,
): Promise<Pool> {
  const { strategy, queueLimit, queueTimeoutMs, maxErrorCount, upstreamUrl: baseUrl } = settings;
  return Pool.open({
    store: store.accounts,
    tokenRefresher,
    keys,
    openFile: openLinked,
    clock,
    log,
    strategy,
    queueLimit,
    queueTimeoutMs,
    maxErrorCount,
    share,
    baseUrl,
    readLimits: (lease, signal) => readUsageLimits({ upstream, send }, lease, signal),
    wireProfileOf: ({ id, credential, learned }) =>
      profileChoice.current({ id, kind: credential.kind, stored: learned.wireProfile }),
    forgetWireProfile: (id) => profileChoice.forget(id),
    requiredProfileArn: (id, { credential, learned }) =>
      requiredProfileArn(id, credential.kind, learned.profileArn, wireProfiles),
    named: await prepareNamedAccounts(settings, store.accounts, openLinked, clock.now()),
  });
}

export function createMediaTools(settings: Settings): MediaTools {
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
