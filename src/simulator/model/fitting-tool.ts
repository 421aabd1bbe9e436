/** Finds the declared tool, if any, that the user's message requests. */
import type { JsonObject } from '../../core/json.ts';
import type { ToolSpecification } from '../../upstreams/codewhisperer/wire.ts';
import { fillArguments, wordsOf } from './arguments.ts';

export interface FittingCall {
  readonly name: string;
  readonly input: JsonObject;
}

const MIN_SCORE = 3;
const NAME_WORD_SCORE = 3;
const WHOLE_NAME_SCORE = 10;
/** Agents' tool descriptions run to pages, but begin with the tool's purpose. */
const READ_DESCRIPTION_CHARS = 300;
/** Stop words in tool names and descriptions. */
const EMPTY_WORDS = new Set(
  'a an and any are as at be by call can do does for from get given has have how if in into is it its make me my new no not of on one or please set so some tell than that the their them there these this to tool tools up use used uses using want was what when where which will with you your'.split(
    ' ',
  ),
);

/** The best match among tools whose required arguments are all in the text; the first of equals. */
export function findFittingCall(tools: readonly ToolSpecification[], text: string): FittingCall | undefined {
  const spoken = new Set(wordsOf(text).map(stem));
  const ranked = tools
    .map((tool) => ({ tool, score: scoreOf(tool, spoken, text.toLowerCase()) }))
    .filter(({ score }) => score >= MIN_SCORE)
    .sort((left, right) => right.score - left.score);
  for (const { tool } of ranked) {
    const input = fillArguments(tool.inputSchema.json, withoutName(text, tool.name));
    if (input) return { name: tool.name, input };
  }
  return undefined;
}

function scoreOf(tool: ToolSpecification, spoken: ReadonlySet<string>, text: string): number {
  const nameWords = meaningful(wordsOf(tool.name));
  const described = meaningful(wordsOf((tool.description ?? '').slice(0, READ_DESCRIPTION_CHARS)));
  const shared = described.filter((word) => spoken.has(word) && !nameWords.includes(word)).length;
  const named = nameWords.filter((word) => spoken.has(word)).length;
  const isNamed = /[_-]/.test(tool.name) && text.includes(tool.name.toLowerCase());
  // Description words alone are weak evidence: every text shares some with some tool.
  if (named === 0 && !isNamed) return shared >= MIN_SCORE ? shared : 0;
  return named * NAME_WORD_SCORE + shared + (isNamed ? WHOLE_NAME_SCORE : 0);
}

function meaningful(words: readonly string[]): string[] {
  return [...new Set(words.filter((word) => word.length > 1 && !EMPTY_WORDS.has(word)).map(stem))];
}

/** Just enough to unify "files" and "file". */
function stem(word: string): string {
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}

/** Removes the tool's own name, which is not an argument. */
function withoutName(text: string, name: string): string {
  return text.replaceAll(name, ' ');
}
