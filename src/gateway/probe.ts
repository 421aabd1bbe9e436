/**
 * Asks the service how it reads the rules on which public sources contradict each other: by small chats on the user's own
 * account, each of which differs in one reading from a chat that the service accepts.
 */
import { randomUUID } from 'node:crypto';
import type { Conversation } from '../core/conversation.ts';
import type { ErrorCode, GatewayError } from '../core/errors.ts';
import type { RuleReadings } from '../core/learned-facts.ts';
import type { Catalogue } from '../core/models.ts';
import { timeSlices } from '../core/steps.ts';
import type { Usage } from '../core/usage.ts';
import type {
  ConversationIds,
  EncodedChat,
  ProbeQuestion,
  ResolvedModel,
  Upstream,
  UpstreamProbes,
} from '../upstreams/upstream.ts';
import { authorized, endsWithConnection, explainRefusal, isSuccess } from './context.ts';
import type { Lease, SendUpstream } from './ports.ts';

/** Credits per input token at rate 1, and what an output token costs in input tokens: fitted to metered replies, 2026-09. */
const CREDITS_PER_TOKEN = 1.6584e-5;
const OUTPUT_FACTOR = 6.66;
/** One word is requested; some models reason first. */
const OUTPUT_TOKENS = 60;
const CALL_TIMEOUT_MS = 120_000;

type ProbedAccount = Pick<Lease, 'accountId' | 'access' | 'accessToken' | 'proxy' | 'sign'>;

export interface ProbeContext {
  readonly upstream: Upstream;
  readonly probes: UpstreamProbes;
  readonly send: SendUpstream;
}

export interface ProbePlan {
  readonly account: ProbedAccount;
  readonly model: ResolvedModel;
  readonly questions: readonly ProbeQuestion[];
  /** Rules that make no difference with this model and wire profile. */
  readonly skipped: readonly string[];
  /** Chats: one for each question and one more, and a second one for each of these that is refused. */
  readonly calls: { readonly least: number; readonly most: number };
  /** Estimated. */
  readonly credits: { readonly least: number; readonly most: number };
}

export interface ProbeResult {
  readonly rule: string;
  readonly question: string;
  /** Undefined: neither reading was accepted, or the figures allow no conclusion. */
  readonly reading: string | undefined;
  /** Of the bolder reading. */
  readonly refusal: GatewayError | undefined;
  /** What the chats about it have cost, as metered. */
  readonly credits: number;
}

export class Prober {
  readonly #context: ProbeContext;
  #sent = 0;

  constructor(context: ProbeContext) {
    this.#context = context;
  }

  /** Chats so far. */
  get sent(): number {
    return this.#sent;
  }

  /** The chats that a probe would send. Sends nothing. */
  async plan(account: ProbedAccount, catalogue: Catalogue): Promise<ProbePlan> {
    const { upstream, probes } = this.#context;
    const model = upstream.resolveModel(cheapest(catalogue) ?? 'auto', catalogue);
    const rate = model.model?.rateMultiplier ?? 1;
    const questions: ProbeQuestion[] = [];
    const skipped: string[] = [];
    const control = await this.#encode(account, model, this.#control(model), {});
    let least = creditsOf(control, rate);
    let most = least;
    for (const question of probes.questions) {
      const { rule, bold, safe } = question;
      const ids = newIds();
      const conversation = question.conversation(model.id ?? 'auto');
      const one = await this.#encode(account, model, conversation, { [rule]: bold }, ids);
      const other = await this.#encode(account, model, conversation, { [rule]: safe }, ids);
      if (JSON.stringify(one.request) === JSON.stringify(other.request)) skipped.push(rule);
      else {
        questions.push(question);
        least += creditsOf(one, rate);
        most += creditsOf(one, rate) + creditsOf(other, rate);
      }
    }
    most += creditsOf(control, rate);
    const calls = { least: questions.length + 1, most: 2 * questions.length + 2 };
    return { account, model, questions, skipped, calls, credits: { least, most } };
  }

  /**
   * One result after the other. Rejects with the service's error if even a chat in the safest readings fails, or if a failure
   * is about the account or the service rather than the request.
   */
  async *run({ account, model, questions }: ProbePlan, signal: AbortSignal): AsyncGenerator<ProbeResult> {
    const { base, control } = await this.#accepted(account, model, questions, signal);
    let longest = control;
    for (const { rule, question, bold, safe, conversation } of questions) {
      const chat = (reading: string) =>
        this.#chat(account, model, conversation(model.id ?? 'auto'), { ...base, [rule]: reading }, signal);
      const bolder = await chat(bold);
      const safer = bolder.refusal ? await chat(safe) : undefined;
      const answered = safer ?? bolder;
      if (answered.usage && answered.estimate > longest.estimate) longest = answered;
      yield {
        ...{ rule, question, refusal: bolder.refusal },
        reading: answered.refusal ? undefined : safer ? safe : bold,
        // A refused chat costs nothing.
        credits: answered.usage?.credits?.value ?? 0,
      };
    }
    const { window } = this.#context.probes;
    if (longest !== control)
      yield { ...window, reading: windowReading(control, longest, window), refusal: undefined, credits: 0 };
  }

  /** A chat that the service accepts, in the account's readings or else in the safest ones. */
  async #accepted(
    account: ProbedAccount,
    model: ResolvedModel,
    questions: readonly ProbeQuestion[],
    signal: AbortSignal,
  ) {
    const usual = await this.#chat(account, model, this.#control(model), {}, signal);
    if (!usual.refusal) return { base: {}, control: usual };
    const base = Object.fromEntries(questions.map(({ rule, safe }) => [rule, safe]));
    const control = await this.#chat(account, model, this.#control(model), base, signal);
    if (control.refusal) throw usual.refusal;
    return { base, control };
  }

  #control(model: ResolvedModel): Conversation {
    return this.#context.probes.control(model.id ?? 'auto');
  }

  #encode(
    { access }: ProbedAccount,
    model: ResolvedModel,
    conversation: Conversation,
    readings: RuleReadings,
    ids: ConversationIds = newIds(),
  ): Promise<EncodedChat> {
    const encoding = this.#context.upstream.encodeChat(conversation, {
      access: { ...access, readings: { ...access.readings, ...readings } },
      model,
      ids,
      invocation: { id: ids.conversationId, attempt: 1 },
      sendEnvironment: true,
      withoutReasoningHistory: false,
      recoverToolCalls: false,
    });
    return timeSlices.run(encoding);
  }

  async #chat(
    account: ProbedAccount,
    model: ResolvedModel,
    conversation: Conversation,
    readings: RuleReadings,
    signal: AbortSignal,
  ): Promise<Chat> {
    const { upstream, send } = this.#context;
    const encoded = await this.#encode(account, model, conversation, readings);
    const estimate = encoded.inputTokens.value;
    this.#sent += 1;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
    const response = await send(authorized(encoded.request, account), limit);
    if (!isSuccess(response)) {
      const refusal = await explainRefusal(upstream, response, encoded.request);
      if (IS_ABOUT_REQUEST.has(refusal.code)) return { estimate, refusal, usage: undefined };
      throw refusal;
    }
    const decoder = encoded.createDecoder({
      header: (name) => response.header(name),
      expectsClosingEvents: false,
      endsWithConnection: endsWithConnection(response),
      note: () => {},
    });
    let usage: Usage | undefined;
    const take = (events: ReturnType<typeof decoder.push>) => {
      for (const event of events) {
        if (event.type === 'reply-error') throw event.error;
        if (event.type === 'reply-end') usage = event.usage;
      }
    };
    for await (const bytes of response.body) take(decoder.push(bytes));
    take(decoder.end());
    return { estimate, refusal: undefined, usage };
  }
}

interface Chat {
  /** Input tokens, estimated before sending. */
  readonly estimate: number;
  readonly refusal: GatewayError | undefined;
  readonly usage: Usage | undefined;
}

/** Of a chat that differs in one reading from an accepted one, so that the reading is the reason. */
const IS_ABOUT_REQUEST: ReadonlySet<ErrorCode> = new Set([
  'invalid_request',
  'upstream_refused',
  'upstream_not_found',
  'permission_denied',
  'token_rejected',
]);

function newIds(): ConversationIds {
  const conversationId = randomUUID();
  return { conversationId, rootConversationId: conversationId, continuationId: randomUUID() };
}

/** Id of the model with the lowest multiplier of credits; without one, it is not known to be cheap. */
function cheapest({ models }: Catalogue): string | undefined {
  const rate = ({ rateMultiplier }: Catalogue['models'][number]) => rateMultiplier ?? Number.POSITIVE_INFINITY;
  return models.toSorted((one, other) => rate(one) - rate(other))[0]?.id;
}

function creditsOf({ inputTokens }: EncodedChat, rate: number): number {
  return rate * CREDITS_PER_TOKEN * (inputTokens.value + OUTPUT_FACTOR * OUTPUT_TOKENS);
}

/** Between them, tokenizers differ too much for a conclusion. */
const SAME_WINDOW = { from: 0.8, to: 1.25 };
const OTHER_WINDOW = { below: 0.6, above: 1.7 };

/** Compares how much two chats differ by the reported share of the window with how much their texts differ. */
function windowReading(control: Chat, longest: Chat, { bold, safe }: { bold: string; safe: string }) {
  const [less, more] = [control.usage?.inputTokens, longest.usage?.inputTokens];
  if (less?.provenance !== 'derived' || more?.provenance !== 'derived') return undefined;
  const ratio = (more.value - less.value) / (longest.estimate - control.estimate);
  if (ratio >= SAME_WINDOW.from && ratio <= SAME_WINDOW.to) return safe;
  return ratio < OTHER_WINDOW.below || ratio > OTHER_WINDOW.above ? bold : undefined;
}
