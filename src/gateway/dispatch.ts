/** Sends a request to the upstream through an account that has its model, with further attempts if the first ones fail. */
import { randomUUID } from 'node:crypto';
import type { Adjustment } from '../core/adjustments.ts';
import { type MaybePromise, whenReady } from '../core/async.ts';
import { GatewayError } from '../core/errors.ts';
import { timeSlices } from '../core/steps.ts';
import type { Figure } from '../core/usage.ts';
import type { ConversationIds, EncodedChat, FirstAid, ReplyDecoder, ResolvedModel } from '../upstreams/upstream.ts';
import { type AttemptRecord, endAttempt } from './attempts.ts';
import type { UpstreamExchange } from './captures/capture.ts';
import { authorized, endsWithConnection, explainRefusal, type GatewayContext, isSuccess } from './context.ts';
import type { EmulationPlan } from './emulate/plan.ts';
import { FirstAidRetry } from './first-aid-retry.ts';
import { type Learned, ModelLeasing, type PreparedLease, type Target } from './model-leasing.ts';
import type { Answer, AskRequest, Lease, UpstreamAnswer } from './ports.ts';
import { ReplyStream } from './reply-stream.ts';
import { explainUnknownModel } from './unknown-model.ts';
import { type Attempt, type LeasePlan, withLease } from './with-lease.ts';

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

class Dispatch {
  readonly #context: GatewayContext;
  readonly #learned: Learned;
  readonly #request: DispatchRequest;
  readonly #signal: AbortSignal;
  /** The same in all attempts, as in the AWS SDKs, so that the service can tell a retry from a new call. */
  readonly #invocationId = randomUUID();
  readonly #leasing: ModelLeasing;
  readonly #firstAid: FirstAidRetry;
  #attempt = 0;
  /** Of the current attempt. */
  #prepared: PreparedLease | undefined = undefined;

  constructor(context: GatewayContext, learned: Learned, request: DispatchRequest, signal: AbortSignal) {
    this.#context = context;
    this.#learned = learned;
    this.#request = request;
    this.#signal = signal;
    this.#firstAid = new FirstAidRetry(context, request.firstAid !== false);
    this.#leasing = new ModelLeasing(context, learned, request, signal);
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
        return whenReady(this.#leasing.lease(retry), (prepared) => {
          this.#prepared = prepared;
          return prepared.lease;
        });
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

  /** The service's id of the model in the last attempt; empty: the service's default model. */
  get #modelId(): string {
    return this.#prepared?.target.model.id ?? '';
  }

  get #preparedLease(): PreparedLease {
    if (this.#prepared) return this.#prepared;
    throw new Error('No account has been leased.');
  }

  #remember({ code }: GatewayError): void {
    if (code === 'documents_refused') this.#learned.refusedDocuments.remember(this.#request.ids.conversationId);
    if (code === 'thinking_required') this.#learned.alwaysThinking.set(this.#modelId, true);
  }

  async #exchange(prepared: PreparedLease, attempt: Attempt): Promise<Answer> {
    const { lease, target, fitted } = prepared;
    const { model } = target;
    const { record } = attempt;
    if (record) {
      record.modelId = model.id;
      record.rateMultiplier = model.model?.rateMultiplier;
    }
    const aid = this.#firstAid.aidFor(lease);
    const encoding = this.#encode(prepared, attempt, aid);
    const encoded = encoding instanceof Promise ? await encoding : encoding;
    this.#firstAid.note(encoded.request.body);
    if (aid && record) record.firstAid = true;
    const captured = this.#capture(encoded, prepared, aid);
    const sending = this.#context.send(authorized(encoded.request, lease), this.#signal);
    // The estimate is made while the service begins its answer.
    void encoded.inputTokens;
    const response = await sending;
    if (!isSuccess(response)) throw await this.#explain(captured?.tap(response) ?? response, encoded, target);
    const upstreamRequestId = this.#context.upstream.requestIdOf(response);
    if (record) record.upstreamRequestId = upstreamRequestId;
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
    // No function here may refer to `this`: a reply may be open for minutes, and the conversation may be megabytes.
    const { requestId } = this.#request;
    const open: OpenReply = { context: this.#context, requestId, attempt: this.#attempt, lease, decoder, record };
    const stream = new ReplyStream({
      body: response.body,
      decoder: captured?.tapDecoder(response, decoder) ?? decoder,
      transforms: this.#request.emulation.createTransforms(limitsOutput),
      signal: this.#signal,
      settled: (error) => settle(open, error),
    });
    await stream.begin();
    const route = this.#routeOf(prepared, upstreamRequestId);
    this.#context.log.debug?.({ requestId: this.#request.requestId, ...route }, 'the reply has begun');
    return { batches: stream, route, adjustments };
  }

  #encode(
    { lease, target, fitted }: PreparedLease,
    { withoutReasoningHistory }: Attempt,
    aid: FirstAid | undefined,
  ): MaybePromise<EncodedChat> {
    const { upstream, sendEnvironment, recoverToolCalls } = this.#context;
    const steps = upstream.encodeChat(fitted.conversation, {
      access: (aid ?? lease).access,
      model: target.model,
      ids: this.#request.ids,
      invocation: { id: this.#invocationId, attempt: this.#attempt },
      sendEnvironment,
      withoutReasoningHistory,
      thinksAlways: this.#learned.alwaysThinking.has(this.#modelId),
      recoverToolCalls,
    });
    return timeSlices.start(steps);
  }

  /** undefined: the request is not captured. */
  #capture(
    { request }: EncodedChat,
    { lease, target: { catalogue } }: PreparedLease,
    aid: FirstAid | undefined,
  ): UpstreamExchange | undefined {
    const { accountId, sendsClosingEvents: expectsClosingEvents = false } = lease;
    const { access } = aid ?? lease;
    const sent = { request, access, catalogue, accountId, expectsClosingEvents };
    return this.#request.capture?.send(sent, this.#context.clock.now);
  }

  /** The upstream's refusal as an error that says what to do about it. */
  async #explain(
    refused: UpstreamAnswer,
    { request, inputTokens }: EncodedChat,
    { catalogue, model }: Target,
  ): Promise<GatewayError> {
    const refusal = await explainRefusal(this.#context.upstream, refused, request);
    if (refusal.code === 'unknown_model')
      return explainUnknownModel(refusal, this.#request.conversation.model, catalogue);
    return withTokens(refusal, inputTokens, model);
  }

  #routeOf({ lease, target }: PreparedLease, upstreamRequestId: string | undefined): Answer['route'] {
    return {
      accountId: lease.accountId,
      accountLabel: lease.accountLabel,
      modelId: target.model.id ?? 'default',
      conversationId: this.#request.ids.conversationId,
      wireProfile: lease.access.wireProfile,
      attempt: this.#attempt,
      upstreamRequestId,
      choice: lease.choice,
    };
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

  #logFailure(error: GatewayError, lease: Lease | undefined, waitMs: number | undefined): void {
    const accountId = lease?.accountId ?? error.accountId;
    const { requestId } = this.#request;
    const fields = { requestId, attempt: this.#attempt, accountId, ...failureFields(error), waitMs };
    if (error.code === 'internal') this.#context.log.error({ ...fields, err: error.cause }, 'unexpected failure');
    // Debug level: the log line of the request has the failure too.
    else if (waitMs === undefined) this.#context.log.debug?.(fields, 'the request failed');
    else this.#context.log.warn(fields, 'an attempt failed; trying again');
  }
}

/** What remains of a request while its reply is open. */
interface OpenReply {
  readonly context: GatewayContext;
  readonly requestId: string;
  readonly attempt: number;
  readonly lease: Lease;
  readonly decoder: ReplyDecoder;
  readonly record: AttemptRecord | undefined;
}

function settle(
  { context, requestId, attempt, lease, decoder, record }: OpenReply,
  error: GatewayError | undefined,
): void {
  const { log, clock } = context;
  if (record && error) record.usage = decoder.usage?.();
  endAttempt(record, error, clock.now());
  // Only for complete replies: events before an exception or a disconnect are not closing events.
  if (!error && decoder.hasClosingEvents) lease.learnClosingEvents?.();
  else if (!error && decoder.lacksClosingEvents) lease.missClosingEvents?.();
  lease.release(error);
  // Debug level: the log line of the request says how it ended.
  const fields = { requestId, attempt, accountId: lease.accountId };
  if (!error) log.debug?.(fields, 'the reply is complete');
  else if (error.code === 'client_closed') log.debug?.(fields, 'the client disconnected; the upstream was stopped');
  else log.debug?.({ ...fields, ...failureFields(error) }, 'the reply broke off');
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
