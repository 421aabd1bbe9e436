/** Lint rules on messages: order, contents, cache points, reasoning. */

import type { AssistantResponseMessage, ChatMessage, UserInputMessage } from '../wire.ts';
import type { LintInput } from './rules.ts';

export function lintHistory(input: LintInput): void {
  lintOrder(input);
  lintCachePoints(input);
  for (const [index, message] of input.messages.entries()) {
    if ('userInputMessage' in message) lintUser(message.userInputMessage, index, input);
    else lintAssistant(message.assistantResponseMessage, index, input);
  }
}

function lintOrder({ messages, profile, conversation, report }: LintInput): void {
  const at = (index: number) => conversation?.turns[index]?.at;
  const history = messages.slice(0, -1);
  if (history.length > profile.limits.historyEntries) {
    const most = profile.limits.historyEntries;
    report(
      'history-length',
      `The conversation has ${history.length} messages before the last; the maximum is ${most}. Compact it or start a new one.`,
    );
  }
  const [first] = history;
  if (first && !isUser(first) && !profile.accepts.historyFromAssistant) {
    report('history-first-user', 'The conversation must begin with a user message.', at(0));
  }
  if (first && isUser(first) && first.userInputMessage.userInputMessageContext?.toolResults) {
    report('history-first-user', 'The conversation must not begin with tool results.', at(0));
  }
  const last = history.at(-1);
  if (last && isUser(last)) {
    report(
      'history-ends-assistant',
      'The message before the last user message must be the assistant’s.',
      at(history.length - 1),
    );
  }
  for (const [index, message] of history.entries()) {
    const before = history[index - 1];
    if (before && isUser(before) === isUser(message)) {
      report('history-alternates', 'Two consecutive messages have the same role.', at(index));
    }
  }
}

function isUser(message: ChatMessage): message is Extract<ChatMessage, { userInputMessage: unknown }> {
  return 'userInputMessage' in message;
}

function lintUser(message: UserInputMessage, index: number, input: LintInput): void {
  const { messages, conversation, report } = input;
  const at = conversation?.turns[index]?.at;
  const { toolResults, tools } = message.userInputMessageContext ?? {};
  if (message.content === '' && !toolResults) report('content-empty', 'A user message is empty. Give it content.', at);
  lintText(message.content, at, input);
  if (tools && index < messages.length - 1) {
    report(
      'tools-in-history',
      'Tools are declared in a history message; only the current message may declare them.',
      at,
    );
  }
  for (const result of toolResults ?? []) {
    for (const content of result.content) if ('text' in content) lintText(content.text, at, input);
  }
}

function lintAssistant(message: AssistantResponseMessage, index: number, input: LintInput): void {
  const { profile, conversation, report } = input;
  const at = conversation?.turns[index]?.at;
  if (message.content === '' && !message.toolUses)
    report('content-empty', 'An assistant message is empty. Leave it out.', at);
  lintText(message.content, at, input);
  const { reasoningContent: reasoning } = message;
  if (!reasoning) return;
  const isComplete =
    'redactedContent' in reasoning ? reasoning.redactedContent !== '' : reasoning.reasoningText.signature;
  if (!profile.accepts.reasoningHistory || !isComplete) {
    report(
      'reasoning-history',
      'A reasoning block in the history is unsigned, or this wire profile does not accept reasoning. Leave it out.',
      at,
    );
  }
}

function lintText(text: string, at: string | undefined, { profile, report }: LintInput): void {
  const most = profile.limits.contentChars;
  if (text.length > most) {
    report('content-length', `A text has ${text.length} characters; the maximum is ${most}. Shorten it.`, at);
  }
  if (!text.isWellFormed()) report('text-well-formed', 'A text contains unpaired surrogates. Send valid Unicode.', at);
}

function lintCachePoints({ messages, profile, report }: LintInput): void {
  const tools = messages.flatMap((message) =>
    isUser(message) ? (message.userInputMessage.userInputMessageContext?.tools ?? []) : [],
  );
  const inTools = tools.filter((tool) => 'cachePoint' in tool).length;
  const inMessages = messages.filter((message) =>
    isUser(message) ? message.userInputMessage.cachePoint : message.assistantResponseMessage.cachePoint,
  ).length;
  const { cachePoints, cachePointsInTools } = profile.accepts;
  if ((inMessages > 0 && !cachePoints) || (inTools > 0 && !cachePointsInTools)) {
    report('cache-point', `The wire profile ${profile.id} does not accept a cache point there.`);
  }
  const most = profile.limits.cachePointsPerRequest;
  if (inMessages + inTools > most) {
    report('cache-point', `The request has ${inMessages + inTools} cache points; the maximum is ${most}.`);
  }
}
