/** Rules for messages: order, texts, model, reasoning. */
import { IMPROPERLY_FORMED, validation } from '../refusal.ts';
import { findSchemaFault } from './json-schema.ts';
import { type CheckedChat, firstFault, isAssistant, isUser, type Rule, toolResultsOf } from './rule.ts';

const MAX_CONTENT_CHARS = 10_000_000;
const TOO_LONG = validation('Input is too long.', 'CONTENT_LENGTH_EXCEEDS_THRESHOLD');

export const CONVERSATION_RULES: readonly Rule<CheckedChat>[] = [
  {
    id: 'conversation-id',
    says: 'The conversation id has 1 to 128 characters.',
    refusal: validation('Improperly formed request.', 'INVALID_CONVERSATION_ID'),
    broken: ({ request }) => {
      const id = request.conversationState.conversationId;
      return id === undefined || (id.length >= 1 && id.length <= 128) ? undefined : 'conversationId';
    },
  },
  {
    id: 'model-known',
    says: 'The model is one of the catalogue.',
    refusal: validation('Invalid model. Please select a different model to continue.', 'INVALID_MODEL_ID'),
    broken: ({ model, current }) => (model ? undefined : `model ${current.modelId}`),
  },
  {
    id: 'history-starts-user',
    says: 'History does not start with tool results. It may start with the assistant.',
    refusal: IMPROPERLY_FORMED,
    broken: ({ request }) => {
      const first = request.conversationState.history?.[0];
      return !first || toolResultsOf(first).length === 0 ? undefined : 'history[0]';
    },
  },
  {
    id: 'history-alternates',
    says: 'User and assistant messages alternate.',
    refusal: IMPROPERLY_FORMED,
    broken: ({ request }) => {
      const { history = [] } = request.conversationState;
      return firstFault(history, (message, index) => {
        const before = history[index - 1];
        return before && isUser(before) === isUser(message) ? `history[${index}]` : undefined;
      });
    },
  },
  {
    id: 'history-ends-assistant',
    says: 'History ends with an assistant message.',
    refusal: IMPROPERLY_FORMED,
    broken: ({ request }) => {
      const last = request.conversationState.history?.at(-1);
      return !last || isAssistant(last) ? undefined : 'history, last';
    },
  },
  {
    id: 'content-empty',
    says: 'A message has content; only one with tool results or tool uses may be empty.',
    refusal: IMPROPERLY_FORMED,
    strictOnly: true,
    broken: ({ messages }) =>
      firstFault(messages, (message, index) => {
        const content = isUser(message) ? message.userInputMessage.content : message.assistantResponseMessage.content;
        const hasUses = isAssistant(message) && (message.assistantResponseMessage.toolUses ?? []).length > 0;
        return content === '' && !hasUses && toolResultsOf(message).length === 0 ? `message ${index}` : undefined;
      }),
  },
  {
    id: 'content-length',
    says: 'No text of a message or a tool result has more than 10,000,000 characters.',
    refusal: TOO_LONG,
    broken: ({ messages }) =>
      firstFault(messages, (message, index) => {
        const content = isUser(message) ? message.userInputMessage.content : '';
        const results = toolResultsOf(message).flatMap((result) => result.content);
        const texts = [content, ...results.map((block) => ('text' in block ? block.text : ''))];
        return texts.some((text) => text.length > MAX_CONTENT_CHARS) ? `message ${index}` : undefined;
      }),
  },
  {
    id: 'model-fields-supported',
    says: 'Only models whose catalogue entry has a schema for them take additionalModelRequestFields.',
    refusal: validation('additionalModelRequestFields is not supported for this model'),
    broken: ({ request, model }) =>
      request.additionalModelRequestFields && !model?.additionalModelRequestFieldsSchema
        ? 'additionalModelRequestFields'
        : undefined,
  },
  {
    id: 'model-fields-valid',
    says: 'additionalModelRequestFields obeys the schema in the model’s catalogue entry.',
    refusal: validation('Invalid additionalModelRequestFields'),
    broken: ({ request, model }) => {
      const { additionalModelRequestFields: fields } = request;
      const schema = model?.additionalModelRequestFieldsSchema;
      return fields === undefined || !schema
        ? undefined
        : findSchemaFault(fields, schema, 'additionalModelRequestFields');
    },
  },
  {
    id: 'reasoning-signature',
    says: 'Reasoning in history has the signature it was sent with; redacted reasoning is unchanged.',
    refusal: validation('Invalid signature in thinking block.', 'THINKING_SIGNATURE_INVALID'),
    broken: ({ messages, signatures }) =>
      firstFault(messages, (message, index) => {
        const reasoning = isAssistant(message) ? message.assistantResponseMessage.reasoningContent : undefined;
        if (!reasoning) return undefined;
        const isGenuine =
          'redactedContent' in reasoning
            ? signatures.isGenuineRedacted(reasoning.redactedContent)
            : signatures.isGenuine(reasoning.reasoningText.text, reasoning.reasoningText.signature ?? '');
        return isGenuine ? undefined : `message ${index}`;
      }),
  },
];

export const WINDOW_RULES: readonly Rule<CheckedChat>[] = [
  {
    id: 'context-window',
    says: 'The conversation, at four characters a token, fits the model’s window.',
    refusal: TOO_LONG,
    broken: ({ inputTokens, model }) =>
      model && inputTokens > model.tokenLimits.maxInputTokens ? `${inputTokens} tokens` : undefined,
  },
];
