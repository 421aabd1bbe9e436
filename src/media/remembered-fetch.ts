/**
 * Fetches the URLs in clients' requests and caches the content: an agent sends its whole history with every request,
 * and content once shown to the model must not change when the URL's content does.
 */
import { LRUCache } from 'lru-cache';
import { KeyedSemaphore, QueueFullError, Semaphore } from '../core/async.ts';
import { GatewayError } from '../core/errors.ts';
import type { FetchAttachment, FetchForClient, Link } from '../gateway/ports.ts';
import { Remembered } from './remembered.ts';

const REMEMBERED_BYTES = 64 * 1024 * 1024;
const MAX_CONCURRENT = 16;
/** Half of all, so that one client cannot block the others. */
const MAX_CONCURRENT_PER_CLIENT = 8;
/** Four requests with the maximum number of URLs each. */
const MAX_QUEUED_PER_CLIENT = 400;
const MAX_QUEUED = 1_000;
const RETRY_AFTER_MS = 2_000;
/** A dead address in a history would otherwise make every turn wait for its timeout. */
const FAILURE_MS = 5 * 60_000;
const MAX_FAILURES = 1_000;

interface FetchBounds {
  readonly maxBytes: number;
  /** For one URL, including the time in the queue. */
  readonly timeoutMs: number;
}

/** A fetch continues if its client disconnects: others may wait for the same URL, and every fetch has a timeout. */
export function rememberFetches(fetch: FetchAttachment, { maxBytes, timeoutMs }: FetchBounds): FetchForClient {
  const cache = new Remembered<Uint8Array>(REMEMBERED_BYTES, ({ length }) => length + 1_000);
  const all = new Semaphore(MAX_CONCURRENT, MAX_QUEUED);
  const byClient = new KeyedSemaphore(MAX_CONCURRENT_PER_CLIENT, MAX_QUEUED_PER_CLIENT);
  // By the clock that tests can move.
  const failures = new LRUCache<string, GatewayError>({ max: MAX_FAILURES, ttl: FAILURE_MS, perf: Date });
  const fetchOrRecall: FetchForClient = (link, client) =>
    cache.get(`${client} ${maxBytes}`, link.url, async () => {
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        // A fetch waits for a slot of its client first, and then for a slot among all clients.
        const fetchInTurn = () => all.run(() => fetch(link, maxBytes, deadline), deadline);
        return await byClient.run(client, fetchInTurn, deadline);
      } catch (cause) {
        if (cause instanceof QueueFullError) throw tooMany(link);
        // Only the deadline aborts a fetch started here.
        if (cause instanceof GatewayError && cause.code === 'client_closed') throw tooSlow(link, timeoutMs);
        throw cause;
      }
    });
  return async (link, client) => {
    const key = `${client} ${link.url}`;
    const failure = link.isOptional ? failures.get(key) : undefined;
    if (failure) throw failure;
    try {
      return await fetchOrRecall(link, client);
    } catch (cause) {
      if (cause instanceof GatewayError && cause.code === 'invalid_request') failures.set(key, cause);
      throw cause;
    }
  };
}

function tooMany({ at }: Link): GatewayError {
  const message = `${at}: too many URLs are being fetched at the moment. Try again later, or send the data itself, as base64.`;
  return new GatewayError('rate_limited', message, { param: at, rule: 'attachment-url', retryAfterMs: RETRY_AFTER_MS });
}

function tooSlow({ at }: Link, timeoutMs: number): GatewayError {
  const message = `${at}: cannot be fetched: it took longer than ${timeoutMs / 1000} seconds. Send the data itself instead, as base64.`;
  return new GatewayError('invalid_request', message, { param: at, rule: 'attachment-url' });
}

/** Used when the operator has turned fetching off. */
export const refuseFetches: FetchForClient = async ({ at }) => {
  const message = `${at}: URLs are not fetched here (DRAGOMAN_FETCH_URLS is off). Send the data itself instead, as base64.`;
  throw new GatewayError('invalid_request', message, { param: at, rule: 'attachment-url' });
};
