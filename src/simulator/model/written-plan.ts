/**
 * A plan in the user's message: lines such as `use read_file {"path": "notes.txt"}`, one per turn, several calls
 * of a turn joined by `and`. It lets tests of an agent script the model through the prompt.
 */
import { type JsonObject, parseJsonObject } from '../../core/json.ts';

export interface PlannedCall {
  readonly name: string;
  readonly input: JsonObject;
  /** The source text. */
  readonly source: string;
}

/** Calls by turn; empty if the text has no plan. Some clients HTML-escape the typed text. */
export function parsePlan(text: string): PlannedCall[][] {
  const plan = readPlan(text);
  return plan.length === 0 && text.includes('&') ? readPlan(unescapeHtml(text)) : plan;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&quot;': '"',
  '&#34;': '"',
  '&#39;': "'",
  '&#x27;': "'",
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
};

function unescapeHtml(text: string): string {
  return text.replace(/&(?:quot|lt|gt|amp|#34|#39|#x27);/g, (escaped) => ESCAPES[escaped] ?? escaped);
}

function readPlan(text: string): PlannedCall[][] {
  const turns: PlannedCall[][] = [];
  const begin = /(?<=^|\n)[\t >*-]*(?:\d+[.)] *)?use +(?=[\w.:/-]+ *\{)/gi;
  for (let found = begin.exec(text); found; found = begin.exec(text)) {
    const turn: PlannedCall[] = [];
    let at = begin.lastIndex;
    for (let next = readCall(text, at); next; next = readCall(text, at)) {
      turn.push(next.call);
      const joint = /^ +and +(?:use +)?/i.exec(text.slice(next.end));
      at = next.end + (joint?.[0].length ?? 0);
      if (!joint) break;
    }
    if (turn.length > 0) turns.push(turn);
    begin.lastIndex = Math.max(begin.lastIndex, at);
  }
  return turns;
}

/** The remaining calls of the next turn, given the number of calls made; undefined if the plan is done. */
export function nextTurn(turns: readonly PlannedCall[][], callsMade: number): readonly PlannedCall[] | undefined {
  let left = callsMade;
  for (const turn of turns) {
    if (left < turn.length) return turn.slice(left);
    left -= turn.length;
  }
  return undefined;
}

/** The remaining lines, in a form that can be parsed again. */
export function remainingLines(turns: readonly PlannedCall[][], callsMade: number): string[] {
  let left = callsMade;
  const lines: string[] = [];
  for (const turn of turns) {
    const rest = turn.slice(left);
    left = Math.max(0, left - turn.length);
    if (rest.length > 0) lines.push(`use ${rest.map(({ source }) => source).join(' and ')}`);
  }
  return lines;
}

function readCall(text: string, at: number): { call: PlannedCall; end: number } | undefined {
  const name = /^([\w.:/-]+) *(?=\{)/.exec(text.slice(at, at + 200));
  if (!name?.[1]) return undefined;
  const from = at + name[0].length;
  const end = endOfObject(text, from);
  if (end === undefined) return undefined;
  const input = parseJsonObject(text.slice(from, end));
  return input && { call: { name: name[1], input, source: text.slice(at, end) }, end };
}

/** The end of the object that begins at `from`, ignoring braces within strings. */
export function endOfObject(text: string, from: number): number | undefined {
  let depth = 0;
  let isString = false;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (isString) {
      if (char === '\\') at += 1;
      else if (char === '"') isString = false;
    } else if (char === '"') isString = true;
    else if (char === '{') depth += 1;
    else if (char === '}') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}
