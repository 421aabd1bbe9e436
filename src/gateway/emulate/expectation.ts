/**
 * A requirement on the reply for which the service has no setting. It is stated in the system text and checked once the
 * reply is complete; a reply that does not meet it is requested once more. Until then the reply is buffered.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import type { Conversation } from '../../core/conversation.ts';
import type { ReplyEvent, StopReason } from '../../core/reply.ts';
import type { ReplyTransform } from './transform.ts';

export interface Expectation {
  /** Adds the requirement to the conversation. The same input gives the same text, so that prefixes stay stable. */
  prepare(conversation: Conversation): Conversation;
  /** True if the reply meets the requirement from this event on: what is buffered may be sent, and the rest as it comes. */
  isSettledBy(event: ReplyEvent): boolean;
  /** The transform for a settled reply, from its first event on; absent: the reply is sent as it is. */
  afterSettling?(record: (adjustment: Adjustment) => void): ReplyTransform;
  /** Checks a complete reply, one that ended with `reply-end`. */
  evaluate(events: readonly ReplyEvent[]): Evaluation | Promise<Evaluation>;
  /** The rule of the adjustment recorded for a second attempt. */
  readonly retryRule: 'json-repaired' | 'tool-choice-retried';
}

export type Evaluation =
  /** `events` are to be sent: those of the reply, or a corrected form. `adjustments`: what the correction leaves out. */
  | { readonly type: 'fits'; readonly events: readonly ReplyEvent[]; readonly adjustments?: readonly Adjustment[] }
  /** The model receives `answer` and `complaint`; the client receives `problem` if the second answer fails as well. */
  | { readonly type: 'fails'; readonly answer: string; readonly complaint: string; readonly problem: string };

/** True if the model did not choose to stop. Such a reply is passed on with its stop reason, although it is unfinished. */
export function isCutShort(stopReason: StopReason): boolean {
  switch (stopReason) {
    case 'max-tokens':
    case 'context-window':
    case 'stop-sequence':
    case 'refusal':
      return true;
    case 'end-turn':
    case 'tool-use':
      return false;
  }
}

export function withSystemText(conversation: Conversation, at: string, text: string): Conversation {
  return { ...conversation, system: [...conversation.system, { at, text, cachePoint: false }] };
}

export function textOf(events: readonly ReplyEvent[]): string {
  return events.map((event) => (event.type === 'text-delta' ? event.text.plain : '')).join('');
}

export function stopReasonOf(events: readonly ReplyEvent[]): StopReason {
  const last = events.at(-1);
  return last?.type === 'reply-end' ? last.stopReason : 'end-turn';
}
