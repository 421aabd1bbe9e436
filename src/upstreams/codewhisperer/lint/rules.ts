/** The rules that a finished request is checked against, and the input of a check. */
import type { Conversation } from '../../../core/conversation.ts';
import type { WireProfile } from '../profiles.ts';
import type { ChatMessage, GenerateAssistantResponseRequest } from '../wire.ts';
import { CHECKED_RULES } from './checked-rules.ts';
import { TRANSLATED_RULES } from './translated-rules.ts';
import type { WireRule } from './wire-rule.ts';

/** All rules of the service: those that are checked, and what the wire cannot express. docs/rules.md lists them. */
export const WIRE_RULES: Readonly<Record<string, WireRule>> = { ...CHECKED_RULES, ...TRANSLATED_RULES };

export type LintRuleId = keyof typeof CHECKED_RULES;

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
