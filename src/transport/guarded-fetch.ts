/**
 * Fetches what a client's URL points at, without lending the client our place in the network: a name is resolved
 * once, every address it has must be public, and the connection goes to one of exactly these. Redirects are followed
 * by hand and judged again. Never through a proxy: it would resolve the name a second time, where nobody can check.
 */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Agent, type Dispatcher, request as send } from 'undici';
import { clientClosed, GatewayError } from '../core/errors.ts';
import type { FetchAttachment } from '../gateway/ports.ts';
import { isPublicAddress, judgeUrl, PRIVATE } from './public-address.ts';

export interface GuardedFetchOptions {
  /** `dragoman/<version>`. */
  readonly userAgent: string;
  /** Hosts with ports which may be fetched from although they are private, or the port is unusual. */
  readonly allowed: readonly string[];
  /** For everything together: name, connection, redirects and body. */
  readonly timeoutMs: number;
  /** A proxy is configured, which fetching goes around: said when a connection fails. */
  readonly hasProxy: boolean;
  /** All addresses of a name; the system's resolver unless told otherwise. */
  readonly resolve?: (name: string) => Promise<readonly LookupAddress[]>;
}

const MAX_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function createGuardedFetch(options: GuardedFetchOptions): FetchAttachment {
  const allowed = new Set(options.allowed.map((entry) => entry.toLowerCase()));
  const resolve = options.resolve ?? ((name) => lookup(name, { all: true }));
  return async ({ url, at }, maxBytes, signal) => {
    const timeout = AbortSignal.timeout(options.timeoutMs);
    const fetching = new Fetching({ ...options, resolve }, allowed, at, maxBytes, AbortSignal.any([signal, timeout]));
    try {
      return await fetching.follow(url);
    } catch (cause) {
      if (signal.aborted) throw clientClosed();
      if (cause instanceof GatewayError) throw cause;
      if (timeout.aborted) throw refuse(at, `it was not there within ${options.timeoutMs / 1000} seconds`, cause);
      const hint = options.hasProxy ? '; addresses are fetched directly, never through the configured proxy' : '';
      throw refuse(at, `the server could not be reached${codeOf(cause)}${hint}`, cause);
    }
  };
}

class Fetching {
  readonly #options: Required<GuardedFetchOptions>;
  readonly #allowed: ReadonlySet<string>;
  readonly #at: string;
  readonly #maxBytes: number;
  readonly #signal: AbortSignal;

  constructor(
    options: Required<GuardedFetchOptions>,
    allowed: ReadonlySet<string>,
    at: string,
    maxBytes: number,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#allowed = allowed;
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
    const { url, addresses } = await this.#judge(text);
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

  /** The addresses to connect to: those of the name as they are now, all of them public. */
  async #judge(text: string): Promise<{ readonly url: URL; readonly addresses: readonly LookupAddress[] }> {
    const judged = judgeUrl(text, (hostAndPort) => this.#allowed.has(hostAndPort));
    if (judged.type === 'refused') throw refuse(this.#at, judged.why);
    const { url, host, isVouchedFor } = judged;
    const family = isIP(host);
    if (family !== 0) return { url, addresses: [{ address: host, family }] };
    const addresses = await orAborted(this.#options.resolve(host), this.#signal);
    if (addresses.length === 0) throw refuse(this.#at, 'the name of the server is not known');
    if (!isVouchedFor && !addresses.every(({ address }) => isPublicAddress(address))) throw refuse(this.#at, PRIVATE);
    return { url, addresses };
  }

  async #read(
    { statusCode, headers, body }: Dispatcher.ResponseData,
    url: URL,
  ): Promise<Uint8Array | { readonly location: string }> {
    const { location } = headers;
    if (REDIRECTS.has(statusCode) && typeof location === 'string') {
      const target = URL.parse(location, url);
      if (!target) throw refuse(this.#at, 'it redirects to something which is no address');
      // As it was written if it stands for itself: the way a host is written is judged too.
      return { location: /^[a-z][a-z0-9+.-]*:/i.test(location) ? location : target.href };
    }
    if (statusCode !== 200) throw refuse(this.#at, `the server answered ${statusCode}`);
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      throw refuse(this.#at, 'the server compresses its answer although it was asked not to');
    if (Number(headers['content-length']) > this.#maxBytes) throw this.#tooLarge();
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      // undici's body is a stream of buffers; its type says any.
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

/** Connects to nothing but these, whatever the name means by then. The certificate must still be the name's. */
function pinnedTo(addresses: readonly LookupAddress[]): Agent {
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

/** Nothing about the network is told: neither what a name resolves to nor what answers there. */
function refuse(at: string, why: string, cause?: unknown): GatewayError {
  const message = `${at}: cannot be fetched: ${why}. Send the data itself instead, as base64.`;
  return new GatewayError('invalid_request', message, { param: at, rule: 'attachment-url', cause });
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : '';
}
