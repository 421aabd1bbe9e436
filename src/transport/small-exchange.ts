/** A short HTTP exchange with a token endpoint, with tight limits on time and size. */
import { GatewayError } from '../core/errors.ts';
import { connectionFailure } from './connection-failure.ts';
import type { Connections } from './dispatcher.ts';

/** For the whole exchange, body included. */
const TIMEOUT_MS = 20_000;
/** Tokens take a few kilobytes. */
const MAX_BYTES = 256 * 1024;

export interface SmallRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface SmallAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface SmallConnections extends Connections {
  /** The setting that can choose the address, for messages. */
  readonly addressSetting: string | undefined;
}

/** Rejects with `client_closed` if the signal aborts, otherwise `upstream_timeout` or `upstream_broken`. */
export async function exchange(
  connections: SmallConnections,
  { url, method, headers, body }: SmallRequest,
  signal: AbortSignal | undefined,
  timeoutMs = TIMEOUT_MS,
): Promise<SmallAnswer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    // Loads the rest of undici; most gateways refresh tokens in another process.
    const { request: send } = await import('undici');
    const answer = await send(url, {
      dispatcher: connections.dispatcher,
      method,
      headers,
      body,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    return { status: answer.statusCode, headers: flatten(answer.headers), body: await readAll(answer.body) };
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    if (signal?.aborted) throw new GatewayError('client_closed', 'The sign-in was cancelled.');
    const { host } = new URL(url);
    if (timeout.aborted)
      throw new GatewayError(
        'upstream_timeout',
        `The sign-in service ${host} did not respond in time. Try again later.`,
        { cause },
      );
    const message = connectionFailure(cause, connections.routeOf(url, connections.addressSetting));
    throw new GatewayError('upstream_broken', message, { cause });
  }
}

async function readAll(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BYTES)
      throw new GatewayError('upstream_broken', 'The response of the sign-in service is too large.');
  }
  return Buffer.concat(chunks);
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
