/** Whether a text is nothing but tool calls of declared tools, printed: then which, and while it comes, whether it may be. */
import type { Tool } from '../../../core/conversation.ts';
import { isJsonObject } from '../../../core/json.ts';
import { FORMS, type Form, type LeakedCall, WRAPPERS, withoutTag } from './forms.ts';

/** The calls, if the text consists of them from its first to its last character, white space aside. */
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
 * False as soon as the text cannot become a call any more. Cheap: it looks at the beginning, never through a long
 * argument; whether it is one in the end `readCalls` says.
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

/** Whether this may stand after a call: another one, or the tags which end a group of them. */
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

/** A call says its name within so many characters. */
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
    const found = form.read(text, tools);
    if (found && isPossible(found.call, tools)) return { calls: [found.call], rest: found.rest };
  }
  return undefined;
}

/** A declared tool, with everything it cannot do without: an example in a text rarely has it all. */
function isPossible({ name, input }: LeakedCall, tools: ReadonlyMap<string, Tool>): boolean {
  const tool = tools.get(name);
  if (!tool) return false;
  const required = isJsonObject(tool.inputSchema) ? tool.inputSchema.required : undefined;
  if (!Array.isArray(required)) return true;
  return required.every((key) => typeof key !== 'string' || Object.hasOwn(input, key));
}
