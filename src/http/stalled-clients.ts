/**
 * Ends answers that their clients have stopped reading, to free the account, the upstream connection and the memory behind
 * them. Bytes count as read when the operating system has accepted them.
 */
import { GatewayError } from '../core/errors.ts';
import { type HttpExchange, noteError } from './http-exchange.ts';

/** Counted rather than timed: after a sleep of the machine, a clock would show a wait that did not happen. */
const CHECKS = 4;

interface Progress {
  readonly taken: number;
  readonly checks: number;
}

/** Watches the open exchanges until the returned function is called. */
export function watchForStalledClients(open: Iterable<HttpExchange>, timeoutMs: number): () => void {
  const progressOf = new WeakMap<HttpExchange, Progress>();
  const check = (exchange: HttpExchange): void => {
    const { response, request } = exchange;
    // An answer queued behind another on the same connection has no socket yet.
    const isWaiting = response.socket !== null && response.writableLength > 0;
    const taken = request.socket.bytesWritten - request.socket.writableLength;
    const last = progressOf.get(exchange);
    const checks = isWaiting && last?.taken === taken ? last.checks + 1 : 0;
    progressOf.set(exchange, { taken, checks });
    if (checks >= CHECKS) giveUp(exchange, timeoutMs);
  };
  const timer = setInterval(() => {
    for (const exchange of open) check(exchange);
  }, timeoutMs / CHECKS);
  timer.unref();
  return () => clearInterval(timer);
}

function giveUp(exchange: HttpExchange, timeoutMs: number): void {
  const message = `The client read none of its answer for ${timeoutMs / 1000} seconds (DRAGOMAN_WRITE_TIMEOUT_MS).`;
  const error = new GatewayError('client_stalled', message);
  noteError(exchange, error);
  exchange.gone.abort(error);
  exchange.response.destroy();
}
