/** A composed gateway behind a running server: what `serve` and `demo` have in common. */

import type { Overrides } from '../compose.ts';
import type { LoadedSettings, Settings } from '../config.ts';
import type { Log } from '../core/log.ts';
import type { AdminToken } from '../gateway/admin-token.ts';
import { BodyBudget } from '../http/body-budget.ts';
import type { RunningServer } from '../http/ports.ts';
import { maxConnections } from './max-connections.ts';

export interface Serving {
  readonly server: RunningServer;
  readonly accounts: { readonly ready: number; readonly total: number };
  /** API keys which are good; 0 in local mode. */
  readonly keys: number;
  readonly isLocalMode: boolean;
  /** Made at this start: the one moment at which it can be shown. */
  readonly newAdminToken: string | undefined;
  /** Applies the settings that can change while it serves: see reload.ts. Rejects with `storage_unavailable`. */
  reconfigure(settings: Settings): Promise<void>;
  /** Lets replies in flight and responses in the background end, for a while. */
  stop(): Promise<void>;
}

/** Rejects with a message for people when the address is taken or may not be used. */
export async function startServing(
  settings: Settings,
  log: Log,
  overrides: Overrides = {},
  origins?: LoadedSettings['origins'],
): Promise<Serving> {
  const [
    composing,
    { codewhisperer },
    { startServer },
    { prepareAdminToken },
    { toSettingViews },
    { systemClock },
    { VERSION },
  ] = await Promise.all([
    import('../compose.ts'),
    import('../upstreams/codewhisperer/index.ts'),
    import('../http/server.ts'),
    import('../gateway/admin-token.ts'),
    import('./setting-views.ts'),
    import('../transport/clock.ts'),
    import('../version.ts'),
  ]);
  const clock = overrides.clock ?? systemClock;
  const composed = await composing.composeGateway(settings, log, overrides);
  const { corsOrigins, maxBodyBytes, maxBodiesBytes, pingIntervalMs, writeTimeoutMs, host, port } = settings;
  const max = maxConnections(settings, log);
  const { gateway, responses, accounts, apiKeys, signIns, store } = composed;
  try {
    let adminToken: AdminToken | undefined;
    const server = await startServer(
      {
        gateway,
        responses,
        apiKeys,
        admin: {
          isAdmin: async (presented) => (await adminToken?.isRight(presented)) === true,
          accounts,
          signIns,
          listProfiles: composed.listProfiles,
          signInWithIam: composed.signInWithIam,
          keys: apiKeys,
          configuredKeys: settings.apiKeys.length,
          settings: toSettingViews(settings, origins),
          idpHosts: settings.idpHosts,
        },
        corsOrigins,
        limits: { maxBodyBytes, bodies: new BodyBudget(Math.max(maxBodiesBytes, 2 * maxBodyBytes)), pingIntervalMs },
        connections: { max, writeTimeoutMs },
        version: VERSION,
        clock,
        log,
        checkStore: () => store.checkWritable(),
        resolveModel: (requested, catalogue) => {
          const { match, model } = codewhisperer.resolveModel(requested, catalogue);
          return match === 'default' ? undefined : model;
        },
      },
      host,
      port,
    );
    // Not before it listens: a token which nobody gets to see must not be kept.
    const tokenOptions = { configured: settings.adminToken, store: store.adminToken, clock, log };
    adminToken = await prepareAdminToken(tokenOptions).catch(async (cause) => {
      await server.close(0);
      throw cause;
    });
    const { ready, total } = await gateway.status();
    const stop = async () => {
      const { shutdownTimeoutMs } = settings;
      await Promise.all([responses.close(shutdownTimeoutMs), server.close(shutdownTimeoutMs)]);
      await composed.close();
    };
    const reconfigure = async (changed: Settings) => {
      const { adminToken: configured } = changed;
      if (configured !== undefined) adminToken = await prepareAdminToken({ ...tokenOptions, configured });
      apiKeys.configure(changed.apiKeys);
    };
    return {
      server,
      accounts: { ready, total },
      keys: apiKeys.usable,
      isLocalMode: apiKeys.isEmpty,
      newAdminToken: adminToken.made,
      reconfigure,
      stop,
    };
  } catch (cause) {
    await composed.close();
    throw inWords(cause, host, port);
  }
}

/** True for "somebody else listens there". */
export function isAddressTaken(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
}

function inWords(cause: unknown, host: string, port: number): unknown {
  if (isAddressTaken(cause)) {
    const message = `Port ${port} on ${host} is in use. Stop the program which has it, or choose another with --port.`;
    return Object.assign(new Error(message, { cause }), { code: 'EADDRINUSE' });
  }
  if (
    cause instanceof Error &&
    'code' in cause &&
    (cause.code === 'EACCES' || cause.code === 'EADDRNOTAVAIL' || cause.code === 'ENOTFOUND')
  ) {
    return new Error(`dragoman cannot listen on ${host}, port ${port}: ${cause.message}.`, { cause });
  }
  return cause;
}

/** Resolves at the first SIGINT or SIGTERM; the second one ends the process at once. */
export function untilStopped(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (signal: NodeJS.Signals) => {
      if (asked) process.exit(signal === 'SIGINT' ? 130 : 143);
      asked = true;
      resolve(signal);
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
  });
}
