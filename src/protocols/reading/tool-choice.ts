/** Reads the tool choice in every dialect. */
import type { Tool, ToolChoice } from '../../core/conversation.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { WEB_SEARCH_TOOL, type WebSearchOption } from '../../core/web-search.ts';
import { refuse, refuseUnsupported } from '../shape.ts';
import type { Dialect, Reading } from './reading.ts';
import { isTypedKind } from './responses-typed-tools.ts';
import type { Declared } from './tool-names.ts';
import { WEB_SEARCH } from './tool-shapes.ts';
import type { ToolReader } from './tools.ts';

export type ChoiceShape =
  | { readonly kind: 'auto' | 'none' | 'required' }
  | { readonly kind: 'tool'; readonly declared: Declared; readonly at: string }
  | { readonly kind: 'web-search' }
  | {
      readonly kind: 'allowed';
      readonly mode: 'auto' | 'required';
      readonly declared: readonly Declared[];
      readonly allowsSearch: boolean;
      readonly at: string;
    };

const AUTO = { kind: 'auto' } as const;
const EXPECTED = 'expected "auto", "none", "required", "any" or an object that names a tool.';

/** `at`: the field with the choice. Throws for an unsupported choice. */
export function shapeOfChoice(value: unknown, at: string, reading: Reading): ChoiceShape {
  if (value === undefined || value === null) return AUTO;
  if (typeof value === 'string') return shapeOfWord(value, at, reading);
  if (!isJsonObject(value)) throw refuse(at, EXPECTED);
  const { type } = value;
  if (type === 'allowed_tools') return shapeOfAllowed(value, at, reading);
  if (type === 'auto' || type === 'none' || type === 'any' || type === 'required') {
    reading.spelled('anthropic', 'tool_choice', at);
    return { kind: type === 'any' ? 'required' : type };
  }
  if (typeof type === 'string' && WEB_SEARCH.test(type)) return { kind: 'web-search' };
  const named = namedTool(value, at);
  if (named) {
    reading.spelled(named.dialect, 'tool_choice', at);
    return { kind: 'tool', declared: named.declared, at: named.at };
  }
  throw unknownChoice(value, at, reading);
}

function shapeOfWord(word: string, at: string, reading: Reading): ChoiceShape {
  if (word === 'auto' || word === 'none' || word === 'required') {
    reading.spelled(reading.api === 'anthropic' ? 'openai-chat' : reading.api, 'tool_choice', at);
    return { kind: word };
  }
  if (word === 'any') {
    reading.spelled('anthropic', 'tool_choice', at);
    return { kind: 'required' };
  }
  const declared = { kind: 'function', name: word } as const;
  if (!reading.names.has(declared)) throw refuse(at, EXPECTED);
  return { kind: 'tool', declared, at };
}

function unknownChoice({ type }: JsonObject, at: string, { api }: Reading): Error {
  if (type === 'function' || type === 'custom' || type === 'tool')
    return refuse(`${at}.name`, 'a required field is missing.');
  if (api === 'openai-responses' && typeof type === 'string')
    return refuseUnsupported(at, `asks for ${type.slice(0, 64)}, a tool that only OpenAI's own servers run.`);
  return refuse(`${at}.type`, 'expected "auto", "none", "required", "any", "tool", "function" or "custom".');
}

interface NamedTool {
  readonly declared: Declared;
  readonly dialect: Dialect;
  readonly at: string;
}

/** undefined unless the choice names a tool that the client runs. */
function namedTool(choice: JsonObject, at: string): NamedTool | undefined {
  const { type } = choice;
  for (const key of ['function', 'custom'] as const) {
    const inner = choice[key];
    const name = isJsonObject(inner) ? inner.name : typeof inner === 'string' ? inner : undefined;
    if (typeof name === 'string' && name !== '') return { declared: { kind: key, name }, dialect: 'openai-chat', at };
  }
  const name = choice.name ?? choice.toolName ?? choice.tool_name;
  const namespace = typeof choice.namespace === 'string' ? choice.namespace : undefined;
  const mayBeNamed = type === undefined || type === 'function' || type === 'custom' || type === 'tool';
  if (mayBeNamed && typeof name === 'string' && name !== '') {
    const kind = type === 'custom' ? 'custom' : 'function';
    // The legacy `function_call` names its function directly.
    if (at === 'function_call') return { declared: { kind, name }, dialect: 'openai-chat', at };
    const dialect = type === 'function' || type === 'custom' ? 'openai-responses' : 'anthropic';
    return { declared: { kind, name, namespace }, dialect, at: dialect === 'anthropic' ? `${at}.name` : at };
  }
  if (typeof type !== 'string' || !isTypedKind(type)) return undefined;
  return { declared: { kind: type }, dialect: 'openai-responses', at };
}

/** Nested in Chat Completions, flat in Responses. */
function shapeOfAllowed(value: JsonObject, choiceAt: string, reading: Reading): ChoiceShape {
  const isNested = isJsonObject(value.allowed_tools);
  const { mode, tools } = isJsonObject(value.allowed_tools) ? value.allowed_tools : value;
  const at = isNested ? `${choiceAt}.allowed_tools` : choiceAt;
  if (mode !== 'auto' && mode !== 'required' && mode !== undefined)
    throw refuse(`${at}.mode`, 'expected "auto" or "required".');
  if (!Array.isArray(tools)) throw refuse(`${at}.tools`, 'expected a list of tools.');
  reading.spelled(isNested ? 'openai-chat' : 'openai-responses', 'tool_choice', choiceAt);
  const declared = tools.flatMap((tool: unknown, i) =>
    isJsonObject(tool) ? (namedTool(tool, `${at}.tools[${i}]`)?.declared ?? []) : [],
  );
  const allowsSearch = tools.some(
    (tool: unknown) => isJsonObject(tool) && typeof tool.type === 'string' && WEB_SEARCH.test(tool.type),
  );
  return { kind: 'allowed', mode: mode ?? 'auto', declared, allowsSearch, at };
}

/** The name of the tool that the choice forces, if any. */
export function forcedName(choice: ChoiceShape, { names }: Reading): string | undefined {
  return choice.kind === 'tool' ? names.nameOf(choice.declared) : undefined;
}

export interface Chosen {
  readonly toolChoice: ToolChoice;
  /** The tools that the choice allows. */
  readonly tools: readonly Tool[];
  readonly webSearch?: WebSearchOption;
}

/** Throws if the chosen tool is not declared. */
export function makeChoice(choice: ChoiceShape, tools: readonly Tool[], reader: ToolReader, reading: Reading): Chosen {
  const { webSearch } = reader;
  const search = webSearch && { toolChoice: AUTO_CHOICE, tools, webSearch: { ...webSearch, isRequired: true } };
  const plain = webSearch ? { webSearch } : {};
  switch (choice.kind) {
    case 'auto':
    case 'none':
      return { toolChoice: { type: choice.kind }, tools, ...plain };
    case 'required':
      if (tools.length > 0) return { toolChoice: { type: 'required' }, tools, ...plain };
      // The search is the only tool.
      if (search) return search;
      break;
    case 'web-search':
      if (search) return search;
      throw refuseUnsupported('tool_choice', 'asks for a web search, which is not among the tools of the request.');
    case 'allowed':
      return restrict(choice, tools, webSearch, reading);
    case 'tool': {
      const name = reading.names.nameOf(choice.declared);
      if (tools.some((tool) => tool.name === name)) return { toolChoice: { type: 'tool', name }, tools, ...plain };
      if (search && name === WEB_SEARCH_TOOL) return search;
      if (!reader.declaredNames.has(nameIn(choice.declared)))
        throw refuse(
          choice.at,
          `names the tool "${nameIn(choice.declared)}", which is not among the tools of the request.`,
        );
    }
  }
  if (choice.kind === 'required' && reading.api !== 'anthropic')
    throw refuse('tool_choice', 'requires a tool call, but the request declares no tool that can be called here.');
  // Every allowed tool was dropped, so the model answers without one.
  reading.notes.add('tool-choice-dropped', 'tool_choice', choice.kind, 'auto');
  return { toolChoice: AUTO_CHOICE, tools, ...plain };
}

const AUTO_CHOICE: ToolChoice = { type: 'auto' };

function nameIn(declared: Declared): string {
  return 'name' in declared ? declared.name : declared.kind;
}

function restrict(
  { mode, declared, allowsSearch, at }: Extract<ChoiceShape, { kind: 'allowed' }>,
  tools: readonly Tool[],
  webSearch: WebSearchOption | undefined,
  { names, notes }: Reading,
): Chosen {
  const allowed = new Set(declared.map((one) => names.nameOf(one)));
  const offered = tools.filter(({ name }) => allowed.has(name));
  const search = allowsSearch ? webSearch : undefined;
  if (mode === 'required' && offered.length === 0 && !search)
    throw refuse(at, 'requires a tool call, but none of its tools can be called.');
  notes.add('tools-restricted', at, String(tools.length), String(offered.length));
  if (!search) return { toolChoice: { type: mode }, tools: offered };
  // The search is required only if no other tool is allowed.
  const isRequired = mode === 'required' && offered.length === 0;
  return {
    toolChoice: isRequired ? AUTO_CHOICE : { type: mode },
    tools: offered,
    webSearch: { ...search, isRequired },
  };
}
