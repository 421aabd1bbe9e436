/** Tools of all three forms (function, custom, the legacy `functions`) and the choice among them. */
import type { Tool, ToolChoice } from '../../core/conversation.ts';
import type { Notes } from '../notes.ts';
import { CUSTOM_INPUT, describeCustomTool } from '../openai-calls.ts';
import { check, refuse } from '../shape.ts';
import { cachePoint } from './content.ts';
import type { ChatRequest } from './wire.ts';
import * as wire from './wire.ts';

export interface ReadTools {
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  readonly parallelToolUse: boolean;
  /** Names of the tools whose calls must come back as `custom` ones. */
  readonly customTools: ReadonlySet<string>;
  /** The client spoke the legacy form, and reads only that in the reply. */
  readonly legacyFunctions: boolean;
}

export function readTools(request: ChatRequest, notes: Notes): ReadTools {
  const functions = request.functions ?? [];
  const legacyFunctions = functions.length > 0;
  if (legacyFunctions && request.tools?.length)
    throw refuse('functions', 'cannot be combined with tools; send the functions as tools.');
  const declared = legacyFunctions
    ? functions.map((fn, i) => toTool(fn, `functions[${i}]`))
    : (request.tools ?? []).flatMap((tool, i) => readTool(tool, `tools[${i}]`, notes));
  const [toolChoice, offered] = legacyFunctions
    ? [readFunctionCall(request.function_call), declared]
    : readToolChoice(request.tool_choice, declared, notes);
  requireOffered(toolChoice, offered, legacyFunctions ? 'function_call' : 'tool_choice');
  return {
    tools: offered,
    toolChoice,
    // The legacy form has room for one call a reply.
    parallelToolUse: request.parallel_tool_calls !== false && !legacyFunctions,
    customTools: new Set((request.tools ?? []).flatMap((tool) => customName(tool) ?? [])),
    legacyFunctions,
  };
}

function customName(tool: { readonly type: string }): string | undefined {
  const custom = wire.customTool.safeParse(tool);
  return custom.success ? custom.data.custom.name : undefined;
}

function readTool(value: { readonly type: string }, at: string, notes: Notes): readonly Tool[] {
  switch (value.type) {
    case 'function': {
      const tool = check(wire.functionTool, value, at);
      notes.addUnknown(tool, TOOL_KEYS, 'tool', at);
      notes.addUnknown(tool.function, FUNCTION_KEYS, 'tool.function', `${at}.function`);
      return [{ ...toTool(tool.function, at), ...cachePoint(tool), ...cachePoint(tool.function) }];
    }
    case 'custom':
      notes.add('custom-tool-as-function', at);
      return [readCustomTool(value, at)];
    default:
      // Tools which OpenAI itself would run: the model is not told of what nobody here can do.
      notes.add('tool-ignored', at, value.type.slice(0, 64));
      return [];
  }
}

const TOOL_KEYS = new Set(['type', 'function', 'cache_control']);
const FUNCTION_KEYS = new Set(['name', 'description', 'parameters', 'cache_control']);

function toTool(fn: NonNullable<ChatRequest['functions']>[number], at: string): Tool {
  return {
    at,
    name: fn.name,
    description: fn.description ?? '',
    inputSchema: fn.parameters ?? undefined,
  };
}

/** A custom tool takes free text; the upstream knows only JSON input, so the text travels in one string. */
function readCustomTool(value: unknown, at: string): Tool {
  const tool = check(wire.customTool, value, at);
  const { name, description, format } = tool.custom;
  return {
    at,
    name,
    description: describeCustomTool(description, format?.grammar),
    inputSchema: CUSTOM_INPUT,
    ...cachePoint(tool),
  };
}

function readFunctionCall(choice: ChatRequest['function_call']): ToolChoice {
  if (choice === 'none') return { type: 'none' };
  return choice && choice !== 'auto' ? { type: 'tool', name: choice.name } : { type: 'auto' };
}

/** The choice, and the tools which are left to choose from. */
function readToolChoice(value: unknown, declared: readonly Tool[], notes: Notes): [ToolChoice, readonly Tool[]] {
  if (value === undefined || value === null) return [{ type: 'auto' }, declared];
  if (value === 'auto' || value === 'none' || value === 'required') return [{ type: value }, declared];
  if (typeof value !== 'object')
    throw refuse('tool_choice', 'expected "auto", "none", "required" or an object which names a tool.');
  const choice = check(wire.toolChoiceObject, value, 'tool_choice');
  switch (choice.type) {
    case 'function':
      return [{ type: 'tool', name: choice.function.name }, declared];
    case 'custom':
      return [{ type: 'tool', name: choice.custom.name }, declared];
    default: {
      const { mode, tools } = choice.allowed_tools;
      const allowed = new Set(tools.map((tool) => tool.function?.name ?? tool.custom?.name));
      const offered = declared.filter(({ name }) => allowed.has(name));
      notes.add('tools-restricted', 'tool_choice.allowed_tools', String(declared.length), String(offered.length));
      return [{ type: mode }, offered];
    }
  }
}

function requireOffered(choice: ToolChoice, tools: readonly Tool[], at: string): void {
  if (choice.type === 'required' && tools.length === 0)
    throw refuse(at, 'requires a tool call, but there is no tool to call.');
  if (choice.type === 'tool' && !tools.some(({ name }) => name === choice.name))
    throw refuse(at, `names the tool "${choice.name}", which is not among the tools of the request.`);
}
