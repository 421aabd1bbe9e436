/**
 * The forms in which models print a tool call as text instead of making it: a tag per parameter, tags around JSON, a
 * sentence in brackets. Each form reads a call from the start of a text, or returns undefined.
 */

import type { Tool } from '../../../core/conversation.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJsonObject } from '../../../core/json.ts';

export interface LeakedCall {
  readonly name: string;
  readonly input: JsonObject;
}

/** `rest` is what follows the call. */
interface Read {
  readonly call: LeakedCall;
  readonly rest: string;
}

export interface Form {
  /** Prefixes of a call in this form; a text that is the start of one may still become a call. */
  readonly openings: readonly string[];
  /** Endings of a call: until one has arrived, there is nothing to read. */
  readonly closings: readonly string[];
  /** The tool's name as soon as it is complete, to reject an undeclared tool early. */
  nameOf(text: string): string | undefined;
  read(text: string, tools: ReadonlyMap<string, Tool>): Read | undefined;
}

/** Some models write their vendor's prefix before every tag. */
const PREFIXES = ['', 'antml:'];

/** `<invoke name="Read"><parameter name="path">a.ts</parameter></invoke>` */
const INVOKE: Form = {
  openings: PREFIXES.map((prefix) => `<${prefix}invoke name="`),
  closings: PREFIXES.map((prefix) => `</${prefix}invoke>`),
  nameOf: (text) => /^<(?:antml:)?invoke name="([^"]*)"/.exec(text)?.[1],
  read(text, tools) {
    const [head, prefix = '', name = ''] = /^<(antml:)?invoke name="([^"]*)"\s*>/.exec(text) ?? [];
    const tool = tools.get(name);
    if (head === undefined || !tool) return undefined;
    const parameters = readParameters(
      text.slice(head.length),
      new RegExp(`^\\s*<${prefix}parameter name="([^"]*)"[^>]*>`),
      `</${prefix}parameter>`,
      `</${prefix}invoke>`,
    );
    return parameters && { call: { name, input: typed(parameters.values, tool) }, rest: parameters.rest };
  },
};

/** `<tool_call><function=Read><parameter=path>a.ts</parameter></function></tool_call>` */
const FUNCTION: Form = {
  openings: ['<tool_call>\n<function=', '<tool_call><function=', '<function='],
  closings: ['</function>'],
  nameOf: (text) => /^(?:<tool_call>\s*)?<function=([^>]*)>/.exec(text)?.[1],
  read(text, tools) {
    const [head, wrapper, name = ''] = /^(<tool_call>\s*)?<function=([^>]*)>/.exec(text) ?? [];
    const tool = tools.get(name);
    if (head === undefined || !tool) return undefined;
    const opening = /^\s*<parameter=([^>]*)>/;
    const parameters = readParameters(text.slice(head.length), opening, '</parameter>', '</function>');
    if (!parameters) return undefined;
    const rest = wrapper === undefined ? parameters.rest : withoutTag(parameters.rest, '</tool_call>');
    if (rest === undefined) return undefined;
    return { call: { name, input: typed(trimmedLines(parameters.values), tool) }, rest };
  },
};

/** `<tool_use>{"name":"Read","input":{"path":"a.ts"}}</tool_use>`; `<tool_call>` and `arguments` in other families. */
const JSON_TAG: Form = {
  openings: ['<tool_use>', '<tool_call>'],
  closings: ['</tool_use>', '</tool_call>'],
  nameOf: (text) => /^<tool_(?:use|call)>\s*\{\s*"name"\s*:\s*"([^"\\]*)"/.exec(text)?.[1],
  read(text) {
    const [head, kind = ''] = /^<tool_(use|call)>\s*(?=\{)/.exec(text) ?? [];
    if (head === undefined) return undefined;
    const json = leadingObject(text.slice(head.length));
    const rest = json && withoutTag(json.rest, `</tool_${kind}>`);
    if (!json || rest === undefined) return undefined;
    const { name, input, arguments: args, parameters } = json.value;
    const members = input ?? args ?? parameters ?? {};
    const object = typeof members === 'string' ? parseJsonObject(members) : members;
    if (typeof name !== 'string' || !isJsonObject(object)) return undefined;
    return { call: { name, input: object }, rest };
  },
};

/** `[Called Read with args: {"path":"a.ts"}]` */
const BRACKET: Form = {
  openings: ['[Called '],
  closings: ['}]'],
  nameOf: (text) => /^\[Called (\S+) with args:/.exec(text)?.[1],
  read(text) {
    const [head, name = ''] = /^\[Called (\S+) with args:\s*(?=\{)/.exec(text) ?? [];
    if (head === undefined) return undefined;
    const json = leadingObject(text.slice(head.length));
    return json?.rest.startsWith(']') ? { call: { name, input: json.value }, rest: json.rest.slice(1) } : undefined;
  },
};

export const FORMS: readonly Form[] = [INVOKE, FUNCTION, JSON_TAG, BRACKET];

/** Around calls of the first form. */
export const WRAPPERS = PREFIXES.map((prefix) => ({
  opening: `<${prefix}function_calls>`,
  closing: `</${prefix}function_calls>`,
}));

/** A value ends where its closing tag is followed by another parameter or the end of the call. */
function readParameters(
  text: string,
  opening: RegExp,
  closing: string,
  end: string,
): { readonly values: ReadonlyMap<string, string>; readonly rest: string } | undefined {
  const values = new Map<string, string>();
  let rest = text;
  for (;;) {
    const after = withoutTag(rest, end);
    if (after !== undefined) return { values, rest: after };
    const [head, name = ''] = opening.exec(rest) ?? [];
    if (head === undefined || values.has(name)) return undefined;
    const body = rest.slice(head.length);
    let at = body.indexOf(closing);
    while (at >= 0 && !isFollowedBy(body.slice(at + closing.length), opening, end))
      at = body.indexOf(closing, at + closing.length);
    if (at < 0) return undefined;
    values.set(name, body.slice(0, at));
    rest = body.slice(at + closing.length);
  }
}

function isFollowedBy(text: string, opening: RegExp, end: string): boolean {
  return withoutTag(text, end) !== undefined || opening.test(text);
}

/** The text after the tag, if the text begins with it, ignoring white space. */
export function withoutTag(text: string, tag: string): string | undefined {
  const trimmed = text.trimStart();
  return trimmed.startsWith(tag) ? trimmed.slice(tag.length) : undefined;
}

/** Values are printed as text; the schema gives their types. */
function typed(values: ReadonlyMap<string, string>, { inputSchema }: Tool): JsonObject {
  const properties = isJsonObject(inputSchema) && isJsonObject(inputSchema.properties) ? inputSchema.properties : {};
  return Object.fromEntries([...values].map(([name, text]) => [name, toValue(text, properties[name])]));
}

function toValue(text: string, schema: JsonValue | undefined): JsonValue {
  const type = isJsonObject(schema) ? schema.type : undefined;
  if (type === 'string' || (Array.isArray(type) && type.includes('string'))) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** This form puts each value on its own lines. */
function trimmedLines(values: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...values].map(([name, text]) => [name, text.replace(/^\r?\n/, '').replace(/\r?\n$/, '')]));
}

/** The JSON object at the start of the text, and the rest. Reads every character once. */
function leadingObject(text: string): { readonly value: JsonObject; readonly rest: string } | undefined {
  let depth = 0;
  for (const { 0: mark, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    if (mark === '{') depth++;
    else if (mark === '}') depth--;
    if (depth > 0) continue;
    const value = parseJsonObject(text.slice(0, index + 1));
    return value && { value, rest: text.slice(index + 1) };
  }
  return undefined;
}
