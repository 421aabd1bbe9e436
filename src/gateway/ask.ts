/**
 * One question to the gateway: what the service cannot do by itself is planned, the request is dispatched, and where a
 * reply must be of a certain kind it is held back until it is, with one second try.
 */
import { type Adjustment, adjustment } from '../core/adjustments.ts';
import type { Conversation, Turn } from '../core/conversation.ts';
import { GatewayError } from '../core/errors.ts';
import type { ReplyEvent } from '../core/reply.ts';
import { timeSlices } from '../core/steps.ts';
import { addUsage, type Usage } from '../core/usage.ts';
import { conversationIdsOf } from './affinity.ts';
import type { DispatchRequest } from './dispatch.ts';
import type { Evaluation, Expectation } from './emulate/expectation.ts';
import { prepareFormat } from './emulate/json-output.ts';
import { type EMULATION_RULES, planEmulation } from './emulate/plan.ts';
import type { Answer, AskRequest } from './ports.ts';

type Batches = AsyncIterator<readonly ReplyEvent[]>;

/** Rejects with a GatewayError while nothing can be seen of the reply yet. */
export async function ask(
  request: AskRequest,
  dispatch: (request: DispatchRequest) => Promise<Answer>,
): Promise<Answer> {
  const { client, conversation } = request;
  const emulation = planEmulation(conversation, await checkOf(conversation));
  // By the client's own conversation: what is added to it here must not make another one of it.
  const ids = await timeSlices.run(conversationIdsOf(client, conversation));
  const put: Put = (asked, notes = []) => {
    const adjustments = [...request.adjustments, ...notes];
    return dispatch({ ...request, adjustments, conversation: asked, ids, emulation });
  };
  return emulation.expectation ? askExpecting(emulation.expectation, conversation, put) : put(conversation);
}

/** A reply that must be a tool call is not checked against a schema. */
async function checkOf({ toolChoice, output }: Conversation): ReturnType<typeof prepareFormat> {
  const isToolCall = toolChoice.type === 'required' || toolChoice.type === 'tool';
  return isToolCall ? undefined : prepareFormat(output.format);
}

type Put = (conversation: Conversation, notes?: readonly Adjustment[]) => Promise<Answer>;

/**
 * Resolves when the reply is as expected, or bound to be: whole, or begun with the tool call. Rejects with
 * `output_invalid` when the second try is not either.
 */
async function askExpecting(expectation: Expectation, conversation: Conversation, put: Put): Promise<Answer> {
  let question = expectation.prepare(conversation);
  const first = await put(question);
  const held = await hold(first, expectation);
  if (held.type === 'settled') return settledAnswer(first, held, expectation, undefined);
  const judged = await classifyRound(held.events, expectation);
  if (judged.type === 'fits') return { ...first, batches: batchesOf([judged.events]) };

  if (judged.type === 'fails') question = { ...question, turns: [...question.turns, ...repairTurns(judged)] };
  const second = await put(question, judged.type === 'fails' ? [retryNote(expectation)] : []);
  const spent = usageOf(held.events);
  const heldAgain = await hold(second, expectation);
  if (heldAgain.type === 'settled') return settledAnswer(second, heldAgain, expectation, spent);
  const judgedAgain = await classifyRound(heldAgain.events, expectation);
  if (judgedAgain.type === 'broken') throw judgedAgain.error;
  if (judgedAgain.type === 'fails') throw new GatewayError('output_invalid', judgedAgain.problem);
  return { ...second, batches: batchesOf([withSpent(judgedAgain.events, spent)]) };
}

type HeldReply =
  | { readonly type: 'settled'; readonly events: readonly ReplyEvent[]; readonly rest: Batches }
  | { readonly type: 'ended'; readonly events: readonly ReplyEvent[] };

async function hold(answer: Answer, expectation: Expectation): Promise<HeldReply> {
  const rest = answer.batches[Symbol.asyncIterator]();
  const events: ReplyEvent[] = [];
  for (;;) {
    const step = await rest.next();
    if (step.done) return { type: 'ended', events };
    events.push(...step.value);
    if (step.value.some((event) => expectation.isSettledBy(event))) return { type: 'settled', events, rest };
  }
}

type ReplyRound = Evaluation | { readonly type: 'broken'; readonly error: GatewayError };

/** A reply which broke off while nobody had seen any of it may be asked for again, like one which never began. */
async function classifyRound(events: readonly ReplyEvent[], expectation: Expectation): Promise<ReplyRound> {
  const last = events.at(-1);
  if (last?.type === 'reply-end') return expectation.evaluate(events);
  const error =
    last?.type === 'reply-error'
      ? last.error
      : new GatewayError('upstream_broken', 'The upstream reply stopped before its end.');
  if (error.policy.retry === 'never') throw error;
  return { type: 'broken', error };
}

/** The answer which does not do, as the model's own turn, and what is wrong with it. */
function repairTurns({ answer, complaint }: Extract<Evaluation, { type: 'fails' }>): Turn[] {
  const turn = (role: 'assistant' | 'user', text: string): Turn => ({
    at: 'retry',
    role,
    parts: [{ type: 'text', at: 'retry', text }],
  });
  return answer.trim() === '' ? [turn('user', complaint)] : [turn('assistant', answer), turn('user', complaint)];
}

function retryNote({ retryRule }: Expectation): Adjustment {
  return adjustment(retryRule satisfies keyof typeof EMULATION_RULES, '');
}

type Settled = Extract<HeldReply, { type: 'settled' }>;

function settledAnswer(answer: Answer, held: Settled, expectation: Expectation, spent: Usage | undefined): Answer {
  const adjustments = [...answer.adjustments];
  const transform = expectation.afterSettling?.((made) => adjustments.push(made));
  const change = (events: readonly ReplyEvent[]) => withSpent(transform?.push(events) ?? events, spent);
  return { ...answer, adjustments, batches: resume(held, change) };
}

async function* resume(
  { events, rest }: Settled,
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

/** The figures of an answer which took two tries are those of both. */
function withSpent(events: readonly ReplyEvent[], spent: Usage | undefined): readonly ReplyEvent[] {
  const last = events.at(-1);
  if (spent === undefined || last?.type !== 'reply-end') return events;
  return [...events.slice(0, -1), { ...last, usage: addUsage(spent, last.usage) }];
}
