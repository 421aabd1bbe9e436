/**
 * Encodes a conversation as one GenerateAssistantResponse request: normalise, write, check.
 *
 * Nothing here depends on time, randomness or the turn number, and history comes before the current message, so that
 * the next turn's request begins with this one's bytes and hits the service's prompt cache.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import type { Conversation, Tool } from '../../core/conversation.ts';
import { readEnvironment } from '../../core/environment.ts';
import { isJsonObject, type JsonValue } from '../../core/json.ts';
import type { Model } from '../../core/models.ts';
import type { Steps } from '../../core/steps.ts';
import { estimateConversationTokens } from '../../core/tokens.ts';
import { estimated, type Figure } from '../../core/usage.ts';
import type { AnswerContext, EncodeContext, EncodedChat, ReplyDecoder, UpstreamRequest } from '../upstream.ts';
import { encodeBody, objectsOf } from './body.ts';
import type { BodyContent } from './body-content.ts';
import { createDecoder } from './decode.ts';
import { encodeEnvironment } from './environment.ts';
import { CallRecoveringDecoder } from './leaked-calls/decoder.ts';
import type { Violation } from './lint/rules.ts';
import { findViolations } from './lint.ts';
import { type Normalized, normalize } from './normalize/passes.ts';
import { operationRequest, profileArnFor } from './operations.ts';
import { outputLimitSettings } from './output-limit.ts';
import { SHIPPED_PROFILES, type WireProfile, type WireProfiles } from './profiles.ts';
import { reasoningSettings } from './reasoning-settings.ts';
import { requestedReasoning } from './requested-reasoning.ts';

/** Throws GatewayError `invalid_request` naming the client's field, or `profile_required`. */
export function* encodeChat(
  conversation: Conversation,
  context: EncodeContext,
  profiles: WireProfiles = SHIPPED_PROFILES,
): Steps<EncodedChat> {
  const prepared = yield* prepareChat(conversation, context, profiles);
  const { json, adjustments } = yield* encodeBody(prepared.content, prepared.normalized);
  const { access, invocation } = context;
  const request = operationRequest('GenerateAssistantResponse', json, access, { profiles, invocation });
  return new EncodedConversation(conversation, context, prepared, request, adjustments);
}

/**
 * A class because of its getter: with a getter in its literal, V8 would give each object a shape of its own, which refers to the
 * getter, and the conversations of ended requests would be kept until the whole heap is collected.
 */
class EncodedConversation implements EncodedChat {
  readonly request: UpstreamRequest;
  readonly adjustments: readonly Adjustment[];
  readonly limitsOutput: boolean;
  readonly #conversation: Conversation;
  readonly #context: EncodeContext;
  readonly #prepared: PreparedChat;
  #inputTokens: Figure | undefined = undefined;

  constructor(
    conversation: Conversation,
    context: EncodeContext,
    prepared: PreparedChat,
    request: UpstreamRequest,
    adjustments: readonly Adjustment[],
  ) {
    this.request = request;
    this.adjustments = [...prepared.adjustments, ...adjustments];
    this.limitsOutput = 'max_tokens' in prepared.limit.fields;
    this.#conversation = conversation;
    this.#context = context;
    this.#prepared = prepared;
  }

  /** When first needed, which is after the request is sent: it takes 1.5 ms for a new conversation of 1 MB. */
  get inputTokens(): Figure {
    this.#inputTokens ??= estimated(estimateConversationTokens(this.#conversation));
    return this.#inputTokens;
  }

  createDecoder(answer: AnswerContext): ReplyDecoder {
    const { content, normalized, thinkingTags } = this.#prepared;
    const { model, recoverToolCalls } = this.#context;
    const decoder = createDecoder({
      // First: copied behind other members it takes ten times as long.
      ...answer,
      model: withKnownWindow(model.model, content.profile),
      toolNames: normalized.toolNames,
      requiredArguments: requiredArguments(normalized.conversation.tools),
      thinkingTags,
      inputTokens: this.inputTokens,
    });
    const callable = recoverToolCalls ? callableTools(this.#conversation) : [];
    return callable.length === 0 ? decoder : new CallRecoveringDecoder(decoder, callable, answer);
  }
}

/** What `encodeChat` would change and what it would refuse: all of it, not the first. Throws what it throws otherwise. */
export function* examineChat(
  conversation: Conversation,
  context: EncodeContext,
  profiles: WireProfiles = SHIPPED_PROFILES,
): Steps<{ readonly adjustments: readonly Adjustment[]; readonly violations: readonly Violation[] }> {
  const { content, adjustments } = yield* prepareChat(conversation, context, profiles);
  const { body, adjustments: written } = yield* objectsOf(content);
  const violations = yield* findViolations(body, content.profile, content.conversation);
  return { adjustments: [...adjustments, ...written], violations };
}

interface PreparedChat {
  readonly content: BodyContent;
  readonly normalized: Normalized;
  readonly adjustments: readonly Adjustment[];
  readonly limit: ReturnType<typeof outputLimitSettings>;
  readonly thinkingTags: boolean;
}

/** Everything before the body is written. */
function* prepareChat(conversation: Conversation, context: EncodeContext, profiles: WireProfiles): Steps<PreparedChat> {
  const { access, model, withoutReasoningHistory } = context;
  const profile = profiles.of(access);
  const requested = requestedReasoning(conversation.reasoning, model.reasoning);
  const { output } = conversation;
  const thinksAlways = context.thinksAlways || undefined;
  const reasoning = reasoningSettings({ reasoning: requested.reasoning, output }, model, profile, thinksAlways);
  const limit = outputLimitSettings(output, model.model, profile);
  const instructed = reasoning.tags === undefined ? conversation : withSystemText(conversation, reasoning.tags);
  const normalized = yield* normalize(instructed, { profile, model: model.model, withoutReasoningHistory });
  const sendsEnvironment = context.sendEnvironment && profile.accepts.environment;
  const environment = sendsEnvironment ? encodeEnvironment(readEnvironment(conversation)) : undefined;
  return {
    content: {
      conversation: normalized.conversation,
      profile,
      modelId: model.id,
      ids: context.ids,
      profileArn: profileArnFor(profile, 'GenerateAssistantResponse', access),
      fields: joined(reasoning.fields, limit.fields),
      environment: environment?.context,
    },
    normalized,
    adjustments: [
      ...normalized.adjustments,
      ...requested.adjustments,
      ...reasoning.adjustments,
      ...limit.adjustments,
      ...(environment?.adjustments ?? []),
    ],
    limit,
    thinkingTags: reasoning.tags !== undefined,
  };
}

/** Without its window where percentages are not of that window. */
function withKnownWindow(model: Model | undefined, { contextPercentage }: WireProfile): Model | undefined {
  return model && contextPercentage === 'unknown' ? { ...model, maxInputTokens: undefined } : model;
}

function withSystemText(conversation: Conversation, text: string): Conversation {
  return { ...conversation, system: [...conversation.system, { at: 'reasoning', text, cachePoint: false }] };
}

function callableTools({ tools, toolChoice }: Conversation): readonly Tool[] {
  if (toolChoice.type === 'none') return [];
  return toolChoice.type === 'tool' ? tools.filter(({ name }) => name === toolChoice.name) : tools;
}

const NONE_REQUIRED: ReadonlyMap<string, readonly string[]> = new Map();

/** By the tool's name. */
function requiredArguments(tools: readonly Tool[]): ReadonlyMap<string, readonly string[]> {
  if (tools.length === 0) return NONE_REQUIRED;
  const names = new Map<string, readonly string[]>();
  for (let index = 0; index < tools.length; index++) {
    const { name, inputSchema } = tools[index] as Tool; // within its bounds
    const required = isJsonObject(inputSchema) ? inputSchema.required : undefined;
    names.set(name, Array.isArray(required) ? required.filter((property) => typeof property === 'string') : []);
  }
  return names;
}

type Fields = Readonly<Record<string, JsonValue>>;

/** undefined: there are none. */
function joined(some: Fields, others: Fields): Fields | undefined {
  const fields = { ...some, ...others };
  return Object.keys(fields).length === 0 ? undefined : fields;
}
