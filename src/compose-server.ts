/** Starts a server in front of a composed gateway, for `serve`, `demo` and the tests. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Composed, composeGateway, type Overrides } from './compose.ts';
import { type ComposedAdmin, composeAdmin } from './compose-admin.ts';
import { type ComposedCapsules, composeCapsules } from './compose-capsules.ts';
import { type ComposedKeyLimits, composeKeyLimits } from './compose-keys.ts';
import { type ComposedLedger, composeLedger } from './compose-ledger.ts';
import type { LoadedSettings, Settings } from './config.ts';
import type { Clock } from './core/clock.ts';
import type { Log } from './core/log.ts';
import { createTicket } from './gateway/admin-access/tickets.ts';
import { prepareAdminToken } from './gateway/admin-token.ts';
import { BodyBudget } from './http/body-budget.ts';
import type { RunningServer, ServerOptions } from './http/ports.ts';
import { startServer } from './http/server.ts';
import { Metrics } from './metrics/metrics.ts';
import type { MetricPeers, MetricsSnapshot } from './metrics/ports.ts';
import { RuntimeSettings, type RuntimeSettingsOptions } from './runtime-settings.ts';
import type { Tracing } from './tracing/tracing.ts';
import { systemClock } from './transport/clock.ts';
import { codewhisperer } from './upstreams/codewhisperer/index.ts';
import { VERSION } from './version.ts';

export interface Serving {
  readonly server: RunningServer;
  readonly accounts: { readonly ready: number; readonly total: number };
  /** Number of usable API keys; 0 in local mode. */
  readonly keys: number;
  readonly isLocalMode: boolean;
  /** Set only if generated at this start, the only time it can be shown. */
  readonly newAdminToken: string | undefined;
  /** The figures of this process, for the page of all workers. */
  metrics(): Promise<MetricsSnapshot>;
  /** A capture that this process has, for the other workers. */
  findCapsule: ComposedCapsules['findHere'];
  /** A ticket for a one-time link to the console. Rejects with `storage_unavailable`. */
  createTicket(): Promise<string>;
  /**
   * Applies the settings listed in cli/reload.ts, and returns those in effect: the admin API may have changed some. Rejects
   * with `storage_unavailable`.
   */
  reconfigure(settings: Settings): Promise<Settings>;
  /** Waits a limited time for open replies and background responses, then closes. */
  stop(): Promise<void>;
}

/** Rejects with a user-facing message if the address is taken or not allowed. */
export async function startServing(
  settings: Settings,
  log: Log,
  overrides: Overrides = {},
  origins?: LoadedSettings['origins'],
): Promise<Serving> {
  const clock = overrides.clock ?? systemClock;
  const composed = await composeGateway(settings, log, overrides);
  const { gateway, responses, apiKeys, store } = composed;
  const { shutdownTimeoutMs } = settings;
  const runtime = await openRuntimeSettings(settings, composed, { clock, log, origins, overrides });
  const ledger = composeLedger(settings, composed, { clock, log });
  const keyLimits = composeKeyLimits(composed, ledger, clock, overrides.keyCounters);
  const capsules = composeCapsules(settings, clock, () => runtime.views(), overrides.capsulePeers);
  const parts = { ledger: ledger.ledger, keyLimiter: keyLimits.keyLimiter, capsules: capsules.source };
  const admin = composeAdmin(runtime, composed, { clock, log, ...parts });
  const listening: { server?: RunningServer } = {};
  const tracing = await composeTracing(settings, log);
  const metrics = composeMetrics(composed, clock, { ledger, listening }, overrides.peers);
  try {
    const server = await startServer(
      serverOptions(settings, composed, { clock, log, admin, metrics, tracing, ledger, keyLimits, capsules }),
      ...listenersOf(settings),
    );
    listening.server = server;
    // Only once the server listens: a failed start must not store a token that was never shown.
    const tokenOptions = { configured: settings.adminToken, store: store.adminToken, clock, log };
    const adminToken = await prepareAdminToken(tokenOptions).catch(async (cause) => {
      await server.close(0);
      throw cause;
    });
    admin.begin(adminToken);
    ledger.begin();
    const { ready, total } = await gateway.status();
    return {
      server,
      accounts: { ready, total },
      keys: apiKeys.usable,
      isLocalMode: apiKeys.isEmpty,
      newAdminToken: adminToken.generated,
      metrics: () => metrics.snapshot(),
      findCapsule: capsules.findHere,
      createTicket: () => createTicket(store.tickets, clock),
      async reconfigure(reloaded) {
        const { adminToken: configured, apiKeys: keys } = reloaded;
        if (configured !== undefined) admin.begin(await prepareAdminToken({ ...tokenOptions, configured }));
        apiKeys.configure(keys);
        return runtime.reload(reloaded);
      },
      async stop() {
        await Promise.all([admin.stop(), responses.close(shutdownTimeoutMs), server.close(shutdownTimeoutMs)]);
        await ledger.stop();
        await Promise.all([composed.close(), tracing?.close()]);
      },
    };
  } catch (cause) {
    await Promise.all([composed.close(), tracing?.close()]);
    throw toListenError(cause, settings);
  }
}

function listenersOf({ host, port, adminHost, adminPort }: Settings) {
  const admin = adminPort === undefined ? undefined : { host: adminHost, port: adminPort };
  return [{ host, port }, admin] as const;
}

async function openRuntimeSettings(
  started: Settings,
  composed: Composed,
  { overrides, ...context }: Pick<RuntimeSettingsOptions, 'clock' | 'log' | 'origins'> & { overrides: Overrides },
): Promise<RuntimeSettings> {
  const { onSettings: onChange = () => {} } = overrides;
  try {
    return await RuntimeSettings.open({ ...context, started, store: composed.store.settings, onChange });
  } catch (cause) {
    await composed.close();
    throw cause;
  }
}

/** One folder up, whether this file is in src/ or, bundled, in dist/. */
const CONSOLE_FOLDER = fileURLToPath(new URL('../dist/console/', import.meta.url));
const DOCS_FOLDER = fileURLToPath(new URL('../docs/', import.meta.url));

interface ServerContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly admin: ComposedAdmin;
  readonly metrics: Metrics;
  readonly ledger: ComposedLedger;
  readonly keyLimits: ComposedKeyLimits;
  readonly tracing: Tracing | undefined;
  readonly capsules: ComposedCapsules;
}

function serverOptions(
  settings: Settings,
  { gateway, responses, apiKeys, store }: Composed,
  { clock, log, admin, metrics, tracing, ledger: { ledger }, keyLimits, capsules: { ring: captures } }: ServerContext,
): ServerOptions {
  const { corsOrigins, maxBodyBytes, maxBodiesBytes, pingIntervalMs, writeTimeoutMs } = settings;
  return {
    gateway,
    responses,
    apiKeys,
    keyLimiter: keyLimits.keyLimiter,
    clientDays: keyLimits.clientDays,
    admin: admin.dependencies,
    corsOrigins,
    limits: { maxBodyBytes, bodies: new BodyBudget(Math.max(maxBodiesBytes, 2 * maxBodyBytes)), pingIntervalMs },
    connections: { max: maxConnections(settings, log), writeTimeoutMs },
    version: VERSION,
    recordsText: settings.ledger && settings.ledgerText === 'sealed',
    consoleFolder: CONSOLE_FOLDER,
    docsFolder: DOCS_FOLDER,
    clock,
    log,
    observers: [
      keyLimits.observe,
      ...(settings.metrics === 'off' ? [] : [metrics.observe]),
      ...admin.observers,
      ...(tracing ? [tracing.observe] : []),
      ...(ledger ? [ledger.observe] : []),
      ...(captures ? [captures.observe] : []),
    ],
    captures,
    ...(settings.metrics === 'off' ? {} : { metrics: { access: settings.metrics, page: () => metrics.page() } }),
    checkStore: () => store.checkWritable(),
    resolveModel(requested, catalogue) {
      const { match, model } = codewhisperer.resolveModel(requested, catalogue);
      return match === 'default' ? undefined : model;
    },
  };
}

/** The SDK is loaded only if there is an endpoint. */
async function composeTracing(settings: Settings, log: Log): Promise<Tracing | undefined> {
  const { otlpEndpoint, otlpHeaders, otlpServiceName: serviceName, tracePercent } = settings;
  if (otlpEndpoint === undefined) return undefined;
  const { readHeaders, startTracing } = await import('./tracing/tracing.ts');
  const url = `${otlpEndpoint}/v1/traces`;
  const headers = readHeaders(otlpHeaders);
  return startTracing({ url, headers, serviceName, version: VERSION, share: tracePercent / 100, log });
}

function composeMetrics(
  { gateway, accounts }: Composed,
  clock: Clock,
  { ledger, listening }: { readonly ledger: ComposedLedger; readonly listening: { readonly server?: RunningServer } },
  peers: MetricPeers | undefined,
): Metrics {
  const sources = {
    version: VERSION,
    nowMs: () => clock.now(),
    accounts: () => accounts.list(),
    limits: (id: string) => accounts.limits(id),
    refreshes: () => accounts.refreshes,
    // Reading the status also reads what other processes have written.
    waiting: async () => (await gateway.status()).waiting ?? 0,
    open: () => listening.server?.open() ?? { requests: 0, streams: 0 },
    ledger: () => ledger.ledger?.stats,
  };
  return new Metrics(sources, peers);
}

/** True if another process listens on the address. */
export function isAddressTaken(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
}

function toListenError(cause: unknown, settings: Settings): unknown {
  const isAdmin = cause instanceof Error && 'port' in cause && cause.port === settings.adminPort;
  const [host, port, setting] = isAdmin
    ? [settings.adminHost, settings.adminPort, 'DRAGOMAN_ADMIN_PORT']
    : [settings.host, settings.port, '--port'];
  if (isAddressTaken(cause)) {
    const message = `Port ${port} on ${host} is in use. Stop the program that uses it, or choose another port with ${setting}.`;
    return Object.assign(new Error(message, { cause }), { code: 'EADDRINUSE' });
  }
  if (
    cause instanceof Error &&
    'code' in cause &&
    (cause.code === 'EACCES' || cause.code === 'EADDRNOTAVAIL' || cause.code === 'ENOTFOUND')
  ) {
    return new Error(`Could not listen on ${host}, port ${port}: ${cause.message}.`, { cause });
  }
  return cause;
}

/** Keeps half of the file descriptors for connections to the service, the database and the log. */
function maxConnections({ maxConnections: wanted }: Settings, log: Log): number {
  const files = openFilesLimit();
  const max = Math.min(wanted, Math.floor(files / 2));
  if (max < wanted)
    log.info({ wanted, max, files }, 'limiting client connections: the open-file limit is too low for the setting');
  return max;
}

/** Infinity if unknown (only Linux reports it). Node raises the soft limit to the hard limit at startup. */
function openFilesLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
