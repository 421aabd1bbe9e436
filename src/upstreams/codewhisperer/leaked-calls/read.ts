/** Reads a text that consists of printed calls of declared tools, and decides early whether it can become one. */
import type { Tool } from '../../../core/conversation.ts';
import { isJsonObject } from '../../../core/json.ts';
import { FORMS, type Form, type LeakedCall, WRAPPERS, withoutTag } from './forms.ts';

/** The calls, if the text consists of nothing but calls and white space. */
export function readCalls(text: string, tools: ReadonlyMap<string, Tool>): readonly LeakedCall[] | undefined {
  const calls: LeakedCall[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const group = readGroup(rest, tools) ?? readCall(rest, tools);
    if (!group) return undefined;
    calls.push(...group.calls);
    rest = group.rest.trimStart();
  }
  return calls.length > 0 ? calls : undefined;
}

/**
 * false as soon as the text cannot become a call. Cheap: it looks only at the beginning, never through a long argument;
 * `readCalls` decides in the end.
 */
export function mayBecomeCall(text: string, tools: ReadonlyMap<string, Tool>): boolean {
  const start = text.trimStart();
  if (start === '') return true;
  for (const { opening } of WRAPPERS) {
    if (opening.startsWith(start)) return true;
    if (start.startsWith(opening)) return mayBecomeCall(start.slice(opening.length), tools);
  }
  return FORMS.some((form) => mayBe(form, start, tools));
}

/** Whether the text may follow a call: another call, or the tags that end a group of calls. */
export function mayFollowCall(text: string, tools: ReadonlyMap<string, Tool>): boolean {
  const start = text.trimStart();
  if (start === '' || mayBecomeCall(start, tools)) return true;
  return GROUP_ENDS.some(
    (tag) => tag.startsWith(start) || (start.startsWith(tag) && mayFollowCall(start.slice(tag.length), tools)),
  );
}

const GROUP_ENDS = [...WRAPPERS.map(({ closing }) => closing), '</tool_call>'];

function mayBe(form: Form, text: string, tools: ReadonlyMap<string, Tool>): boolean {
  const begins = form.openings.some((opening) => text.startsWith(opening));
  if (!begins) return form.openings.some((opening) => opening.startsWith(text));
  const name = form.nameOf(text);
  return name === undefined ? text.length < MAX_HEAD_CHARS : tools.has(name);
}

/** A call's name is within this many characters. */
export const MAX_HEAD_CHARS = 300;

interface ReadGroup {
  readonly calls: readonly LeakedCall[];
  readonly rest: string;
}

function readGroup(text: string, tools: ReadonlyMap<string, Tool>): ReadGroup | undefined {
  const wrapper = WRAPPERS.find(({ opening }) => text.startsWith(opening));
  if (!wrapper) return undefined;
  const calls: LeakedCall[] = [];
  let rest = text.slice(wrapper.opening.length);
  for (;;) {
    const after = withoutTag(rest, wrapper.closing);
    if (after !== undefined) return calls.length > 0 ? { calls, rest: after } : undefined;
    const next = readCall(rest.trimStart(), tools);
    if (!next) return undefined;
    calls.push(...next.calls);
    rest = next.rest;
  }
}

function readCall(text: string, tools: ReadonlyMap<string, Tool>): ReadGroup | undefined {
  for (const form of FORMS) {
    const read = form.read(text, tools);
    if (read && isPossible(read.call, tools)) return { calls: [read.call], rest: read.rest };
  }
  return undefined;
}

/** A declared tool with all its required arguments: an example inside prose rarely has them all. */
function isPossible({ name, input }: LeakedCall, tools: ReadonlyMap<string, Tool>): boolean {
  const tool = tools.get(name);
  if (!tool) return false;
  const required = isJsonObject(tool.inputSchema) ? tool.inputSchema.required : undefined;
  if (!Array.isArray(required)) return true;
  return required.every((key) => typeof key !== 'string' || Object.hasOwn(input, key));
}
