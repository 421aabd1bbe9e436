/**
 * Checks a finished request against every publicly known rule of the service, each with an id, so that its bare
 * "Improperly formed request." never reaches a person without a cause. The passes fix what they can; a violation here
 * could not be fixed, or is a bug in dragoman.
 */
import type { Conversation } from '../../core/conversation.ts';
import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { Steps } from '../../core/steps.ts';
import { lintEnvelope } from './lint/envelope.ts';
import { lintHistory } from './lint/history.ts';
import { lintMedia } from './lint/media.ts';
import type { LintInput, LintRuleId, Violation } from './lint/rules.ts';
import { lintTools } from './lint/tools.ts';
import type { WireProfile } from './profiles.ts';
import type { GenerateAssistantResponseRequest } from './wire.ts';

/** Any other rule means `invalid_request`. */
const CODES: Partial<Record<LintRuleId, ErrorCode>> = {
  'content-length': 'context_too_long',
  'model-id': 'unknown_model',
  'profile-arn': 'profile_required',
};

/** Throws GatewayError with the first violated rule's id. */
export function* lint(
  request: GenerateAssistantResponseRequest,
  profile: WireProfile,
  conversation?: Conversation,
): Steps<void> {
  const [violation] = yield* findViolations(request, profile, conversation);
  if (!violation) return;
  const { rule, message, param } = violation;
  throw new GatewayError(CODES[rule] ?? 'invalid_request', `${message} (rule ${rule})`, { rule, param });
}

/** One step per topic. */
export function* findViolations(
  request: GenerateAssistantResponseRequest,
  profile: WireProfile,
  conversation?: Conversation,
): Steps<readonly Violation[]> {
  const violations: Violation[] = [];
  const { history = [], currentMessage } = request.conversationState;
  const input: LintInput = {
    request,
    profile,
    messages: [...history, currentMessage],
    conversation,
    report(rule, message, param) {
      violations.push({ rule, message, param });
    },
  };
  for (const check of [lintEnvelope, lintHistory, lintTools, lintMedia]) {
    check(input);
    yield;
  }
  return violations;
}
