/** The rules that a finished request is checked against, and the input of a check. */
import type { Conversation } from '../../../core/conversation.ts';
import type { WireProfile } from '../profiles.ts';
import type { ChatMessage, GenerateAssistantResponseRequest } from '../wire.ts';

const RULES = {
  'body-field': 'The body has only the fields that the wire profile allows.',
  'cache-point': 'Cache points appear only where the wire profile accepts them, and no more than a request may have.',
  'content-empty': 'Every message has content, unless it has tool results or tool uses.',
  'content-length': 'No text of a message or a tool result is longer than the service accepts.',
  'conversation-id': 'The conversation id has 1 to 128 characters.',
  'document-bytes': 'A document is not larger than the service accepts.',
  'document-format':
    'Documents are pdf, csv, doc, docx, xls, xlsx, html, txt or md, where documents are accepted at all.',
  'document-name':
    'Document names are unique and consist of letters, digits, spaces, hyphens, parentheses and brackets.',
  'documents-count': 'A message has no more documents than the service accepts.',
  'history-alternates': 'User and assistant messages alternate.',
  'history-ends-assistant': 'History ends with an assistant message.',
  'history-first-user':
    'History does not begin with tool results, nor with the assistant where the service refuses that.',
  'history-length': 'History has no more entries than the service accepts.',
  'image-bytes': 'An image is not larger than the service accepts.',
  'image-dimensions': 'An image has no more pixels on either side than the service accepts.',
  'image-format': 'Images are png, jpeg, gif or webp, as their bytes say.',
  'images-count': 'A message has no more images than the service accepts.',
  'model-id': 'The model id consists of at most 1,024 letters, digits and _ : . - characters.',
  'no-null': 'Absent values are not sent as null or as empty lists.',
  'profile-arn': 'The profile ARN has the service’s format.',
  'reasoning-history': 'Reasoning is sent back only where the wire profile accepts it, signed or redacted.',
  'text-well-formed': 'Text has no unpaired surrogates.',
  'tool-declared': 'Every tool named in history is declared.',
  'tool-description': 'A tool description is neither empty nor longer than the service accepts.',
  'tool-duplicate': 'Tool names differ by more than their case.',
  'tool-name-pattern': 'Tool names have only the characters and the length that the service accepts.',
  'tool-result-content': 'A tool result has text.',
  'tool-result-order': 'Tool results are in the order of their calls.',
  'tool-result-pairing':
    'Every tool call has exactly one result in the next user message, and every result has its call.',
  'tool-schema-keyword': 'Tool schemas have no references, nulls or keywords that the service refuses.',
  'tool-schema-root': 'A tool schema is an object with properties at its root, without a choice or combination there.',
  'tool-use-id': 'Tool call ids are unique and have only the characters and the length that the service accepts.',
  'tool-use-input': 'Tool arguments are JSON objects without empty keys.',
  'tools-in-history': 'Tools are declared only in the current message.',
  'trigger-type': 'The trigger type is MANUAL, DIAGNOSTIC or INLINE_CHAT.',
} as const satisfies Record<string, string>;

export type LintRuleId = keyof typeof RULES;

export const LINT_RULES: readonly { readonly id: LintRuleId; readonly description: string }[] = Object.entries(
  RULES,
).map(
  // Object.entries loses the key type.
  ([id, description]) => ({ id: id as LintRuleId, description }),
);

export interface Violation {
  readonly rule: LintRuleId;
  /** What is wrong and what to do, for the user. */
  readonly message: string;
  /** The client's field, if known. */
  readonly param: string | undefined;
}

export interface LintInput {
  readonly request: GenerateAssistantResponseRequest;
  readonly profile: WireProfile;
  /** History, then the current message. */
  readonly messages: readonly ChatMessage[];
  /** The source of the request, if known: one turn per message. */
  readonly conversation: Conversation | undefined;
  report(rule: LintRuleId, message: string, param?: string): void;
}
