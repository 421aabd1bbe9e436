/** Runs searches at the service, and tells whether an account can search. */
import { randomUUID } from 'node:crypto';
import { clientClosed, type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { WebResult, WebSearchFailure, WebSearchOption, WebSearchOutcome } from '../../core/web-search.ts';
import type { UpstreamWebSearch } from '../../upstreams/upstream.ts';
import { authorized, explainRefusal, type GatewayContext, isSuccess, readText } from '../context.ts';
import type { Lease, LeaseRequest } from '../ports.ts';
import { operationPlan, withLease } from '../with-lease.ts';
import { SearchForms } from './forms.ts';

/** The origin of a search. The conversation routes it to the account that answers the conversation. */
export type Searcher = Pick<LeaseRequest, 'conversationId' | 'group'>;

export interface SearchResult {
  readonly outcome: WebSearchOutcome;
  /** The query was longer than the service accepts. */
  readonly isQueryShortened: boolean;
}

const TIMEOUT_MS = 20_000;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export class WebSearches {
  readonly #context: GatewayContext;
  readonly #forms: SearchForms;

  constructor(context: GatewayContext) {
    this.#context = context;
    this.#forms = new SearchForms(() => context.clock.now());
  }

  /** Does not call the service. Rejects with `client_closed` only. */
  async isAvailable(searcher: Searcher, signal: AbortSignal): Promise<boolean> {
    const { upstream, log } = this.#context;
    const { webSearch } = upstream;
    if (!webSearch) return false;
    try {
      return await this.#withLease(
        searcher,
        async ({ accountId, access }) =>
          webSearch.forms(access) > 0 && !this.#forms.isRefused(accountId, access.wireProfile),
        signal,
      );
    } catch (cause) {
      if (signal.aborted) throw clientClosed();
      log.debug?.({ code: GatewayError.from(cause).code }, 'no account is available for a web search');
      return false;
    }
  }

  /** Rejects with `client_closed` only: a search that fails is an outcome. */
  async search(
    query: string,
    searchId: string,
    option: WebSearchOption,
    searcher: Searcher,
    signal: AbortSignal,
  ): Promise<SearchResult> {
    const { webSearch } = this.#context.upstream;
    let isQueryShortened = false;
    try {
      const results = await this.#withLease(
        searcher,
        (lease, isRenewed) => {
          if (!webSearch) throw new GatewayError('feature_not_supported', 'Web search is disabled.');
          const fitted = webSearch.fitQuery(lease.access, query);
          isQueryShortened = fitted !== query;
          return this.#searchWith(webSearch, lease, { query: fitted, callId: searchId, isRenewed }, signal);
        },
        signal,
      );
      return {
        outcome: { type: 'found', results: results.filter(({ url }) => isWanted(url, option)) },
        isQueryShortened,
      };
    } catch (cause) {
      if (signal.aborted) throw clientClosed();
      const { code, message } = GatewayError.from(cause);
      this.#context.log.warn({ searchId, code, message }, 'a web search failed');
      return { outcome: { type: 'failed', reason: reasonOf(code) }, isQueryShortened };
    }
  }

  /** Tries the form that worked last, then the others, and remembers which one works for the account and wire profile. */
  async #searchWith(
    webSearch: UpstreamWebSearch,
    lease: Lease,
    { query, callId, isRenewed }: { query: string; callId: string; isRenewed: boolean },
    signal: AbortSignal,
  ): Promise<readonly WebResult[]> {
    const { accountId, access } = lease;
    const invocation = { id: randomUUID(), attempt: 1 };
    let refusal: GatewayError | undefined;
    for (const form of this.#forms.order(accountId, access.wireProfile, webSearch.forms(access))) {
      try {
        const request = webSearch.encodeSearch(access, { query, callId, form }, invocation);
        const results = webSearch.decodeSearch(await this.#send(request, lease, signal));
        this.#forms.worked(accountId, access.wireProfile, form);
        return results;
      } catch (cause) {
        const error = GatewayError.from(cause);
        if (signal.aborted || !mayBeTheForm(error.code, isRenewed)) throw error;
        this.#context.log.debug?.({ accountId, form, code: error.code }, 'a form of the web search was refused');
        refusal ??= error;
      }
    }
    this.#forms.refused(accountId, access.wireProfile);
    const message = refusal?.message ?? 'This account cannot search the web.';
    throw new GatewayError('feature_not_supported', message, { cause: refusal, upstream: refusal?.upstream });
  }

  async #send(request: Parameters<typeof authorized>[0], lease: Lease, signal: AbortSignal): Promise<string> {
    const { upstream, send } = this.#context;
    const answer = await send(authorized(request, lease), AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]));
    if (!isSuccess(answer)) throw await explainRefusal(upstream, answer, request);
    return readText(answer, MAX_ANSWER_BYTES);
  }

  #withLease<T>(
    searcher: Searcher,
    work: (lease: Lease, isRenewed: boolean) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const { conversationId, group } = searcher;
    const options = { signal, aboutOperation: ABOUT_THE_FEATURE, maxPauseMs: MAX_PAUSE_MS };
    const plan = operationPlan(this.#context, { conversationId, group }, options);
    return withLease(this.#context, plan, (lease, { isRenewed }) => work(lease, isRenewed));
  }
}

/** The model waits meanwhile: a broken connection is worth another attempt, a crowded service is not. */
const MAX_PAUSE_MS = 500;
/** An account without a search is as good as any other for everything else. */
const ABOUT_THE_FEATURE: ReadonlySet<ErrorCode> = new Set(['feature_not_supported']);

/** A renewed token that is refused again still works for chats: the host rejects the form or the user agent. */
function mayBeTheForm(code: ErrorCode, isRenewed: boolean): boolean {
  return FORM_REFUSALS.has(code) || (code === 'token_rejected' && isRenewed);
}

const FORM_REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'upstream_refused',
  'upstream_not_found',
  'profile_required',
  'permission_denied',
  'feature_not_supported',
]);

function reasonOf(code: ErrorCode): WebSearchFailure {
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

/** The service has no option for domains, so its results are filtered here. */
function isWanted(url: WebResult['url'], { allowedDomains, blockedDomains }: WebSearchOption): boolean {
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
