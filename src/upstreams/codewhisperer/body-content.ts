/** What the body of a chat request is written from. */
import type { Conversation } from '../../core/conversation.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ConversationIds } from '../upstream.ts';
import type { WireEnvironment } from './environment.ts';
import type { WireProfile } from './profiles.ts';

export interface BodyContent {
  /** Normalised. */
  readonly conversation: Conversation;
  readonly profile: WireProfile;
  /** undefined: the service chooses. */
  readonly modelId: string | undefined;
  readonly ids: ConversationIds;
  readonly profileArn: string | undefined;
  /** `additionalModelRequestFields`; undefined: none. */
  readonly fields: JsonObject | undefined;
  readonly environment: WireEnvironment | undefined;
}

export function agentModeOf({ conversationId, rootConversationId }: ConversationIds, { body }: WireProfile): string {
  return conversationId === rootConversationId ? body.agentMode.main : body.agentMode.subAgent;
}

/** An id as the profile writes it. */
export function wireIdOf(id: string, { body }: WireProfile): string {
  return body.conversationId === '{uuid}' ? id : body.conversationId.replace('{uuid}', id);
}
