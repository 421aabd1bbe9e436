/**
 * The body of KiroRuntimeService.GenerateAssistantResponse: the messages of the older services, without members that this
 * one does not know, plus the ids of the session, its root and the user's turn.
 * Source: captures of Kiro IDE and `kiro-cli chat --v3`, August to October 2026.
 */
import {
  assistantResponseMessage,
  document,
  list,
  oneOf,
  profileArn,
  structure,
  text,
  union,
  userInputMessage,
  userInputMessageContext,
  uuid,
} from './chat-shape.ts';
import type { Shape } from './shape.ts';

type Structure = Extract<Shape, { type: 'structure' }>;

function without({ members, required, ...rest }: Structure, ...names: readonly string[]): Structure {
  const left = Object.entries(members).filter(([name]) => !names.includes(name));
  return { ...rest, members: Object.fromEntries(left), required: required.filter((name) => !names.includes(name)) };
}

const sessionId: Shape = { type: 'string', pattern: /^sess_[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/ };

const userMessage: Structure = {
  ...userInputMessage,
  members: {
    ...userInputMessage.members,
    origin: oneOf('AI_EDITOR'),
    userInputMessageContext: without(userInputMessageContext, 'envState'),
  },
  required: [...userInputMessage.required, 'origin'],
};

const message = union({
  userInputMessage: userMessage,
  assistantResponseMessage: without(assistantResponseMessage, 'messageId'),
});

export const RUNTIME_CHAT_SHAPE: Structure = structure({
  'conversationState*': structure({
    'conversationId*': sessionId,
    'rootConversationId*': sessionId,
    'agentContinuationId*': uuid,
    'agentTaskType*': oneOf('vibe', 'spectask'),
    'chatTriggerType*': oneOf('MANUAL'),
    history: list(message),
    'currentMessage*': message,
  }),
  profileArn,
  'agentMode*': oneOf('vibe', 'spec', 'general-task-execution'),
  additionalModelRequestFields: document,
  /** In the service model, but rejected by the service; it has its own rule. */
  systemPrompt: text,
});
