/** Choices of OpenAI's completion APIs: why one ended, and `n`, several for one request, each a separate reply. */
import type { Reply } from '../core/collect.ts';
import type { StopReason } from '../core/reply.ts';
import { addUsage, type Usage } from '../core/usage.ts';
import type { Notes } from './notes.ts';
import { RULE_VALUE } from './openai-errors.ts';
import { refuseUnsupported } from './shape.ts';

/** `finish_reason` of a choice without a tool use. */
export const FINISH_REASONS: Readonly<Record<StopReason, string>> = {
  'end-turn': 'stop',
  'stop-sequence': 'stop',
  // Without a tool use, the client has nothing to run.
  'tool-use': 'stop',
  'max-tokens': 'length',
  'context-window': 'length',
  refusal: 'content_filter',
};

/** Each choice is a separate upstream request. */
const MAX_CHOICES = 4;

/** Throws `unsupported_parameter`. */
export function readChoices(n: number | null | undefined, notes: Notes): number {
  const choices = n ?? 1;
  if (choices > MAX_CHOICES) throw refuseUnsupported('n', `must be at most ${MAX_CHOICES}.`, RULE_VALUE);
  if (choices > 1) notes.add('choices-emulated', 'n', String(choices));
  return choices;
}

/** Adds up the usage of all choices, reported once with the last of them. */
export class ChoicesEnding {
  #open: number;
  #usage: Usage | undefined;

  constructor(choices: number) {
    this.#open = choices;
  }

  /** The total usage if this was the last open choice. */
  end(usage: Usage): Usage | undefined {
    this.#usage = this.#usage ? addUsage(this.#usage, usage) : usage;
    this.#open--;
    return this.#open === 0 ? this.#usage : undefined;
  }
}

export function usageOfAll(replies: readonly Reply[]): Usage | undefined {
  const ending = new ChoicesEnding(replies.length);
  return replies.map(({ usage }) => ending.end(usage)).at(-1);
}
