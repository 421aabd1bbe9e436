/** Starts and stops the HTTP side of the gateway. */
import type { FastifyInstance } from 'fastify';
import { createApp } from './app.ts';
import type { HttpExchange } from './http-exchange.ts';
import { assertMayListen, isLoopback } from './local-mode.ts';
import type { RunningServer, ServerOptions } from './ports.ts';
import { RequestPipeline, stopping } from './request-pipeline.ts';
import { watchForStalledClients } from './stalled-clients.ts';

/**
 * Connections that may wait to be accepted; the system may allow fewer. When Node's 511 are exceeded, the system drops a
 * client's first packet, and the client repeats it only a second later.
 */
const BACKLOG = 4_096;

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/**
 * `admin`: a second address, for the console and the admin API, which the first one then does not serve. Rejects when an
 * address is taken, or the first one is reachable from elsewhere without a usable key.
 */
export async function startServer(
  options: ServerOptions,
  address: ListenAddress,
  admin?: ListenAddress,
): Promise<RunningServer> {
  assertMayListen(address.host, options.apiKeys);
  const clients = await listen(options, address, admin === undefined);
  if (admin === undefined) return { ...clients, adminUrl: clients.url };
  try {
    const { url: adminUrl, open, close } = await listen(options, admin, true);
    return {
      ...clients,
      adminUrl,
      open() {
        const [one, other] = [clients.open(), open()];
        return { requests: one.requests + other.requests, streams: one.streams + other.streams };
      },
      async close(timeoutMs) {
        await Promise.all([clients.close(timeoutMs), close(timeoutMs)]);
      },
    };
  } catch (cause) {
    await clients.close(0);
    throw cause;
  }
}

async function listen(
  options: ServerOptions,
  { host, port }: ListenAddress,
  servesAdmin: boolean,
): Promise<Omit<RunningServer, 'adminUrl'>> {
  const pipeline = new RequestPipeline(options, isLoopback(host), servesAdmin);
  const app = await createApp(pipeline);
  const stopWatching = watchForStalledClients(pipeline.inFlight, options.connections.writeTimeoutMs);
  app.addHook('onClose', async () => stopWatching());
  await app.listen({ host, port, backlog: BACKLOG });
  const bound = app.server.address();
  if (bound === null || typeof bound === 'string') throw new Error('The server listens on no port.');
  if (pipeline.localMode && !isLoopback(bound.address)) {
    await app.close();
    assertMayListen(bound.address, options.apiKeys);
  }
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${bound.port}`,
    port: bound.port,
    open: () => ({ requests: pipeline.inFlight.size, streams: countStreams(pipeline.inFlight) }),
    close: (timeoutMs) => drain(app, pipeline, timeoutMs),
  };
}

function countStreams(inFlight: Iterable<HttpExchange>): number {
  let streams = 0;
  for (const { record, response } of inFlight) if (record.stream && response.headersSent) streams++;
  return streams;
}

/** For the error events of replies that are cut short, and for a request half of which had arrived. */
const GRACE_MS = 1_000;

async function drain(app: FastifyInstance, pipeline: RequestPipeline, timeoutMs: number): Promise<void> {
  pipeline.draining.abort();
  // Not by `app.close()`, which lets the server accept connections until the hooks of all plugins have run.
  const closed = new Promise<void>((resolve) => app.server.close(() => resolve()));
  pipeline.connections.drain();
  const unfinished = setTimeout(() => {
    for (const { request } of pipeline.inFlight) if (!request.complete) request.destroy();
  }, GRACE_MS);
  let timer = setTimeout(() => {
    for (const { gone } of pipeline.inFlight) gone.abort(stopping());
    timer = setTimeout(() => {
      for (const { response } of pipeline.inFlight) response.destroy();
      app.server.closeAllConnections();
    }, GRACE_MS);
  }, timeoutMs);
  await closed;
  clearTimeout(unfinished);
  clearTimeout(timer);
  await app.close();
}
