/** The gateway: conversations in, replies out, whatever the protocols above and the accounts below. */
import { LRUCache } from 'lru-cache';
import type { Conversation } from '../core/conversation.ts';
import { GatewayError } from '../core/errors.ts';
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
import type { Gateway, Lease } from './ports.ts';
import { RetryPlan } from './retry.ts';
import { dispatchSearching } from './web-search/rounds.ts';
import { WebSearches } from './web-search/searches.ts';
import { refusedForm, WireProfileWalk } from './wire-profile-walk.ts';

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

/** From the first account which can list them; what is known already serves when none can. */
async function listModels(context: GatewayContext, catalogues: Catalogues, signal: AbortSignal): Promise<Catalogue> {
  const plan = new RetryPlan(context.clock.random);
  const walk = new WireProfileWalk(context);
  for (;;) {
    let lease: Lease | undefined;
    try {
      const { tried, refresh } = plan;
      lease = await context.pool.lease({ conversationId: 'models', modelId: undefined, tried, refresh, control: true });
      const catalogue = await catalogues.list(lease, signal);
      lease.release(undefined);
      return catalogue;
    } catch (cause) {
      const error = plan.judge(GatewayError.from(cause), lease);
      const hasMoved = walk.moveOnIfAbsent(error, lease);
      lease?.release(hasMoved ? refusedForm(error) : error);
      if (hasMoved) continue;
      const step = signal.aborted ? { type: 'give-up' as const, error } : plan.after(error, lease?.accountId);
      // Worth a wait is only a reply: the list which just failed would not be asked for again so soon anyway.
      if (step.type === 'again' && step.waitMs === 0) continue;
      const known = catalogues.newest();
      if (known) return known;
      throw step.type === 'give-up' ? step.error : error;
    }
  }
}
