/** Searches at the service: whether an account has the search, asked once in a while, and what a search finds. */
import { GatewayError } from '../../core/errors.ts';
import type { WebResult, WebSearchFailure, WebSearchOutcome, WebSearchWish } from '../../core/web-search.ts';
import type { UpstreamRequest } from '../../upstreams/upstream.ts';
import { authorized, clientClosed, explainRefusal, type GatewayContext, isSuccess, readText } from '../context.ts';
import type { Lease, LeaseRequest } from '../ports.ts';
import { RetryPlan } from '../retry.ts';

/** Whose search it is: by the conversation, so that it goes where its replies come from. */
export type Searcher = Pick<LeaseRequest, 'conversationId' | 'group'>;

const FRESH_MS = 60 * 60_000;
/** The service may have been ill. */
const FRESH_REFUSAL_MS = 10 * 60_000;
const TIMEOUT_MS = 20_000;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export class WebSearches {
  readonly #context: GatewayContext;
  readonly #known = new Map<string, { readonly has: boolean; readonly untilMs: number }>();

  constructor(context: GatewayContext) {
    this.#context = context;
  }

  /** Never throws but `client_closed`: a search which cannot be asked for is none. */
  async isAvailable(searcher: Searcher, signal: AbortSignal): Promise<boolean> {
    if (!this.#context.upstream.webSearch) return false;
    try {
      return await this.#withLease(searcher, (lease) => this.#has(lease, signal), signal);
    } catch (cause) {
      if (signal.aborted) throw clientClosed();
      this.#context.log.debug(
        { code: GatewayError.from(cause).code },
        'nobody could say whether there is a web search',
      );
      return false;
    }
  }

  /** Throws `client_closed` alone: a search which fails is an outcome. */
  async search(
    query: string,
    searchId: string,
    wish: WebSearchWish,
    searcher: Searcher,
    signal: AbortSignal,
  ): Promise<WebSearchOutcome> {
    const { webSearch } = this.#context.upstream;
    if (!webSearch) return { type: 'failed', reason: 'unavailable' };
    try {
      const results = await this.#withLease(
        searcher,
        async (lease) =>
          webSearch.decodeSearch(
            await this.#send(webSearch.encodeSearch(lease.access, query, searchId), lease, signal),
          ),
        signal,
      );
      return { type: 'found', results: results.filter(({ url }) => isWanted(url, wish)) };
    } catch (cause) {
      if (signal.aborted) throw clientClosed();
      const { code, message } = GatewayError.from(cause);
      this.#context.log.warn({ searchId, code, message }, 'a web search failed');
      return { type: 'failed', reason: reasonOf(code) };
    }
  }

  async #has({ accountId, access, ...lease }: Lease, signal: AbortSignal): Promise<boolean> {
    const { upstream, clock } = this.#context;
    const known = this.#known.get(accountId);
    if (known && clock.now() < known.untilMs) return known.has;
    const { webSearch } = upstream;
    if (!webSearch) return false;
    try {
      const body = await this.#send(webSearch.encodeAvailable(access), { accountId, access, ...lease }, signal);
      return this.#learn(accountId, webSearch.decodeAvailable(body), FRESH_MS);
    } catch (cause) {
      const error = GatewayError.from(cause);
      // A refused token is about to be replaced: then it is asked again.
      if (signal.aborted || error.policy.retry === 'after-refresh') throw error;
      this.#context.log.debug({ accountId, code: error.code }, 'this account did not say that it has a web search');
      return this.#learn(accountId, false, FRESH_REFUSAL_MS);
    }
  }

  #learn(accountId: string, has: boolean, freshMs: number): boolean {
    this.#known.set(accountId, { has, untilMs: this.#context.clock.now() + freshMs });
    return has;
  }

  async #send(request: UpstreamRequest, lease: Lease, signal: AbortSignal): Promise<string> {
    const { upstream, send } = this.#context;
    const answer = await send(authorized(request, lease), AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]));
    if (!isSuccess(answer)) throw await explainRefusal(upstream, answer);
    return readText(answer, MAX_ANSWER_BYTES);
  }

  /** Tried again, as far as the error table says so, while that takes no waiting: the model is waiting already. */
  async #withLease<T>(
    { conversationId, group }: Searcher,
    work: (lease: Lease) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const plan = new RetryPlan(this.#context.clock.random);
    for (;;) {
      let lease: Lease | undefined;
      try {
        const { tried, refresh } = plan;
        const wanted = { conversationId, modelId: undefined, tried, refresh, group, signal, control: true };
        lease = await this.#context.pool.lease(wanted);
        const result = await work(lease);
        lease.release(undefined);
        return result;
      } catch (cause) {
        const error = plan.judge(signal.aborted ? clientClosed() : GatewayError.from(cause), lease);
        lease?.release(error);
        const step = plan.after(error, lease?.accountId);
        if (step.type === 'give-up') throw step.error;
        if (step.waitMs > 0) throw error;
      }
    }
  }
}

function reasonOf(code: GatewayError['code']): WebSearchFailure {
  switch (code) {
    case 'account_throttled':
    case 'upstream_throttled':
    case 'quota_exhausted':
    case 'daily_limit':
      return 'throttled';
    default:
      return 'unavailable';
  }
}

/** The service knows no such wish, so what it found is sifted. */
function isWanted(url: WebResult['url'], { allowedDomains, blockedDomains }: WebSearchWish): boolean {
  const { hostname, pathname } = new URL(url);
  const isIn = (domain: string): boolean => {
    const [host = '', ...path] = domain
      .toLowerCase()
      .replace(/^https?:\/\//, '')
      .split('/');
    const isHost = hostname === host || hostname.endsWith(`.${host}`);
    return isHost && pathname.startsWith(`/${path.join('/')}`);
  };
  if (blockedDomains.some(isIn)) return false;
  return allowedDomains.length === 0 || allowedDomains.some(isIn);
}
