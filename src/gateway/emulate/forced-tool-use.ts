/**
 * `tool_choice` `required`, `any` or a named tool. The service always lets the model choose, so only the permitted tools
 * are offered, the system text demands a call, and a reply without one is requested once more.
 */
import type { Conversation, ToolChoice } from '../../core/conversation.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import { type Evaluation, type Expectation, isCutShort, stopReasonOf, textOf, withSystemText } from './expectation.ts';

export type ForcedChoice = Extract<ToolChoice, { type: 'required' | 'tool' }>;

export class ForcedToolUse implements Expectation {
  readonly retryRule = 'tool-choice-retried';
  readonly #choice: ForcedChoice;
  readonly #names: ReadonlySet<string>;
  /** A web search, which is run here, is a call as well. */
  readonly #mayBeSearch: boolean;

  constructor(choice: ForcedChoice, { tools, webSearch }: Pick<Conversation, 'tools' | 'webSearch'>) {
    this.#choice = choice;
    this.#mayBeSearch = choice.type === 'required' && webSearch !== undefined;
    const names = tools.map(({ name }) => name);
    this.#names = new Set(choice.type === 'tool' ? names.filter((name) => name === choice.name) : names);
  }

  prepare(conversation: Conversation): Conversation {
    const tools = conversation.tools.filter(({ name }) => this.#names.has(name));
    const offered: Conversation = { ...conversation, tools, toolChoice: { type: 'auto' } };
    return withSystemText(offered, 'tool_choice', `Your next answer must be ${this.#wanted}, not text alone.`);
  }

  isSettledBy(event: ReplyEvent): boolean {
    if (event.type === 'web-search-start') return this.#mayBeSearch;
    return event.type === 'tool-use-start' && this.#names.has(event.name);
  }

  evaluate(events: readonly ReplyEvent[]): Evaluation {
    if (isCutShort(stopReasonOf(events))) return { type: 'fits', events };
    return {
      type: 'fails',
      answer: textOf(events),
      complaint: `That was not ${this.#wanted}. Make the call now, with arguments that follow from the conversation.`,
      problem: `The model did not make ${this.#wanted}, even on a second attempt. Try again, or use tool_choice "auto".`,
    };
  }

  get #wanted(): string {
    return this.#choice.type === 'tool' ? `a call of the tool "${this.#choice.name}"` : 'a call of one of the tools';
  }
}
