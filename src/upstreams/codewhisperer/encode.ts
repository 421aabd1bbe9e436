/**
 * Encodes a conversation as one GenerateAssistantResponse request: normalise, write, check.
 *
 * Nothing here depends on time, randomness or the turn number, and history comes before the current message, so that
 * the next turn's request begins with this one's bytes and hits the service's prompt cache.
 */
import type { Conversation, Tool } from '../../core/conversation.ts';
import { readEnvironment } from '../../core/environment.ts';
import { isJsonObject } from '../../core/json.ts';
import { jsonBytes } from '../../core/json-bytes.ts';
import type { Steps } from '../../core/steps.ts';
import { estimateConversationTokens } from '../../core/tokens.ts';
import { estimated, type Figure } from '../../core/usage.ts';
import type { ConversationIds, EncodeContext, EncodedChat } from '../upstream.ts';
import { createDecoder } from './decode.ts';
import { encodeEnvironment } from './environment.ts';
import { knownSchemas } from './known-schemas.ts';
import { CallRecoveringDecoder } from './leaked-calls/decoder.ts';
import { lint } from './lint.ts';
import { normalize } from './normalize/passes.ts';
import { operationRequest, profileArnFor } from './operations.ts';
import { outputLimitSettings } from './output-limit.ts';
import { SHIPPED_PROFILES, type WireProfile, type WireProfiles } from './profiles.ts';
import { reasoningSettings } from './reasoning-settings.ts';
import { requestedReasoning } from './requested-reasoning.ts';
import type { ConversationState, GenerateAssistantResponseRequest } from './wire.ts';
import { type WrittenMessages, writeMessages } from './write.ts';

/** Throws GatewayError `invalid_request` naming the client's field, or `profile_required`. */
export function* encodeChat(
  conversation: Conversation,
  context: EncodeContext,
  profiles: WireProfiles = SHIPPED_PROFILES,
): Steps<EncodedChat> {
  const { access, model, withoutReasoningHistory, invocation } = context;
  const profile = profiles.get(access.wireProfile);
  const requested = requestedReasoning(conversation.reasoning, model.reasoning);
  const { output } = conversation;
  const thinksAlways = context.thinksAlways || undefined;
  const reasoning = reasoningSettings({ reasoning: requested.reasoning, output }, model, profile, thinksAlways);
  const limit = outputLimitSettings(output, model.model, profile);
  const fields = { ...reasoning.fields, ...limit.fields };
  const instructed = reasoning.tags === undefined ? conversation : withSystemText(conversation, reasoning.tags);
  const normalized = yield* normalize(instructed, { profile, model: model.model, withoutReasoningHistory });
  const sendsEnvironment = context.sendEnvironment && profile.accepts.environment;
  const environment = sendsEnvironment ? encodeEnvironment(readEnvironment(conversation)) : undefined;
  const messages = yield* writeMessages(normalized.conversation, profile, model.id, environment?.context ?? {});
  const profileArn = profileArnFor(profile, 'GenerateAssistantResponse', access);
  const body: GenerateAssistantResponseRequest = {
    conversationState: conversationState(messages, context.ids, profile),
    ...(profileArn === undefined ? {} : { profileArn }),
    ...(profile.body.fields.includes('agentMode') ? { agentMode: agentMode(context.ids, profile) } : {}),
    ...(Object.keys(fields).length === 0 ? {} : { additionalModelRequestFields: fields }),
    ...(profile.body.fields.includes('source') ? { source: profile.origin } : {}),
  };
  yield* lint(body, profile, normalized.conversation);
  const json = yield* jsonBytes(body, { bytesOf: schemaBytes });
  let inputTokens: Figure | undefined;
  // When first needed, which is after the request is sent: it takes 1.5 ms for a new conversation of 1 MB.
  const estimateInput = () => (inputTokens ??= estimated(estimateConversationTokens(conversation)));
  const expected = {
    model: model.model,
    toolNames: normalized.toolNames,
    requiredArguments: new Map(normalized.conversation.tools.map((tool) => [tool.name, requiredArguments(tool)])),
    thinkingTags: reasoning.tags !== undefined,
  };
  const callable = context.recoverToolCalls ? callableTools(conversation) : [];
  return {
    request: operationRequest('GenerateAssistantResponse', json, access, { profiles, invocation }),
    adjustments: [
      ...normalized.adjustments,
      ...requested.adjustments,
      ...reasoning.adjustments,
      ...limit.adjustments,
      ...(environment?.adjustments ?? []),
      ...messages.adjustments,
    ],
    get inputTokens() {
      return estimateInput();
    },
    limitsOutput: 'max_tokens' in limit.fields,
    createDecoder(answer) {
      const decoder = createDecoder({ ...expected, inputTokens: estimateInput(), ...answer });
      return callable.length === 0 ? decoder : new CallRecoveringDecoder(decoder, callable, answer);
    },
  };
}

/** The wire has tool schemas, and nothing else, in members named `json` of the kind that is remembered. */
function schemaBytes(key: string, member: object): Buffer | undefined {
  return key === 'json' ? knownSchemas.jsonOf(member) : undefined;
}

function withSystemText(conversation: Conversation, text: string): Conversation {
  return { ...conversation, system: [...conversation.system, { at: 'reasoning', text, cachePoint: false }] };
}

function callableTools({ tools, toolChoice }: Conversation): readonly Tool[] {
  if (toolChoice.type === 'none') return [];
  return toolChoice.type === 'tool' ? tools.filter(({ name }) => name === toolChoice.name) : tools;
}

function requiredArguments({ inputSchema }: Tool): readonly string[] {
  const required = isJsonObject(inputSchema) ? inputSchema.required : undefined;
  return Array.isArray(required) ? required.filter((property) => typeof property === 'string') : [];
}

function agentMode({ conversationId, rootConversationId }: ConversationIds, { body }: WireProfile): string {
  return conversationId === rootConversationId ? body.agentMode.main : body.agentMode.subAgent;
}

function conversationState(
  { history, currentMessage }: WrittenMessages,
  { conversationId, rootConversationId, continuationId }: ConversationIds,
  { body }: WireProfile,
): ConversationState {
  const fields = new Set<string>(body.conversationStateFields);
  const wireId = (id: string) => body.conversationId.replace('{uuid}', id);
  return {
    chatTriggerType: 'MANUAL',
    conversationId: wireId(conversationId),
    ...(fields.has('rootConversationId') ? { rootConversationId: wireId(rootConversationId) } : {}),
    ...(fields.has('agentTaskType') ? { agentTaskType: body.agentTaskType } : {}),
    ...(history.length === 0 ? {} : { history }),
    currentMessage,
    // Differs in every turn, so it follows the part that the turns share.
    ...(fields.has('agentContinuationId') ? { agentContinuationId: continuationId } : {}),
  };
}
