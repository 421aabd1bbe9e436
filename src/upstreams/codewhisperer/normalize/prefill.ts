/**
 * The service requires the user's turn last. If the client ends with a prefill for the assistant, it stays in history
 * and a user turn asks to continue.
 */

import type { Conversation } from '../../../core/conversation.ts';
import { GatewayError } from '../../../core/errors.ts';
import { type Passed, withTurns } from './pass.ts';
import { note } from './rules.ts';

const CONTINUE = 'Continue your last message from exactly where it stops. Do not repeat any of it.';

export function prefill(conversation: Conversation): Passed {
  const last = conversation.turns.at(-1);
  if (!last) {
    throw new GatewayError('invalid_request', 'The conversation has no message with content; send at least one.', {
      param: 'messages',
      rule: 'conversation-empty',
    });
  }
  if (last.role === 'user') return { conversation, adjustments: [] };
  const isToolCall = last.parts.some((part) => part.type === 'tool-use');
  const request = { type: 'text', at: last.at, text: CONTINUE } as const;
  const turn = { at: last.at, role: 'user', parts: isToolCall ? [] : [request] } as const;
  return {
    conversation: withTurns(conversation, [...conversation.turns, turn]),
    adjustments: [note('prefill-continued', last.at)],
  };
}
