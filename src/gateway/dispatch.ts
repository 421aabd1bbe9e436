/** Sends a request to the upstream through an account that has its model, with further attempts if the first ones fail. */
import { randomUUID } from 'node:crypto';
import type { LRUCache } from 'lru-cache';
import type { Adjustment } from '../core/adjustments.ts';
import { clientClosed, GatewayError } from '../core/errors.ts';
import type { Catalogue } from '../core/models.ts';
import { timeSlices } from '../core/steps.ts';
import type { Figure } from '../core/usage.ts';
import type {
  ConversationIds,
  EncodedChat,
  FirstAid,
  MediaLimits,
  ReplyDecoder,
  ResolvedModel,
} from '../upstreams/upstream.ts';
import { endAttempt } from './attempts.ts';
import type { UpstreamExchange } from './captures/capture.ts';
import type { Catalogues } from './catalogues.ts';
import { authorized, endsWithConnection, explainRefusal, type GatewayContext, isSuccess } from './context.ts';
import type { EmulationPlan } from './emulate/plan.ts';
import { FirstAidRetry } from './first-aid-retry.ts';
import type { Prepared } from './media/attachments.ts';
import { AttachmentFitting } from './media/fitting.ts';
import type { RefusedDocuments } from './media/refused-documents.ts';
import { chooseModel } from './model-access.ts';
import type { Answer, AskRequest, Lease, LeaseRequest, UpstreamAnswer } from './ports.ts';
import { ReplyStream } from './reply-stream.ts';
import type { RetryPlan } from './retry.ts';
import { explainUnknownModel, refuseUnknownName } from './unknown-model.ts';
import { type Attempt, type LeasePlan, withLease } from './with-lease.ts';

const NO_MODELS: Catalogue = { models: [], defaultModelId: undefined };

export interface DispatchRequest extends AskRequest {
  readonly ids: ConversationIds;
  readonly emulation: EmulationPlan;
}

/** Rejects with a GatewayError if the request fails before the first visible event. */
export function dispatch(
  context: GatewayContext,
  learned: Learned,
  request: DispatchRequest,
  signal: AbortSignal,
): Promise<Answer> {
  return new Dispatch(context, learned, request, signal).run();
}

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
interface Target {
  readonly catalogue: Catalogue;
  readonly model: ResolvedModel;
  readonly limits: MediaLimits;
}

/** A lease with what depends on its account. */
interface PreparedLease {
  readonly lease: Lease;
  readonly target: Target;
  readonly fitted: Prepared;
}

interface SentChat {
  readonly encoded: EncodedChat;
  readonly response: UpstreamAnswer;
  /** undefined: the request is not captured. */
  readonly captured: UpstreamExchange | undefined;
  /** undefined: it was encoded as usual. */
  readonly aid: FirstAid | undefined;
}

class Dispatch {
  readonly #context: GatewayContext;
  readonly #learned: Learned;
  readonly #request: DispatchRequest;
  readonly #signal: AbortSignal;
  /** The same in all attempts, as in the AWS SDKs, so that the service can tell a retry from a new call. */
  readonly #invocationId = randomUUID();
  readonly #fitting: AttachmentFitting;
  readonly #firstAid: FirstAidRetry;
  #attempt = 0;
  /** Of the current attempt. */
  #prepared: PreparedLease | undefined = undefined;
  /** The service's id of the model in the last attempt; empty: the service's default model. */
  #modelId = '';

  constructor(context: GatewayContext, learned: Learned, request: DispatchRequest, signal: AbortSignal) {
    this.#context = context;
    this.#learned = learned;
    this.#request = request;
    this.#signal = signal;
    this.#firstAid = new FirstAidRetry(context, request.firstAid !== false);
    this.#fitting = new AttachmentFitting(request.conversation, context.media, signal);
  }

  run(): Promise<Answer> {
    const plan: LeasePlan = {
      signal: this.#signal,
      attempts: this.#request.attempts,
      isPaced: true,
      // The reply stream releases the lease.
      keepsLease: true,
      movesOn: 'always',
      isAboutProfile: ({ code, upstream }) => code === 'unknown_model' && upstream !== undefined && this.#isListed,
      lease: (retry) => {
        this.#attempt++;
        return this.#leaseFor(retry);
      },
      onFailure: (error) => this.#remember(error),
      recovers: (error, lease) => this.#firstAid.begin(error, lease, this.#request.requestId),
      onStep: (error, lease, _attempt, waitMs) => this.#logFailure(error, lease, waitMs),
    };
    return withLease(this.#context, plan, (_lease, attempt) => this.#exchange(this.#preparedLease, attempt));
  }

  /** The service itself lists the model to which it has just refused a chat: only this plane lacks it. */
  get #isListed(): boolean {
    if (!this.#prepared) return false;
    const { model, catalogue } = this.#prepared.target;
    return model.model !== undefined && !catalogue.isPartial;
  }

  get #preparedLease(): PreparedLease {
    if (this.#prepared) return this.#prepared;
    throw new Error('No account has been leased.');
  }

  /** Leases an account and fits the attachments to its model. No lease is held while attachments are being fitted. */
  async #leaseFor(retry: RetryPlan): Promise<Lease> {
    if (this.#fitting.isNeeded) await this.#prepareExpected();
    for (;;) {
      const lease = await this.#lease(retry);
      const target = await this.#targetOf(lease);
      const fitted = this.#fitting.find(target.limits);
      if (fitted) {
        this.#prepared = { lease, target, fitted };
        return lease;
      }
      lease.cancel();
      await this.#fitting.prepare(target.limits);
    }
  }

  async #prepareExpected(): Promise<void> {
    const expected = this.#learned.expectedLimits.get(this.#request.conversation.model);
    if (expected) await this.#fitting.prepare(this.#limitsFor(expected));
  }

  async #targetOf(lease: Lease): Promise<Target> {
    try {
      return this.#target(lease, this.#learned.catalogues.known(lease) ?? (await this.#listModels(lease)));
    } catch (cause) {
      lease.release(GatewayError.from(cause));
      throw cause;
    }
  }

  #remember({ code }: GatewayError): void {
    if (code === 'documents_refused') this.#learned.refusedDocuments.remember(this.#request.ids.conversationId);
    if (code === 'thinking_required') this.#learned.alwaysThinking.set(this.#modelId, true);
  }

  /**
   * Leases an account that offers the model, if there is one. Models are listed only with a lease, so if the first list of
   * the leased account lacks the model, another account is leased.
   */
  async #lease(retry: RetryPlan): Promise<Lease> {
    const { model } = this.#request.conversation;
    for (;;) {
      const lease = await this.#leaseAny(retry, (accountId) => this.#learned.catalogues.offers(accountId, model));
      if (this.#learned.catalogues.offers(lease.accountId, model) !== undefined) return lease;
      try {
        await this.#listModels(lease);
      } catch (cause) {
        lease.release(GatewayError.from(cause));
        throw cause;
      }
      if (this.#learned.catalogues.offers(lease.accountId, model) !== false) return lease;
      lease.release(new GatewayError('unknown_model', 'This account does not offer the model.'));
    }
  }

  #leaseAny({ tried, refresh }: RetryPlan, offers: NonNullable<LeaseRequest['offers']>): Promise<Lease> {
    if (this.#signal.aborted) throw clientClosed();
    const { ids, conversation, group } = this.#request;
    const { conversationId } = ids;
    const modelId = conversation.model;
    return this.#context.pool.lease({ conversationId, modelId, tried, refresh, group, offers, signal: this.#signal });
  }

  #target(lease: Lease, full: Catalogue): Target {
    const { upstream, unknownModels } = this.#context;
    const { conversation, models: patterns } = this.#request;
    const { catalogue, model } = chooseModel(conversation.model, full, patterns, upstream);
    if (model.match === 'default' && unknownModels === 'refuse') throw refuseUnknownName(conversation.model, catalogue);
    this.#modelId = model.id ?? '';
    const limits = upstream.mediaLimits(lease.access, model);
    this.#learned.expectedLimits.set(conversation.model, limits);
    return { catalogue, model, limits: this.#limitsFor(limits) };
  }

  #limitsFor(limits: MediaLimits): MediaLimits {
    return this.#learned.refusedDocuments.limitsFor(this.#request.ids.conversationId, limits);
  }

  async #exchange(prepared: PreparedLease, attempt: Attempt): Promise<Answer> {
    const { lease, target, fitted } = prepared;
    const { model } = target;
    const { record } = attempt;
    if (record) {
      record.modelId = model.id;
      record.rateMultiplier = model.model?.rateMultiplier;
    }
    const { encoded, response, captured, aid } = await this.#send(prepared, attempt);
    if (record) record.upstreamRequestId = this.#context.upstream.requestIdOf(response);
    const learned = this.#context.wireProfiles?.worked({ id: lease.accountId }, lease.access.wireProfile);
    if (learned) lease.learnWireProfile?.(learned);
    const { limitsOutput } = encoded;
    const adjustments = this.#adjustments([model, fitted, encoded], limitsOutput);
    if (aid) adjustments.push(aid.adjustment);
    const decoder = encoded.createDecoder({
      header: (name) => response.header(name),
      expectsClosingEvents: lease.sendsClosingEvents ?? false,
      endsWithConnection: endsWithConnection(response),
      note: (adjustment) => void adjustments.push(adjustment),
    });
    const stream = new ReplyStream({
      body: response.body,
      decoder: captured?.tapDecoder(response, decoder) ?? decoder,
      transforms: this.#request.emulation.createTransforms(limitsOutput),
      signal: this.#signal,
      settled: (error) => {
        if (record && error) record.usage = decoder.usage?.();
        endAttempt(record, error, this.#context.clock.now());
        this.#settled(lease, decoder, error);
      },
    });
    await stream.begin();
    const route = this.#routeOf(prepared, response);
    this.#context.log.debug?.({ requestId: this.#request.requestId, ...route }, 'the reply has begun');
    return { batches: stream, route, adjustments };
  }

  /** Throws the upstream's refusal as an error that says what to do about it. */
  async #send(
    { lease, target, fitted }: PreparedLease,
    { withoutReasoningHistory, record }: Attempt,
  ): Promise<SentChat> {
    const { upstream, send, sendEnvironment, recoverToolCalls, clock } = this.#context;
    const { conversation, ids, capture } = this.#request;
    const { catalogue, model } = target;
    const aid = this.#firstAid.aidFor(lease);
    const { access } = aid ?? lease;
    const encoding = upstream.encodeChat(fitted.conversation, {
      access,
      model,
      ids,
      invocation: { id: this.#invocationId, attempt: this.#attempt },
      sendEnvironment,
      withoutReasoningHistory,
      thinksAlways: this.#learned.alwaysThinking.has(this.#modelId),
      recoverToolCalls,
    });
    const encoded = await timeSlices.run(encoding);
    const { request } = encoded;
    this.#firstAid.note(request.body);
    if (aid && record) record.firstAid = true;
    const { accountId, sendsClosingEvents: expectsClosingEvents = false } = lease;
    const captured = capture?.send({ request, access, catalogue, accountId, expectsClosingEvents }, clock.now);
    const sending = send(authorized(encoded.request, lease), this.#signal);
    // The estimate is made while the service begins its answer.
    void encoded.inputTokens;
    const response = await sending;
    if (isSuccess(response)) return { encoded, response, captured, aid };
    const refusal = await explainRefusal(upstream, captured?.tap(response) ?? response, encoded.request);
    if (refusal.code === 'unknown_model') throw explainUnknownModel(refusal, conversation.model, catalogue);
    throw withTokens(refusal, encoded.inputTokens, model);
  }

  #routeOf({ lease, target }: PreparedLease, response: UpstreamAnswer): Answer['route'] {
    return {
      accountId: lease.accountId,
      accountLabel: lease.accountLabel,
      modelId: target.model.id ?? 'default',
      conversationId: this.#request.ids.conversationId,
      wireProfile: lease.access.wireProfile,
      attempt: this.#attempt,
      upstreamRequestId: this.#context.upstream.requestIdOf(response),
      choice: lease.choice,
    };
  }

  /** The list helps to resolve aliases, but a chat does not fail without it. */
  async #listModels(lease: Lease): Promise<Catalogue> {
    try {
      return await this.#learned.catalogues.list(lease, this.#signal);
    } catch (cause) {
      if (this.#signal.aborted) throw clientClosed();
      const { code } = GatewayError.from(cause);
      this.#context.log.debug?.({ ...this.#fields(lease), code }, 'could not list models; the name is sent unchanged');
      return NO_MODELS;
    }
  }

  /** `sources`: what has adjusted the request for this account. */
  #adjustments(
    sources: readonly { readonly adjustments: readonly Adjustment[] }[],
    limitsOutput: boolean,
  ): Adjustment[] {
    const { emulation, adjustments: earlier } = this.#request;
    const all = [...earlier];
    for (const { adjustments } of sources)
      for (const adjustment of adjustments) if (!emulation.fulfilled.has(adjustment.rule)) all.push(adjustment);
    all.push(...emulation.adjustmentsFor(limitsOutput));
    return all;
  }

  #settled(lease: Lease, decoder: ReplyDecoder, error: GatewayError | undefined): void {
    // Only for complete replies: events before an exception or a disconnect are not closing events.
    if (!error && decoder.hasClosingEvents) lease.learnClosingEvents?.();
    else if (!error && decoder.lacksClosingEvents) lease.missClosingEvents?.();
    lease.release(error);
    // Debug level: the log line of the request says how it ended.
    const { log } = this.#context;
    if (!error) log.debug?.(this.#fields(lease), 'the reply is complete');
    else if (error.code === 'client_closed')
      log.debug?.(this.#fields(lease), 'the client disconnected; the upstream was stopped');
    else log.debug?.({ ...this.#fields(lease), ...failureFields(error) }, 'the reply broke off');
  }

  #logFailure(error: GatewayError, lease: Lease | undefined, waitMs: number | undefined): void {
    const accountId = lease?.accountId ?? error.accountId;
    const fields = { ...this.#fields(lease), accountId, ...failureFields(error), waitMs };
    if (error.code === 'internal') this.#context.log.error({ ...fields, err: error.cause }, 'unexpected failure');
    // Debug level: the log line of the request has the failure too.
    else if (waitMs === undefined) this.#context.log.debug?.(fields, 'the request failed');
    else this.#context.log.warn(fields, 'an attempt failed; trying again');
  }

  #fields(lease: Lease | undefined): object {
    return { requestId: this.#request.requestId, attempt: this.#attempt, accountId: lease?.accountId };
  }
}

/** Adds the two numbers that agents need to compact a conversation, which the service's refusal lacks. */
function withTokens(error: GatewayError, input: Figure, { model }: ResolvedModel): GatewayError {
  const { message, upstream, tokens } = error;
  const maximum = model?.maxInputTokens;
  if (error.code !== 'context_too_long' || tokens || maximum === undefined) return error;
  const actual = Math.max(Math.round(input.value), maximum + 1);
  return new GatewayError('context_too_long', message, { upstream, tokens: { actual, maximum }, cause: error });
}

function failureFields({ code, message, upstream, cause }: GatewayError): object {
  return { code, message, upstream, cause: cause instanceof Error ? cause.message : undefined };
}
