/**
 * Compaction: the model writes a summary, which is sent as one opaque `compaction` item and replaces the conversation
 * from then on.
 */
import type { Conversation, Turn } from '../../core/conversation.ts';

const INSTRUCTION = [
  'The conversation so far is about to be replaced by a summary of it, and you will continue with nothing but that.',
  'Create a detailed summary now. Keep what the user wants and in which words, what was decided and why, what has been done',
  'and its results, the names of files, commands and figures that still matter, and the next steps.',
  'Answer with the summary only, and do not call tools.',
].join(' ');

/** The conversation with a request for its summary. Tools stay, because calls in the history refer to them. */
export function askForSummary(conversation: Conversation, at: string): Conversation {
  const turn: Turn = { at, role: 'user', parts: [{ type: 'text', at, text: INSTRUCTION }] };
  return {
    ...conversation,
    turns: [...conversation.turns, turn],
    toolChoice: { type: 'auto' },
    output: { maxTokens: undefined, stopSequences: [], format: { type: 'text' } },
  };
}
