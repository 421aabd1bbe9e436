/** Picks the scripted reply for a chat request: the first matching rule that is not used up. */
import type { Script, ScriptedReply } from './script.ts';

export interface ChatFacts {
  /** Number of the chat request since the simulator started, from 1. */
  readonly number: number;
  /** Id of the simulated account. */
  readonly account: string;
  readonly model: string;
  readonly text: string;
  readonly hasTools: boolean;
  readonly hasToolResults: boolean;
  readonly rawBody: Buffer;
  readonly tools: number;
  /** History and the current message. */
  readonly messages: number;
}

export class ScriptPlayer {
  readonly #rules: { readonly reply: ScriptedReply; left: number }[] = [];

  constructor(script: Script | undefined) {
    this.append(...(script?.replies ?? []));
  }

  append(...replies: readonly ScriptedReply[]): void {
    for (const reply of replies) this.#rules.push({ reply, left: reply.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#rules.length = 0;
  }

  next(facts: ChatFacts): ScriptedReply | undefined {
    const rule = this.#rules.find(({ reply, left }) => left > 0 && holds(reply, facts));
    if (rule) rule.left -= 1;
    return rule?.reply;
  }
}

function holds({ when = {} }: ScriptedReply, facts: ChatFacts): boolean {
  return (
    (when.account === undefined || when.account === facts.account) &&
    (when.model === undefined || when.model === facts.model) &&
    (when.text === undefined || facts.text.includes(when.text)) &&
    (when.request === undefined || when.request === facts.number) &&
    (when.tools === undefined || when.tools === facts.hasTools) &&
    (when.toolResults === undefined || when.toolResults === facts.hasToolResults) &&
    (when.moreTools === undefined || facts.tools > when.moreTools) &&
    (when.moreMessages === undefined || facts.messages > when.moreMessages) &&
    (when.moreBytes === undefined || facts.rawBody.length > when.moreBytes) &&
    (when.body === undefined || new RegExp(when.body, 'u').test(facts.rawBody.toString('utf8')))
  );
}
