/** A composed gateway behind a running server: what `serve` and `demo` have in common. */
import type { Overrides } from '../compose.ts';
import type { Settings } from '../config.ts';
import type { Log } from '../core/log.ts';
import type { RunningServer } from '../http/server.ts';

export interface Serving {
  readonly server: RunningServer;
  readonly accounts: { readonly ready: number; readonly total: number };
  /** Lets replies in flight end, for a while. */
  stop(): Promise<void>;
}

/** Rejects with a message for people when the address is taken or may not be used. */
export async function startServing(settings: Settings, log: Log, overrides: Overrides = {}): Promise<Serving> {
  const [{ composeGateway }, { codewhisperer }, { startServer }, { systemClock }, { VERSION }] = await Promise.all([
    import('../compose.ts'),
    import('../upstreams/codewhisperer/index.ts'),
    import('../http/server.ts'),
    import('../transport/clock.ts'),
    import('../version.ts'),
  ]);
  const composed = await composeGateway(settings, log, overrides);
  const { apiKeys, corsOrigins, maxBodyBytes, pingIntervalMs, host, port } = settings;
  try {
    const server = await startServer(
      {
        gateway: composed.gateway,
        responses: composed.responses,
        apiKeys,
        corsOrigins,
        limits: { maxBodyBytes, pingIntervalMs },
        version: VERSION,
        clock: systemClock,
        log,
        storeAnswers: () => composed.store.ping().then(() => true),
        resolveModel: (requested, catalogue) => codewhisperer.resolveModel(requested, catalogue).model,
      },
      host,
      port,
    );
    const { ready, total } = composed.gateway.status();
    const stop = async () => {
      await server.close(settings.shutdownTimeoutMs);
      await composed.close();
    };
    return { server, accounts: { ready, total }, stop };
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
