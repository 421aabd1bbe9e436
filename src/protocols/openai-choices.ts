/** `n` of OpenAI's completion APIs: several choices to one request, each a reply of its own. */
import type { Reply } from '../core/collect.ts';
import { addUsage, type Usage } from '../core/usage.ts';
import type { Notes } from './notes.ts';
import { RULE_VALUE } from './openai-errors.ts';
import { refuseUnsupported } from './shape.ts';

/** Each costs a request of its own. */
const MAX_CHOICES = 4;

/** Throws `unsupported_parameter`. */
export function readChoices(n: number | null | undefined, notes: Notes): number {
  const choices = n ?? 1;
  if (choices > MAX_CHOICES)
    throw refuseUnsupported('n', `at most ${MAX_CHOICES} choices can be had in one request.`, RULE_VALUE);
  if (choices > 1) notes.add('choices-emulated', 'n', String(choices));
  return choices;
}

/** Told once, when the last choice has ended: what all of them cost. */
export class ChoicesEnding {
  #open: number;
  #usage: Usage | undefined;

  constructor(choices: number) {
    this.#open = choices;
  }

  /** The usage of all, if this was the last. */
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
