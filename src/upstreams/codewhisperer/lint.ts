/**
 * The last look at a finished request: every rule of the service which public knowledge has, each under an id, so that
 * its bare "Improperly formed request." never reaches a person without a cause. The passes repair what they can; what
 * is caught here is what could not be repaired, or a fault of ours.
 */
import type { Conversation } from '../../core/conversation.ts';
import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import { lintEnvelope } from './lint/envelope.ts';
import { lintHistory } from './lint/history.ts';
import { lintMedia } from './lint/media.ts';
import { lintTools } from './lint/tools.ts';
import type { WireProfile } from './profiles.ts';
import type { ChatMessage, GenerateAssistantResponseRequest } from './wire.ts';

const RULES = {
  'body-field': 'The body has only the fields which the wire profile allows.',
  'cache-point': 'Cache points stand only where the wire profile takes them, and no more than a request may carry.',
  'content-empty': 'No message is without content; only one with tool results or tool uses may be.',
  'content-length': 'No text of a message or a tool result is longer than the service takes.',
  'conversation-id': 'The conversation id has 1 to 128 characters.',
  'document-bytes': 'A document is no larger than the service takes.',
  'document-format': 'Documents are pdf, csv, doc, docx, xls, xlsx, html, txt or md, where documents are taken at all.',
  'document-name': 'Document names are unique and of letters, digits, blanks, hyphens, parentheses and brackets.',
  'documents-count': 'A message has no more documents than the service takes.',
  'history-alternates': 'User and assistant messages alternate.',
  'history-ends-assistant': 'History ends with an assistant message.',
  'history-first-user':
    'History does not begin with tool results, nor with the assistant where the service refuses that.',
  'history-length': 'History has no more entries than the service takes.',
  'image-bytes': 'An image is no larger than the service takes.',
  'image-dimensions': 'An image has no more pixels on either side than the service takes.',
  'image-format': 'Images are png, jpeg, gif or webp, as their bytes say.',
  'images-count': 'A message has no more images than the service takes.',
  'model-id': 'The model id is of letters, digits, and _ : . - alone, at most 1,024 of them.',
  'no-null': 'Nothing absent is sent as null or as an empty list.',
  'profile-arn': 'The profile ARN is one of the service’s.',
  'reasoning-history': 'Reasoning goes back only where the wire profile takes it, signed or redacted.',
  'text-well-formed': 'Text has no unpaired surrogates.',
  'tool-declared': 'Every tool named in history is declared.',
  'tool-description': 'A tool description is neither empty nor longer than the service takes.',
  'tool-duplicate': 'Tool names differ by more than their case.',
  'tool-name-pattern': 'Tool names are of the characters and the length which the service takes.',
  'tool-result-content': 'A tool result has text.',
  'tool-result-order': 'Tool results stand in the order of their calls.',
  'tool-result-pairing':
    'Every tool call has exactly one result in the next user message, and every result has its call.',
  'tool-schema-keyword': 'Tool schemas have no references, nulls or keywords which the service refuses.',
  'tool-schema-root': 'A tool schema is an object with properties at its root, without a choice or combination there.',
  'tool-use-id': 'Tool call ids are unique, and of the characters and the length which the service takes.',
  'tool-use-input': 'Tool arguments are JSON objects without empty keys.',
  'tools-in-history': 'Tools are declared in the current message alone.',
  'trigger-type': 'The trigger type is MANUAL, DIAGNOSTIC or INLINE_CHAT.',
} as const satisfies Record<string, string>;

export type LintRuleId = keyof typeof RULES;

export const LINT_RULES: readonly { readonly id: LintRuleId; readonly says: string }[] = Object.entries(RULES).map(
  // Object.entries forgets that the keys of RULES are rule ids.
  ([id, says]) => ({ id: id as LintRuleId, says }),
);

export interface Violation {
  readonly rule: LintRuleId;
  /** What is wrong and what to do, for a person. */
  readonly message: string;
  /** The client's field, when it is known. */
  readonly param: string | undefined;
}

export interface LintInput {
  readonly request: GenerateAssistantResponseRequest;
  readonly profile: WireProfile;
  /** History, then the current message. */
  readonly messages: readonly ChatMessage[];
  /** What the request was written from, if known: its turns are the messages, one for one. */
  readonly said: Conversation | undefined;
  report(rule: LintRuleId, message: string, param?: string): void;
}

/** A rule not listed here means `invalid_request`. */
const CODES: Partial<Record<LintRuleId, ErrorCode>> = {
  'content-length': 'context_too_long',
  'model-id': 'unknown_model',
  'profile-arn': 'profile_required',
};

/** Throws GatewayError with the first violated rule's id. */
export function lint(request: GenerateAssistantResponseRequest, profile: WireProfile, said?: Conversation): void {
  const [violation] = findViolations(request, profile, said);
  if (!violation) return;
  const { rule, message, param } = violation;
  throw new GatewayError(CODES[rule] ?? 'invalid_request', `${message} (rule ${rule})`, { rule, param });
}

export function findViolations(
  request: GenerateAssistantResponseRequest,
  profile: WireProfile,
  said?: Conversation,
): readonly Violation[] {
  const violations: Violation[] = [];
  const { history = [], currentMessage } = request.conversationState;
  const input: LintInput = {
    request,
    profile,
    messages: [...history, currentMessage],
    said,
    report(rule, message, param) {
      violations.push({ rule, message, param });
    },
  };
  for (const check of [lintEnvelope, lintHistory, lintTools, lintMedia]) check(input);
  return violations;
}
