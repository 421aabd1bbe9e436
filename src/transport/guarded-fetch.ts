/**
 * Fetches a client's URL without giving the client access to dragoman's network. A name is resolved
 * once, all its addresses must be public, and the connection goes to one of them. Redirects are followed
 * manually and checked again. Proxies are never used, because they resolve the name again, unchecked.
 */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { clientClosed, GatewayError } from '../core/errors.ts';
import type { FetchAttachment } from '../gateway/ports.ts';
import { isPublicAddress, judgeUrl, PRIVATE } from './public-address.ts';
import { Agent, type Dispatcher } from './undici.ts';

export interface GuardedFetchOptions {
  /** `dragoman/<version>`. */
  readonly userAgent: string;
  /** Hosts with ports that are allowed even if private or on an unusual port. */
  readonly allowed: readonly string[];
  /** For the whole fetch: name, connection, redirects and body. */
  readonly timeoutMs: number;
  /** True if a proxy is configured, which fetches bypass: mentioned if a connection fails. */
  readonly hasProxy: boolean;
  /** Resolves a name to all its addresses; defaults to the system's resolver. */
  readonly resolve?: (name: string) => Promise<readonly LookupAddress[]>;
}

const MAX_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function createGuardedFetch(options: GuardedFetchOptions): FetchAttachment {
  return async ({ url, at }, maxBytes, signal) => {
    const timeout = AbortSignal.timeout(options.timeoutMs);
    const fetching = new Fetching(options, at, maxBytes, AbortSignal.any([signal, timeout]));
    try {
      return await fetching.follow(url);
    } catch (cause) {
      if (signal.aborted) throw clientClosed();
      if (cause instanceof GatewayError) throw cause;
      if (timeout.aborted) throw refuse(at, `it did not arrive within ${options.timeoutMs / 1000} seconds`, cause);
      const hint = options.hasProxy ? '; URLs are fetched directly, not through the configured proxy' : '';
      throw refuse(at, `the server is unreachable${codeOf(cause)}${hint}`, cause);
    }
  };
}

class Fetching {
  readonly #options: GuardedFetchOptions;
  readonly #at: string;
  readonly #maxBytes: number;
  readonly #signal: AbortSignal;

  constructor(options: GuardedFetchOptions, at: string, maxBytes: number, signal: AbortSignal) {
    this.#options = options;
    this.#at = at;
    this.#maxBytes = maxBytes;
    this.#signal = signal;
  }

  async follow(text: string): Promise<Uint8Array> {
    let next = text;
    for (let redirects = 0; ; redirects += 1) {
      const got = await this.#get(next);
      if (got instanceof Uint8Array) return got;
      if (redirects === MAX_REDIRECTS) throw refuse(this.#at, `it redirects more than ${MAX_REDIRECTS} times`);
      next = got.location;
    }
  }

  async #get(text: string): Promise<Uint8Array | { readonly location: string }> {
    const refuseThis = (why: string) => refuse(this.#at, why);
    const { url, addresses } = await resolveGuarded(text, this.#options, this.#signal, refuseThis);
    const { request: send } = await import('undici');
    const dispatcher = pinnedTo(addresses);
    try {
      const answer = await send(url, {
        dispatcher,
        method: 'GET',
        headers: { 'user-agent': this.#options.userAgent, accept: '*/*', 'accept-encoding': 'identity' },
        signal: this.#signal,
      });
      return await this.#read(answer, url);
    } finally {
      dispatcher.destroy().catch(() => {});
    }
  }

  async #read(
    { statusCode, headers, body }: Dispatcher.ResponseData,
    url: URL,
  ): Promise<Uint8Array | { readonly location: string }> {
    const { location } = headers;
    if (REDIRECTS.has(statusCode) && typeof location === 'string') {
      const target = URL.parse(location, url);
      if (!target) throw refuse(this.#at, 'it redirects to an invalid URL');
      // Keep an absolute location as written, because the check covers how a host is written.
      return { location: /^[a-z][a-z0-9+.-]*:/i.test(location) ? location : target.href };
    }
    if (statusCode !== 200) throw refuse(this.#at, `the server responded with ${statusCode}`);
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      throw refuse(this.#at, 'the server compressed the response against `accept-encoding`');
    if (Number(headers['content-length']) > this.#maxBytes) throw this.#tooLarge();
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      // undici's body is a stream of buffers, typed as any.
      bytes += chunk.length;
      if (bytes > this.#maxBytes) throw this.#tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  #tooLarge(): GatewayError {
    return refuse(this.#at, `it is larger than ${this.#maxBytes} bytes`);
  }
}

/** Resolves the addresses to connect to, all of which must be public or allowed. Rejects with an error of `refuse`. */
export async function resolveGuarded(
  text: string,
  { allowed, resolve = (name) => lookup(name, { all: true }) }: Pick<GuardedFetchOptions, 'allowed' | 'resolve'>,
  signal: AbortSignal,
  refuse: (why: string) => Error,
): Promise<{ readonly url: URL; readonly addresses: readonly LookupAddress[] }> {
  const judged = judgeUrl(text, (hostAndPort) => allowed.some((entry) => entry.toLowerCase() === hostAndPort));
  if (judged.type === 'refused') throw refuse(judged.why);
  const { url, host, isVouchedFor } = judged;
  const family = isIP(host);
  if (family !== 0) return { url, addresses: [{ address: host, family }] };
  const addresses = await orAborted(resolve(host), signal);
  if (addresses.length === 0) throw refuse('the host name does not exist');
  if (!isVouchedFor && !addresses.every(({ address }) => isPublicAddress(address))) throw refuse(PRIVATE);
  return { url, addresses };
}

/** Connects only to these addresses, without resolving the name again. The certificate must still match the name. */
export function pinnedTo(addresses: readonly LookupAddress[]): Dispatcher {
  return new Agent({
    connections: 1,
    pipelining: 0,
    maxHeaderSize: 32 * 1024,
    connect: {
      lookup(_name, { all }, callback) {
        const [first] = addresses;
        if (all) callback(null, [...addresses]);
        else callback(null, first?.address ?? '', first?.family ?? 0);
      },
    },
  });
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Reveals nothing about the network: neither what a name resolves to nor what responds there. */
function refuse(at: string, why: string, cause?: unknown): GatewayError {
  const message = `${at}: could not fetch the URL: ${why}. Send the data as base64 instead.`;
  return new GatewayError('invalid_request', message, { param: at, rule: 'attachment-url', cause });
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : '';
}
