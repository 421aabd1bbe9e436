/**
 * Handles one request: plans the emulation of options that the service lacks, and dispatches the request. If the reply
 * must meet a requirement, it is buffered until it does, with a second attempt if necessary.
 */
import { type Adjustment, adjustment } from '../core/adjustments.ts';
import { whenReady } from '../core/async.ts';
import type { Conversation, Turn } from '../core/conversation.ts';
import { GatewayError } from '../core/errors.ts';
import type { ReplyEvent } from '../core/reply.ts';
import { timeSlices } from '../core/steps.ts';
import { addUsage, type Usage } from '../core/usage.ts';
import { conversationIdsOf } from './affinity.ts';
import type { DispatchRequest } from './dispatch.ts';
import type { Evaluation, Expectation } from './emulate/expectation.ts';
import { prepareFormat } from './emulate/json-output.ts';
import { type EMULATION_RULES, type EmulationPlan, planEmulation } from './emulate/plan.ts';
import type { Answer, AskRequest } from './ports.ts';

type Batches = AsyncIterator<readonly ReplyEvent[]>;

/** Rejects with a GatewayError if the request fails before the first visible event. Throws where a step at once fails. */
export function ask(request: AskRequest, dispatch: Dispatch): Promise<Answer> {
  const { conversation } = request;
  if (conversation.output.format.type === 'text') return askPlanned(request, planEmulation(conversation), dispatch);
  return checkOf(conversation).then((check) => askPlanned(request, planEmulation(conversation, check), dispatch));
}

type Dispatch = (request: DispatchRequest) => Promise<Answer>;

function askPlanned(request: AskRequest, emulation: EmulationPlan, dispatch: Dispatch): Promise<Answer> {
  const { client, conversation } = request;
  // From the client's own conversation: text added here must not change its ids.
  return whenReady(timeSlices.start(conversationIdsOf(client, conversation)), (ids) => {
    const send: Send = (prepared, added = []) => {
      const adjustments = added.length === 0 ? request.adjustments : [...request.adjustments, ...added];
      return dispatch({ ...request, adjustments, conversation: prepared, ids, emulation });
    };
    return emulation.expectation ? askExpecting(emulation.expectation, conversation, send) : send(conversation);
  });
}

/** A reply that must be a tool call is not checked against a schema. */
async function checkOf({ toolChoice, output }: Conversation): ReturnType<typeof prepareFormat> {
  const isToolCall = toolChoice.type === 'required' || toolChoice.type === 'tool';
  return isToolCall ? undefined : prepareFormat(output.format);
}

type Send = (conversation: Conversation, added?: readonly Adjustment[]) => Promise<Answer>;

/**
 * Resolves once the reply meets the expectation or certainly will: it is complete, or its tool call has begun. Rejects
 * with `output_invalid` if the second attempt fails too.
 */
async function askExpecting(expectation: Expectation, conversation: Conversation, send: Send): Promise<Answer> {
  const firstConversation = expectation.prepare(conversation);
  const first = await send(firstConversation);
  const firstReply = await bufferReply(first, expectation);
  if (firstReply.type === 'settled') return settledAnswer(first, firstReply, expectation, undefined);
  const firstResult = await classifyAttempt(firstReply.events, expectation);
  if (firstResult.type === 'fits') return fittingAnswer(first, firstResult, undefined);

  const second =
    firstResult.type === 'fails'
      ? await send(withTurns(firstConversation, repairTurns(firstResult)), [retryAdjustment(expectation)])
      : await send(firstConversation);
  const earlierUsage = usageOf(firstReply.events);
  const secondReply = await bufferReply(second, expectation);
  if (secondReply.type === 'settled') return settledAnswer(second, secondReply, expectation, earlierUsage);
  const secondResult = await classifyAttempt(secondReply.events, expectation);
  if (secondResult.type === 'broken') throw secondResult.error;
  if (secondResult.type === 'fails') throw new GatewayError('output_invalid', secondResult.problem);
  return fittingAnswer(second, secondResult, earlierUsage);
}

function fittingAnswer(
  answer: Answer,
  { events, adjustments = [] }: Extract<Evaluation, { type: 'fits' }>,
  earlierUsage: Usage | undefined,
): Answer {
  return {
    ...answer,
    adjustments: [...answer.adjustments, ...adjustments],
    batches: batchesOf([withEarlierUsage(events, earlierUsage)]),
  };
}

function withTurns(conversation: Conversation, added: readonly Turn[]): Conversation {
  return { ...conversation, turns: [...conversation.turns, ...added] };
}

type BufferedReply =
  | { readonly type: 'settled'; readonly events: readonly ReplyEvent[]; readonly rest: Batches }
  | { readonly type: 'ended'; readonly events: readonly ReplyEvent[] };

/** Reads until the reply is settled or has ended. */
async function bufferReply(answer: Answer, expectation: Expectation): Promise<BufferedReply> {
  const rest = answer.batches[Symbol.asyncIterator]();
  const events: ReplyEvent[] = [];
  for (;;) {
    const step = await rest.next();
    if (step.done) return { type: 'ended', events };
    events.push(...step.value);
    if (step.value.some((event) => expectation.isSettledBy(event))) return { type: 'settled', events, rest };
  }
}

type AttemptResult = Evaluation | { readonly type: 'broken'; readonly error: GatewayError };

/** A reply that broke off may be requested again, since the client has seen none of it. Throws if a retry is useless. */
async function classifyAttempt(events: readonly ReplyEvent[], expectation: Expectation): Promise<AttemptResult> {
  const last = events.at(-1);
  if (last?.type === 'reply-end') return expectation.evaluate(events);
  const error =
    last?.type === 'reply-error'
      ? last.error
      : new GatewayError('upstream_broken', 'The upstream reply stopped before its end.');
  if (error.policy.retry === 'never') throw error;
  return { type: 'broken', error };
}

/** The rejected answer as the model's own turn, followed by what is wrong with it. */
function repairTurns({ answer, complaint }: Extract<Evaluation, { type: 'fails' }>): Turn[] {
  const turn = (role: 'assistant' | 'user', text: string): Turn => ({
    at: 'retry',
    role,
    parts: [{ type: 'text', at: 'retry', text }],
  });
  return answer.trim() === '' ? [turn('user', complaint)] : [turn('assistant', answer), turn('user', complaint)];
}

function retryAdjustment({ retryRule }: Expectation): Adjustment {
  return adjustment(retryRule satisfies keyof typeof EMULATION_RULES, '');
}

type SettledReply = Extract<BufferedReply, { type: 'settled' }>;

function settledAnswer(
  answer: Answer,
  reply: SettledReply,
  expectation: Expectation,
  earlierUsage: Usage | undefined,
): Answer {
  const adjustments = [...answer.adjustments];
  const transform = expectation.afterSettling?.((entry) => adjustments.push(entry));
  const change = (events: readonly ReplyEvent[]) => withEarlierUsage(transform?.push(events) ?? events, earlierUsage);
  return { ...answer, adjustments, batches: resume(reply, change) };
}

async function* resume(
  { events, rest }: SettledReply,
  change: (events: readonly ReplyEvent[]) => readonly ReplyEvent[],
): AsyncGenerator<readonly ReplyEvent[], void> {
  let ended = false;
  try {
    yield change(events);
    for (let step = await rest.next(); !step.done; step = await rest.next()) yield change(step.value);
    ended = true;
  } finally {
    if (!ended) await rest.return?.();
  }
}

async function* batchesOf(batches: readonly (readonly ReplyEvent[])[]): AsyncGenerator<readonly ReplyEvent[], void> {
  yield* batches;
}

function usageOf(events: readonly ReplyEvent[]): Usage | undefined {
  const last = events.at(-1);
  return last?.type === 'reply-end' ? last.usage : undefined;
}

/** Reports the usage of both attempts. */
function withEarlierUsage(events: readonly ReplyEvent[], earlier: Usage | undefined): readonly ReplyEvent[] {
  const last = events.at(-1);
  if (earlier === undefined || last?.type !== 'reply-end') return events;
  return [...events.slice(0, -1), { ...last, usage: addUsage(earlier, last.usage) }];
}
