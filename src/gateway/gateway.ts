/** Composes the gateway, which turns conversations into replies and knows neither protocols nor credentials. */
import { LRUCache } from 'lru-cache';
import type { Conversation } from '../core/conversation.ts';
import type { Catalogue } from '../core/models.ts';
import { estimateConversationTokens } from '../core/tokens.ts';
import type { MediaLimits } from '../upstreams/upstream.ts';
import { AccountCatalogues } from './account-models.ts';
import { ask } from './ask.ts';
import { Catalogues } from './catalogues.ts';
import { complete } from './complete.ts';
import type { GatewayContext } from './context.ts';
import { type DispatchRequest, dispatch } from './dispatch.ts';
import { planEmulation } from './emulate/plan.ts';
import { fetchAttachments, type Prepared } from './media/attachments.ts';
import { hasAttachments } from './media/parts.ts';
import { RefusedDocuments } from './media/refused-documents.ts';
import { chooseModel, visibleCatalogue } from './model-access.ts';
import type { Answer, AskRequest, Gateway } from './ports.ts';
import { dispatchSearching } from './web-search/rounds.ts';
import { WebSearches } from './web-search/searches.ts';
import { operationPlan, withLease } from './with-lease.ts';

/** A catalogue lists a few dozen models, but clients may send any number of names. */
const MAX_MODELS = 1_000;

export function createGateway(context: GatewayContext): Gateway {
  const catalogues = new Catalogues(context);
  const byAccount = new AccountCatalogues(context, catalogues);
  const learned = {
    catalogues,
    expectedLimits: new LRUCache<string, MediaLimits>({ max: MAX_MODELS }),
    refusedDocuments: new RefusedDocuments(),
    alwaysThinking: new LRUCache<string, true>({ max: MAX_MODELS }),
  };
  const searching = {
    searches: new WebSearches(context),
    plan: (conversation: Conversation) => planEmulation(conversation),
  };
  const start = (request: AskRequest, signal: AbortSignal): Promise<Answer> => {
    // Before anything is fetched or leased, if the models are known; otherwise once an account has listed them.
    const known = request.models && catalogues.newest();
    if (known) chooseModel(request.conversation.model, known, request.models, context.upstream);
    const dispatchOne = (round: DispatchRequest) => dispatch(context, learned, round, signal);
    const tools = { ...searching, dispatch: dispatchOne };
    const send = (planned: DispatchRequest) => dispatchSearching(planned, tools, signal);
    if (!hasAttachments(request.conversation)) return ask(request, send);
    // Before an account is leased, because the servers of attachments may be slow.
    return fetchAttachments(request.conversation, request.client, context.media, signal).then((fetched) =>
      ask(fetched.conversation === request.conversation ? request : withFetched(request, fetched), send),
    );
  };
  return {
    ask(request, signal) {
      try {
        return start(request, signal);
      } catch (cause) {
        return Promise.reject(cause);
      }
    },
    complete: (request, signal) => complete(context, request, signal),
    countTokens: estimateConversationTokens,
    async models(signal, { group, models: patterns } = {}) {
      const full = await listModels(context, catalogues, group, signal);
      return patterns ? visibleCatalogue(full, patterns, context.upstream) : full;
    },
    accountModels: (accountIds) => byAccount.list(accountIds),
    status: () => context.pool.status(),
  };
}

function withFetched(request: AskRequest, { conversation, adjustments }: Prepared): AskRequest {
  return { ...request, conversation, adjustments: [...request.adjustments, ...adjustments] };
}

/** Lists the models of the first account that can list them, or returns the newest known list if none can. */
async function listModels(
  context: GatewayContext,
  catalogues: Catalogues,
  group: string | undefined,
  signal: AbortSignal,
): Promise<Catalogue> {
  // No pauses: a list that failed a moment ago is not fetched again so soon.
  const plan = operationPlan(context, { conversationId: 'models', group }, { signal, maxPauseMs: 0 });
  try {
    return await withLease(context, plan, (lease) => catalogues.list(lease, signal));
  } catch (cause) {
    const known = signal.aborted ? undefined : catalogues.newest();
    if (known) return known;
    throw cause;
  }
}
