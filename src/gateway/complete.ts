/**
 * Inline completion: one small request to the service instead of a conversation. Editors send it while the user types, so
 * it neither waits in the queue of chats nor takes a slot.
 */
import { randomUUID } from 'node:crypto';
import type { ErrorCode } from '../core/errors.ts';
import type { ReplyEvent } from '../core/reply.ts';
import { TextPiece } from '../core/text.ts';
import { estimateTokens } from '../core/tokens.ts';
import { estimated, type Figure } from '../core/usage.ts';
import type { CompletionPage, EncodedCompletion } from '../upstreams/upstream.ts';
import { inlineIdOf } from './affinity.ts';
import { authorized, explainRefusal, type GatewayContext, isSuccess, readText } from './context.ts';
import { planLimits } from './emulate/plan.ts';
import { assertNameAllowed } from './model-access.ts';
import type { Answer, CompletionRequest, Lease, UpstreamAnswer } from './ports.ts';
import { operationPlan, withLease } from './with-lease.ts';

/** Ten completions of 5,120 characters, their references and imports. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** The service returns its completions in pages. */
const MAX_PAGES = 5;

type Completions = CompletionPage['completions'];

/** Returns one answer per choice: at least one, which may be empty. Rejects with a GatewayError. */
export async function complete(
  context: GatewayContext,
  request: CompletionRequest,
  signal: AbortSignal,
): Promise<readonly Answer[]> {
  assertNameAllowed([request.completion.model, INLINE_MODEL], request.models);
  const conversationId = inlineIdOf(request.client);
  if (request.completion.limits.maxTokens === 0) return [warmUpAnswer(request, conversationId)];
  const { group, requestId, attempts } = request;
  const plan = operationPlan(
    context,
    { conversationId, group },
    {
      signal,
      attempts,
      aboutOperation: ABOUT_THE_FEATURE,
      onStep: ({ code }, _lease, attempt) => context.log.debug?.({ requestId, attempt, code }, 'a completion failed'),
    },
  );
  return withLease(context, plan, async (lease, attempt) => {
    const completions = await find(context, request, lease, signal);
    const upstreamRequestId = context.upstream.requestIdOf(completions.answer);
    if (attempt.record) Object.assign(attempt.record, { upstreamRequestId, modelId: INLINE_MODEL });
    return answersOf(request, completions, routeOf(lease, upstreamRequestId, attempt.number, conversationId));
  });
}

/**
 * Answers a request for zero tokens without calling the service. Editors send these to warm up their own servers, again
 * and again while the user types.
 */
function warmUpAnswer({ adjustments }: CompletionRequest, conversationId: string): Answer {
  const usage = { inputTokens: estimated(0), outputTokens: estimated(0) };
  const route = { accountId: 'none', modelId: INLINE_MODEL, conversationId, wireProfile: 'none', attempt: 0 };
  return {
    batches: once([
      { type: 'reply-start', inputTokens: estimated(0) },
      { type: 'reply-end', stopReason: 'max-tokens', stopSequence: undefined, usage },
    ]),
    adjustments,
    route: { ...route, upstreamRequestId: undefined },
  };
}

/** These mean that the account has no inline completion; they do not count against it. */
const ABOUT_THE_FEATURE: ReadonlySet<ErrorCode> = new Set(['feature_not_supported', 'permission_denied']);

interface FoundCompletions {
  readonly completions: Completions;
  readonly encoded: EncodedCompletion;
  readonly answer: UpstreamAnswer;
}

async function find(
  context: GatewayContext,
  { completion, capture }: CompletionRequest,
  lease: Lease,
  signal: AbortSignal,
): Promise<FoundCompletions> {
  const { upstream, codeReferences: references } = context;
  const texts = new Map<string, Completions[number]>();
  const invocation = { id: randomUUID(), attempt: 1 };
  let nextToken: string | undefined;
  for (let page = 1; ; page++) {
    const encoded = upstream.encodeCompletion(completion, {
      access: lease.access,
      references,
      nextToken,
      invocation,
    });
    const { access, accountId } = lease;
    const sent = { request: encoded.request, access, catalogue: undefined, accountId, expectsClosingEvents: false };
    const captured = capture?.send(sent, context.clock.now);
    const received = await context.send(authorized(encoded.request, lease), signal);
    const answer = captured?.tap(received) ?? received;
    if (!isSuccess(answer)) throw await explainRefusal(upstream, answer, encoded.request);
    const decoded = upstream.decodeCompletion(await readText(answer, MAX_ANSWER_BYTES));
    for (const each of decoded.completions) if (!texts.has(each.text)) texts.set(each.text, each);
    nextToken = decoded.nextToken;
    if (nextToken === undefined || page === MAX_PAGES || texts.size >= completion.choices)
      return { completions: [...texts.values()].slice(0, completion.choices), encoded, answer };
  }
}

function routeOf(
  lease: Lease,
  upstreamRequestId: string | undefined,
  attempt: number,
  conversationId: string,
): Answer['route'] {
  return {
    accountId: lease.accountId,
    accountLabel: lease.accountLabel,
    modelId: INLINE_MODEL,
    conversationId,
    wireProfile: lease.access.wireProfile,
    attempt,
    upstreamRequestId,
    choice: lease.choice,
  };
}

/** The service does not say which model completes code. */
const INLINE_MODEL = 'inline-completion';

function answersOf(
  request: CompletionRequest,
  { completions, encoded }: FoundCompletions,
  route: Answer['route'],
): Answer[] {
  const limits = planLimits(request.completion.limits);
  const adjustments = [...request.adjustments, ...encoded.adjustments, ...limits.adjustments];
  const choices: Completions = completions.length > 0 ? completions : [{ text: '', sources: [] }];
  return choices.map((each, choice) => {
    // All choices come from one request, so only the first has input tokens.
    let events = eventsOf(each, choice === 0 ? encoded.inputTokens : estimated(0));
    for (const transform of limits.createTransforms()) events = transform.push(events);
    return { batches: once(events), adjustments, route };
  });
}

function eventsOf({ text, sources }: Completions[number], inputTokens: Figure): readonly ReplyEvent[] {
  const usage = { inputTokens, outputTokens: estimated(estimateTokens(text)) };
  return [
    { type: 'reply-start', inputTokens },
    ...sources.map((source): ReplyEvent => ({ type: 'source', source })),
    { type: 'text-start' },
    { type: 'text-delta', text: TextPiece.plain(text) },
    { type: 'text-end' },
    { type: 'reply-end', stopReason: 'end-turn', stopSequence: undefined, usage },
  ];
}

async function* once(events: readonly ReplyEvent[]): AsyncGenerator<readonly ReplyEvent[], void> {
  yield events;
}
