/** Leases an account that has the request's model, and fits the request's attachments to the limits of that model. */
import type { LRUCache } from 'lru-cache';
import { type MaybePromise, whenReady } from '../core/async.ts';
import { clientClosed, GatewayError } from '../core/errors.ts';
import type { Catalogue } from '../core/models.ts';
import type { ConversationIds, MediaLimits, ResolvedModel } from '../upstreams/upstream.ts';
import type { Catalogues } from './catalogues.ts';
import type { GatewayContext } from './context.ts';
import type { Prepared } from './media/attachments.ts';
import { AttachmentFitting } from './media/fitting.ts';
import type { RefusedDocuments } from './media/refused-documents.ts';
import { chooseModel } from './model-access.ts';
import type { AskRequest, Lease, LeaseRequest } from './ports.ts';
import type { RetryPlan } from './retry.ts';
import { refuseUnknownName } from './unknown-model.ts';

const NO_MODELS: Catalogue = { models: [], defaultModelId: undefined };

/** Observations of earlier requests that later ones use. */
export interface Learned {
  readonly catalogues: Catalogues;
  /**
   * The media limits of the last request for each model, by the name that clients use. Very likely those of the next one;
   * a wrong or missing entry costs a second lease.
   */
  readonly expectedLimits: LRUCache<string, MediaLimits>;
  readonly refusedDocuments: RefusedDocuments;
  /**
   * Ids of models that refuse to turn thinking off although their schema offers it. Their requests have the lowest effort
   * instead, so that the service does not refuse the same request every time.
   */
  readonly alwaysThinking: LRUCache<string, true>;
}

/** The request's model as one account offers it. */
export interface Target {
  readonly catalogue: Catalogue;
  readonly model: ResolvedModel;
  readonly limits: MediaLimits;
}

/** A lease with what depends on its account. */
export interface PreparedLease {
  readonly lease: Lease;
  readonly target: Target;
  readonly fitted: Prepared;
}

type LeasingRequest = Pick<AskRequest, 'requestId' | 'conversation' | 'group' | 'models'> & {
  readonly ids: ConversationIds;
};

/** For all attempts of one request. */
export class ModelLeasing {
  readonly #context: GatewayContext;
  readonly #learned: Learned;
  readonly #request: LeasingRequest;
  readonly #signal: AbortSignal;
  readonly #fitting: AttachmentFitting;

  constructor(context: GatewayContext, learned: Learned, request: LeasingRequest, signal: AbortSignal) {
    this.#context = context;
    this.#learned = learned;
    this.#request = request;
    this.#signal = signal;
    this.#fitting = new AttachmentFitting(request.conversation, context.media, signal);
  }

  /** Leases an account and fits the attachments to its model. No lease is held while attachments are being fitted. */
  lease(retry: RetryPlan): MaybePromise<PreparedLease> {
    if (this.#fitting.isNeeded) return this.#leaseFitting(retry);
    return whenReady(this.#leaseOffering(retry), (lease) =>
      whenReady(this.#targetOf(lease), (target) => ({ lease, target, fitted: this.#fitting.unchanged })),
    );
  }

  async #leaseFitting(retry: RetryPlan): Promise<PreparedLease> {
    await this.#prepareExpected();
    for (;;) {
      const lease = await this.#leaseOffering(retry);
      const target = await this.#targetOf(lease);
      const fitted = this.#fitting.find(target.limits);
      if (fitted) return { lease, target, fitted };
      lease.cancel();
      await this.#fitting.prepare(target.limits);
    }
  }

  async #prepareExpected(): Promise<void> {
    const expected = this.#learned.expectedLimits.get(this.#request.conversation.model);
    if (expected) await this.#fitting.prepare(this.#limitsFor(expected));
  }

  #targetOf(lease: Lease): MaybePromise<Target> {
    const release = (cause: unknown): never => {
      lease.release(GatewayError.from(cause));
      throw cause;
    };
    try {
      const known = this.#learned.catalogues.known(lease);
      if (known) return this.#target(lease, known);
      return this.#listModels(lease)
        .then((listed) => this.#target(lease, listed))
        .catch(release);
    } catch (cause) {
      return release(cause);
    }
  }

  /**
   * Leases an account that offers the model, if there is one. Models are listed only with a lease, so if the first list of
   * the leased account lacks the model, another account is leased.
   */
  #leaseOffering(retry: RetryPlan): MaybePromise<Lease> {
    return whenReady(this.#leaseAny(retry), (lease) =>
      this.#offers(lease.accountId) === undefined ? this.#listAndLease(lease, retry) : lease,
    );
  }

  async #listAndLease(lease: Lease, retry: RetryPlan): Promise<Lease> {
    try {
      await this.#listModels(lease);
    } catch (cause) {
      lease.release(GatewayError.from(cause));
      throw cause;
    }
    if (this.#offers(lease.accountId) !== false) return lease;
    lease.release(new GatewayError('unknown_model', 'This account does not offer the model.'));
    return this.#leaseOffering(retry);
  }

  /** undefined: not known yet. */
  #offers(accountId: string): boolean | undefined {
    return this.#learned.catalogues.offers(accountId, this.#request.conversation.model);
  }

  #leaseAny({ tried, refresh }: RetryPlan): MaybePromise<Lease> {
    if (this.#signal.aborted) throw clientClosed();
    const { ids, conversation, group } = this.#request;
    const { conversationId } = ids;
    const modelId = conversation.model;
    const offers: LeaseRequest['offers'] = (accountId) => this.#offers(accountId);
    return this.#context.pool.lease({ conversationId, modelId, tried, refresh, group, offers, signal: this.#signal });
  }

  #target(lease: Lease, full: Catalogue): Target {
    const { upstream, unknownModels } = this.#context;
    const { conversation, models: patterns } = this.#request;
    const { catalogue, model } = chooseModel(conversation.model, full, patterns, upstream);
    if (model.match === 'default' && unknownModels === 'refuse') throw refuseUnknownName(conversation.model, catalogue);
    const limits = upstream.mediaLimits(lease.access, model);
    this.#learned.expectedLimits.set(conversation.model, limits);
    return { catalogue, model, limits: this.#limitsFor(limits) };
  }

  #limitsFor(limits: MediaLimits): MediaLimits {
    return this.#learned.refusedDocuments.limitsFor(this.#request.ids.conversationId, limits);
  }

  /** The list helps to resolve aliases, but a chat does not fail without it. */
  async #listModels(lease: Lease): Promise<Catalogue> {
    try {
      return await this.#learned.catalogues.list(lease, this.#signal);
    } catch (cause) {
      if (this.#signal.aborted) throw clientClosed();
      const { code } = GatewayError.from(cause);
      this.#context.log.debug?.(
        { requestId: this.#request.requestId, accountId: lease.accountId, code },
        'could not list models; the name is sent unchanged',
      );
      return NO_MODELS;
    }
  }
}
