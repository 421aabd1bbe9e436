/** The body of a chat request: written at once if plain-body.ts can, else as objects that are checked and serialised. */
import { jsonBytes } from '../../core/json-bytes.ts';
import type { Steps } from '../../core/steps.ts';
import type { ConversationIds } from '../upstream.ts';
import { agentModeOf, type BodyContent, wireIdOf } from './body-content.ts';
import { knownSchemas } from './known-schemas.ts';
import { lint } from './lint.ts';
import type { Normalized } from './normalize/passes.ts';
import { type PlainBody, plainBody } from './plain-body.ts';
import type { WireProfile } from './profiles.ts';
import type { ConversationState, GenerateAssistantResponseRequest } from './wire.ts';
import { type WrittenMessages, writeMessages } from './write.ts';

/** Throws GatewayError for what the service would refuse. */
export function* encodeBody(content: BodyContent, { traits }: Pick<Normalized, 'traits'>): Steps<PlainBody> {
  return (yield* plainBody(content, traits)) ?? (yield* bodyOfObjects(content));
}

/** The same for any conversation. */
export function* bodyOfObjects(content: BodyContent): Steps<PlainBody> {
  const { body, adjustments } = yield* objectsOf(content);
  yield* lint(body, content.profile, content.conversation);
  return { json: yield* jsonBytes(body, { bytesOf: schemaBytes }), adjustments };
}

interface BodyObjects extends Pick<PlainBody, 'adjustments'> {
  readonly body: GenerateAssistantResponseRequest;
}

/** Not checked yet. */
export function* objectsOf(content: BodyContent): Steps<BodyObjects> {
  const { conversation, profile, modelId, ids, profileArn, fields, environment } = content;
  const messages = yield* writeMessages(conversation, profile, modelId, environment ?? {});
  const body: GenerateAssistantResponseRequest = {
    conversationState: conversationState(messages, ids, profile),
    ...(profileArn === undefined ? {} : { profileArn }),
    ...(profile.body.fields.includes('agentMode') ? { agentMode: agentModeOf(ids, profile) } : {}),
    ...(fields === undefined ? {} : { additionalModelRequestFields: fields }),
    ...(profile.body.fields.includes('source') ? { source: profile.origin } : {}),
  };
  return { body, adjustments: messages.adjustments };
}

/** The wire has tool schemas, and nothing else, in members named `json` of the kind that is remembered. */
function schemaBytes(key: string, member: object): Buffer | undefined {
  return key === 'json' ? knownSchemas.jsonOf(member) : undefined;
}

function conversationState(
  { history, currentMessage }: WrittenMessages,
  { conversationId, rootConversationId, continuationId }: ConversationIds,
  profile: WireProfile,
): ConversationState {
  const fields = new Set<string>(profile.body.conversationStateFields);
  return {
    chatTriggerType: 'MANUAL',
    conversationId: wireIdOf(conversationId, profile),
    ...(fields.has('rootConversationId') ? { rootConversationId: wireIdOf(rootConversationId, profile) } : {}),
    ...(fields.has('agentTaskType') ? { agentTaskType: profile.body.agentTaskType } : {}),
    ...(history.length === 0 ? {} : { history }),
    currentMessage,
    // Differs in every turn, so it follows the part that the turns share.
    ...(fields.has('agentContinuationId') ? { agentContinuationId: continuationId } : {}),
  };
}
