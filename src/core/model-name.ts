/**
 * Splits a model name into tokens and reads the reasoning options in them: clients write `claude-opus-4.5-high`,
 * `gpt-5.6-sol(max)`, `claude-sonnet-4-5:thinking`, `us.anthropic.claude-sonnet-4-5-20250929-v1:0`.
 */
import { LRUCache } from 'lru-cache';
import { isReasoningEffort, type Reasoning, type ReasoningEffort } from './conversation.ts';

/** The reasoning options in a name; undefined members are not mentioned. */
export interface NamedReasoning {
  readonly thinking: 'on' | 'off' | undefined;
  readonly effort: ReasoningEffort | undefined;
  readonly budgetTokens: number | undefined;
}

/** Far longer than any real name; the rest of a longer one is ignored. */
const MAX_NAME_CHARS = 256;

/**
 * Returns lower-case words and numbers in order, ignoring separators.
 * Digits after letters are a token of their own (`m2.1`: `m`, `2`, `1`), letters after digits are not (`4o`, `1m`).
 * A number in parentheses, which is a thinking budget (`claude-opus-4.8(8192)`), is marked: `#8192`.
 */
export function tokensOfName(name: string): readonly string[] {
  return name
    .slice(0, MAX_NAME_CHARS)
    .toLowerCase()
    .replaceAll('#', ' ')
    .replace(/\((\d{3,6})\)/, '-#$1-')
    .replace(/[^a-z0-9#]+/g, '-')
    .replace(/([a-z])(?=\d)/g, '$1-')
    .replace(/(^|-)(?:x|extra)-high(?=-|$)/g, '$1xhigh')
    .replace(/(^|-)non?-think(?:ing)?(?=-|$)/g, '$1nothinking')
    .split('-')
    .filter((token) => token !== '');
}

/**
 * The tokens that may name reasoning options: all after the first number, or without a number those at
 * the end. A word in the middle of a name does not count: `my-high-street-model`.
 */
function suffixesOf(tokens: readonly string[]): readonly string[] {
  const version = tokens.findIndex((token) => /^\d/.test(token));
  if (version >= 0) return tokens.slice(version + 1);
  const last = tokens.findLastIndex((token) => !isReasoningWord(token) && token !== 'latest');
  return last < 0 ? [] : tokens.slice(last + 1);
}

/** The last of several efforts counts. */
export function reasoningOfTokens(tokens: readonly string[]): NamedReasoning {
  let { thinking, effort, budgetTokens }: NamedReasoning = NOTHING_NAMED;
  for (const token of tokens) {
    if (THINKING_WORDS.has(token)) thinking = 'on';
    else if (NO_THINKING_WORDS.has(token)) thinking = 'off';
    else if (isReasoningEffort(token)) effort = token;
    else if (isBudget(token)) [thinking, budgetTokens] = ['on', Number(token.slice(1))];
  }
  return { thinking, effort, budgetTokens };
}

export const NOTHING_NAMED: NamedReasoning = { thinking: undefined, effort: undefined, budgetTokens: undefined };

/** Clients repeat a few names in every request, and splitting one takes 2 µs. */
const READ_NAMES = new LRUCache<string, NamedReasoning>({ max: 200 });

/** The reasoning options in a name, if no catalogue is available. */
export function reasoningOfName(name: string): NamedReasoning {
  const read = READ_NAMES.get(name);
  if (read) return read;
  const reasoning = reasoningOfTokens(suffixesOf(tokensOfName(name)));
  if (name.length <= MAX_NAME_CHARS) READ_NAMES.set(name, reasoning);
  return reasoning;
}

export function isReasoningWord(token: string): boolean {
  return isReasoningEffort(token) || THINKING_WORDS.has(token) || NO_THINKING_WORDS.has(token) || isBudget(token);
}

function isBudget(token: string): boolean {
  return token.startsWith('#');
}

const THINKING_WORDS: ReadonlySet<string> = new Set(['thinking', 'think', 'reasoning', 'reasoner']);
const NO_THINKING_WORDS: ReadonlySet<string> = new Set(['nothinking', 'nothink']);

/**
 * Each option in the request overrides that of the model name: an effort in the request leaves the name's
 * `thinking` in force. A budget in the request is an effort too.
 */
export function withNamedReasoning(requested: Reasoning, named: NamedReasoning): Reasoning {
  const isOff = named.thinking === 'off' || named.effort === 'none';
  switch (requested.mode) {
    case 'off':
      return requested;
    case 'unset':
      if (isOff) return { mode: 'off' };
      if (named.thinking === undefined && named.effort === undefined) return requested;
      return { mode: 'on', effort: named.effort, budgetTokens: named.budgetTokens };
    case 'on': {
      const isOpen = !isOff && requested.effort === undefined && requested.budgetTokens === undefined;
      return isOpen ? { ...requested, effort: named.effort, budgetTokens: named.budgetTokens } : requested;
    }
  }
}
