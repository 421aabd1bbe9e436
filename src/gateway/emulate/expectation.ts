/**
 * What a reply must be, where the service has no setting for it: said to the model in the system text, checked when the
 * reply is there, and asked for once more when it does not hold. Until then nothing of the reply is shown to anybody.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import type { Conversation } from '../../core/conversation.ts';
import type { ReplyEvent, StopReason } from '../../core/reply.ts';
import type { ReplyTransform } from './transform.ts';

export interface Expectation {
  /** The conversation as it goes upstream. The same for the same wish, so that prefixes stay stable. */
  prepare(conversation: Conversation): Conversation;
  /** From this event on nothing can go wrong any more: what was held may go out, and the rest as it comes. */
  isSettledBy(event: ReplyEvent): boolean;
  /** What is still to be done to a settled reply, from its first event on; absent: nothing. */
  afterSettling?(note: (made: Adjustment) => void): ReplyTransform;
  /** Judges a whole reply, which ended with `reply-end`. */
  judge(events: readonly ReplyEvent[]): Judgement | Promise<Judgement>;
  /** Rule noted when the second try was needed. */
  readonly retryRule: 'json-repaired' | 'tool-choice-retried';
}

export type Judgement =
  /** The events to send: those of the reply, or what they were meant to be. */
  | { readonly type: 'fits'; readonly events: readonly ReplyEvent[] }
  /** `complaint` goes to the model with its own answer; `problem` to the client if the second answer is no better. */
  | { readonly type: 'fails'; readonly said: string; readonly complaint: string; readonly problem: string };

/** The model did not choose to stop there, so an unfinished answer is told as what it is: cut short, or refused. */
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
