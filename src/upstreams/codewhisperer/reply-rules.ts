/** The adjustments recorded while a reply is read, and what each means; docs/adjustments.md lists them. */
import { type Adjustment, adjustment } from '../../core/adjustments.ts';

export const REPLY_RULES = {
  'leaked-call-recovered':
    'The model printed a tool call as text; it was turned into a call. Noted once the reply has ended.',
  'reply-cut-off':
    'The reply ended without the events that close a complete one; it is reported as cut off at a limit.',
  'reply-refused': 'The service gave a reason why the model refused to answer.',
  'tool-arguments-repaired':
    'The arguments of a tool call were not valid JSON; characters that JSON forbids inside strings were escaped.',
  'tool-name-respelled': 'The model called a tool by another spelling of its name; the call has the declared name.',
} as const satisfies Record<string, string>;

/** The path is empty: a reply has no position in the request. */
export function replyNote(rule: keyof typeof REPLY_RULES, before?: string, after?: string): Adjustment {
  return adjustment(rule, '', before, after);
}
