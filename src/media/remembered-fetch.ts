/**
 * Fetches the addresses in clients' requests, and remembers what was there: an agent sends its whole history each time,
 * and what it once showed the model must stay the same, whatever the address says later or no longer says.
 */
import { GatewayError } from '../core/errors.ts';
import type { FetchAttachment, FetchForClient } from '../gateway/ports.ts';
import { Remembered } from './remembered.ts';
import { Turnstile } from './turnstile.ts';

const REMEMBERED_BYTES = 64 * 1024 * 1024;
const AT_A_TIME = 8;

/** A client which leaves ends nothing: others may wait for the same thing, and `fetch` ends by itself. */
export function rememberFetches(fetch: FetchAttachment, maxBytes: number): FetchForClient {
  const fetched = new Remembered<Uint8Array>(REMEMBERED_BYTES, ({ length }) => length + 1_000);
  const turnstile = new Turnstile(AT_A_TIME);
  return (link, client) =>
    fetched.get(`${client} ${maxBytes}`, link.url, () =>
      turnstile.pass(() => fetch(link, maxBytes, new AbortController().signal)),
    );
}

/** For operators who want no fetching at all. */
export const refuseFetches: FetchForClient = async ({ at }) => {
  const message = `${at}: addresses are not fetched here (DRAGOMAN_FETCH_URLS is off). Send the data itself instead, as base64.`;
  throw new GatewayError('invalid_request', message, { param: at, rule: 'attachment-url' });
};
