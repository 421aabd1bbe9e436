/**
 * Puts the head of an answer together. Node looks at each name and each value of each answer with a regular expression, although
 * most of them are the same every time: 35,000 instructions for thirteen headers, half of them for the list of headers that web
 * pages may read. Here a value is looked at only if it is not the last one that its name had.
 */

/** Node decides by these how the answer is framed and whether the connection stays open. */
const OF_NODE = new Set([
  ...['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'date', 'expect', 'trailer'],
  'content-disposition',
]);

const NAME = /^[a-z0-9-]+$/;
const INVALID = /[^\t\x20-\x7e\x80-\xff]/;

/** More than an answer has anywhere; a name is a constant of the program. */
const MAX_NAMES = 200;

/** By name: the last value, which is valid. */
const lastValues = new Map<string, string>();

/** What stands before the headers left to Node. */
export interface Head {
  readonly lines: string;
  /** Names and values in turn: from the first that Node has to see. */
  readonly rest: readonly unknown[];
}

/** `firstLine` and the lines of as many headers as are text, valid, and without a meaning for Node, in their order. */
export function beginHead(firstLine: string, namesAndValues: readonly unknown[]): Head {
  let lines = firstLine;
  let at = 0;
  for (; at < namesAndValues.length; at += 2) {
    const name = namesAndValues[at];
    const value = namesAndValues[at + 1];
    if (typeof name !== 'string' || typeof value !== 'string' || !isPlain(name, value)) break;
    lines += `${name}: ${value}\r\n`;
  }
  return { lines, rest: at === 0 ? namesAndValues : namesAndValues.slice(at) };
}

function isPlain(name: string, value: string): boolean {
  const last = lastValues.get(name);
  if (last === value) return true;
  if (INVALID.test(value)) return false;
  if (last === undefined && (OF_NODE.has(name) || !NAME.test(name) || lastValues.size >= MAX_NAMES)) return false;
  lastValues.set(name, value);
  return true;
}
