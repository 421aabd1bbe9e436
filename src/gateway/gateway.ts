/** The gateway: conversations in, replies out, whatever the protocols above and the accounts below. */
import { LRUCache } from 'lru-cache';
import type { Conversation } from '../core/conversation.ts';
import type { Catalogue } from '../core/models.ts';
import { estimateConversationTokens } from '../core/tokens.ts';
import type { MediaLimits } from '../upstreams/upstream.ts';
import { ask } from './ask.ts';
import { Catalogues } from './catalogues.ts';
import { complete } from './complete.ts';
import type { GatewayContext } from './context.ts';
import { dispatch } from './dispatch.ts';
import { planEmulation } from './emulate/plan.ts';
import { fetchAttachments } from './media/attachments.ts';
import { RefusedDocuments } from './media/refused-documents.ts';
import type { Gateway } from './ports.ts';
import { dispatchSearching } from './web-search/rounds.ts';
import { WebSearches } from './web-search/searches.ts';
import { operationPlan, withLease } from './with-lease.ts';

/** A catalogue has some dozens; clients may invent any number of names. */
const MAX_MODELS = 1_000;

export function createGateway(context: GatewayContext): Gateway {
  const catalogues = new Catalogues(context);
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
  return {
    async ask(request, signal) {
      // Before an account is leased: other people's servers may be slow.
      const fetched = await fetchAttachments(request.conversation, request.client, context.media, signal);
      const adjustments = [...request.adjustments, ...fetched.adjustments];
      const complete = { ...request, conversation: fetched.conversation, adjustments };
      return ask(complete, (asked) =>
        dispatchSearching(asked, { ...searching, dispatch: (one) => dispatch(context, learned, one, signal) }, signal),
      );
    },
    complete: (request, signal) => complete(context, request, signal),
    countTokens: estimateConversationTokens,
    models: (signal) => listModels(context, catalogues, signal),
    status: () => context.pool.status(),
  };
}

/** From the first account that can list them; the newest known list serves when none can. */
async function listModels(context: GatewayContext, catalogues: Catalogues, signal: AbortSignal): Promise<Catalogue> {
  // A list that failed a moment ago is not fetched again so soon, so that a pause would be in vain.
  const plan = operationPlan(context, { conversationId: 'models' }, { signal, maxPauseMs: 0 });
  try {
    return await withLease(context, plan, (lease) => catalogues.list(lease, signal));
  } catch (cause) {
    const known = signal.aborted ? undefined : catalogues.newest();
    if (known) return known;
    throw cause;
  }
}
