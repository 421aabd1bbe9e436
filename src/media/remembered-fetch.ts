/**
 * Fetches the addresses in clients' requests, and remembers what was there: an agent sends its whole history each time,
 * and what it once showed the model must stay the same, whatever the address says later or no longer says.
 */

import { KeyedSemaphore, QueueFullError, Semaphore } from '../core/async.ts';
import { GatewayError } from '../core/errors.ts';
import type { FetchAttachment, FetchForClient, Link } from '../gateway/ports.ts';
import { Remembered } from './remembered.ts';

const REMEMBERED_BYTES = 64 * 1024 * 1024;
const AT_A_TIME = 16;
/** Half of them: nobody keeps all places from the others. */
const AT_A_TIME_OF_ONE_CLIENT = 8;
/** Four requests with as many addresses as a request may have. */
const WAITING_OF_ONE_CLIENT = 400;
const WAITING = 1_000;
const RETRY_AFTER_MS = 2_000;

interface FetchBounds {
  readonly maxBytes: number;
  /** For one address, waiting for its turn included. */
  readonly timeoutMs: number;
}

/** A client which leaves ends nothing: others may wait for the same thing, and every fetch ends within its time. */
export function rememberFetches(fetch: FetchAttachment, { maxBytes, timeoutMs }: FetchBounds): FetchForClient {
  const fetched = new Remembered<Uint8Array>(REMEMBERED_BYTES, ({ length }) => length + 1_000);
  const all = new Semaphore(AT_A_TIME, WAITING);
  const byClient = new KeyedSemaphore(AT_A_TIME_OF_ONE_CLIENT, WAITING_OF_ONE_CLIENT);
  return (link, client) =>
    fetched.get(`${client} ${maxBytes}`, link.url, async () => {
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        // A client's requests wait behind each other first, and then with a few of each other client.
        const fetchInTurn = () => all.run(() => fetch(link, maxBytes, deadline), deadline);
        return await byClient.run(client, fetchInTurn, deadline);
      } catch (cause) {
        if (cause instanceof QueueFullError) throw tooMany(link);
        // Nothing but the deadline ends a fetch from here.
        if (cause instanceof GatewayError && cause.code === 'client_closed') throw tooSlow(link, timeoutMs);
        throw cause;
      }
    });
}

function tooMany({ at }: Link): GatewayError {
  const message = `${at}: too many addresses are being fetched at the moment. Ask again, or send the data itself, as base64.`;
  return new GatewayError('rate_limited', message, { param: at, rule: 'attachment-url', retryAfterMs: RETRY_AFTER_MS });
}

function tooSlow({ at }: Link, timeoutMs: number): GatewayError {
  const message = `${at}: cannot be fetched: it was not there within ${timeoutMs / 1000} seconds. Send the data itself instead, as base64.`;
  return new GatewayError('invalid_request', message, { param: at, rule: 'attachment-url' });
}

/** For operators who want no fetching at all. */
export const refuseFetches: FetchForClient = async ({ at }) => {
  const message = `${at}: addresses are not fetched here (DRAGOMAN_FETCH_URLS is off). Send the data itself instead, as base64.`;
  throw new GatewayError('invalid_request', message, { param: at, rule: 'attachment-url' });
};
