/**
 * Which tools are offered to the model, and which of them it must or may use. Web search is a wish of its own, which the
 * gateway grants; other tools the vendor's servers would run are left out and noted: there is nothing to run them with.
 */
import type { Tool, ToolChoice } from '../../core/conversation.ts';
import { WEB_SEARCH_TOOL, type WebSearchWish } from '../../core/web-search.ts';
import { check, refuse } from '../shape.ts';
import { cachePoint, type Findings } from './blocks.ts';
import { typedTool } from './typed-tools.ts';
import type { MessagesRequest } from './wire.ts';
import * as wire from './wire.ts';

export interface ToolOffer {
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  readonly parallelToolUse: boolean;
  readonly webSearch?: WebSearchWish | undefined;
}

interface OfferRules {
  readonly findings: Findings;
  /** The tool which `tool_choice` names: loaded by being named. */
  readonly forced: string | undefined;
  /** The vendor's tool search would find any of them, so all are on offer. */
  readonly allLoaded: boolean;
}

/** To be called after the messages were read: they say which deferred tools are loaded. */
export function readTools(request: MessagesRequest, findings: Findings): ToolOffer {
  const declared = request.tools ?? [];
  const choice: ChoiceWish = request.tool_choice ?? { type: 'auto' };
  const rules: OfferRules = {
    findings,
    forced: choice.type === 'tool' ? choice.name : undefined,
    allLoaded: declared.some(({ type }) => typeof type === 'string' && type.startsWith('tool_search_tool_')),
  };
  const tools = declared.flatMap((tool, i) => readTool(tool, `tools[${i}]`, rules));
  for (const { tool, at } of findings.toolChanges.definitions) {
    const [defined] = readTool(tool, at, rules);
    if (defined && !tools.some(({ name }) => name === defined.name)) tools.push(defined);
  }
  const search = readWebSearch(declared, choice, tools);
  return {
    tools,
    toolChoice: search?.isRequired ? { type: 'auto' } : readToolChoice(choice, tools, declared, findings),
    ...(search ? { webSearch: search } : {}),
    parallelToolUse: !('disable_parallel_tool_use' in choice && choice.disable_parallel_tool_use === true),
  };
}

const WEB_SEARCH = /^web_search_\d{8}$/;

/** The gateway runs it, by the service's own search. One of them is enough. */
function readWebSearch(
  declared: readonly object[],
  choice: ChoiceWish,
  tools: readonly Tool[],
): WebSearchWish | undefined {
  const place = declared.findIndex((tool) => WEB_SEARCH.test(String(Reflect.get(tool, 'type'))));
  if (place < 0) return undefined;
  const at = `tools[${place}]`;
  const tool = check(wire.webSearchTool, declared[place], at);
  const isNamed = choice.type === 'tool' && choice.name === WEB_SEARCH_TOOL;
  const isAllThereIs = choice.type === 'any' && tools.length === 0;
  return {
    at,
    maxUses: tool.max_uses ?? undefined,
    allowedDomains: tool.allowed_domains ?? [],
    blockedDomains: tool.blocked_domains ?? [],
    isRequired: (isNamed && !tools.some(({ name }) => name === WEB_SEARCH_TOOL)) || isAllThereIs,
  };
}

function readTool(value: object, at: string, rules: OfferRules): readonly Tool[] {
  const { notes } = rules.findings;
  const type: unknown = Reflect.get(value, 'type') ?? 'custom';
  if (typeof type !== 'string') throw refuse(`${at}.type`, 'expected string.');
  if (type === 'custom') return readClientTool(value, at, rules);
  const typed = readTypedTool(value, type, at);
  if (typed) {
    notes.add('typed-tool-schema', at, type, typed.name);
    return isOffered(typed.name, check(wire.typedTool, value, at), at, rules) ? [typed] : [];
  }
  if (WEB_SEARCH.test(type)) return [];
  // A type from the future which brings its own schema is as good as a client's tool.
  if (!SERVER_TOOLS.test(type) && 'input_schema' in value && 'name' in value) return readClientTool(value, at, rules);
  notes.add('server-tool-dropped', at, type);
  return [];
}

const SERVER_TOOLS =
  /^(?:web_search|web_fetch|code_execution|tool_search_tool|advisor|mcp_toolset|browser_toolset|computer_toolset)(?:_|$)/;

function readClientTool(value: object, at: string, rules: OfferRules): readonly Tool[] {
  const tool = check(wire.clientTool, value, at);
  rules.findings.notes.addUnknown(tool, CLIENT_TOOL_KEYS, 'tool', at);
  if (!isOffered(tool.name, tool, at, rules)) return [];
  const { name, description, input_schema: inputSchema } = tool;
  return [{ at, name, description: description ?? '', inputSchema: inputSchema ?? undefined, ...cachePoint(tool) }];
}

const CLIENT_TOOL_KEYS = new Set(Object.keys(wire.clientTool.shape));

function readTypedTool(value: object, type: string, at: string): Tool | undefined {
  if (SERVER_TOOLS.test(type)) return undefined;
  const { name, display_width_px, display_height_px, cache_control } = check(wire.typedTool, value, at);
  const display = { widthPx: display_width_px ?? undefined, heightPx: display_height_px ?? undefined };
  const typed = typedTool(type, display);
  return typed && { at, ...typed, name: name ?? typed.name, ...cachePoint({ cache_control }) };
}

/** Claude Code declares this one only so that the list is never empty; nobody can call it. */
const PLACEHOLDER = 'DeferredToolPlaceholder';

function isOffered(
  name: string,
  { defer_loading }: { readonly defer_loading?: boolean | null | undefined },
  at: string,
  { findings: { notes, toolChanges }, forced, allLoaded }: OfferRules,
): boolean {
  if (toolChanges.isRemoved(name)) {
    notes.add('tool-removed', at, name);
    return false;
  }
  const isLoaded = allLoaded || name === forced || toolChanges.isLoaded(name);
  if (name !== PLACEHOLDER && (!defer_loading || isLoaded)) return true;
  notes.add('tool-deferred', at, name);
  return false;
}

type ChoiceWish = NonNullable<MessagesRequest['tool_choice']>;

function readToolChoice(
  choice: ChoiceWish,
  tools: readonly Tool[],
  declared: readonly object[],
  { notes }: Findings,
): ToolChoice {
  switch (choice.type) {
    case 'auto':
    case 'none':
      return { type: choice.type };
    case 'any':
      if (tools.length > 0) return { type: 'required' };
      break;
    case 'tool': {
      if (tools.some(({ name }) => name === choice.name)) return { type: 'tool', name: choice.name };
      const isKnown = declared.some((tool) => Reflect.get(tool, 'name') === choice.name);
      if (!isKnown) throw refuse('tool_choice.name', 'names a tool which is not in `tools`.');
    }
  }
  // All it could have chosen were dropped: the model answers in words.
  notes.add('tool-choice-dropped', 'tool_choice', choice.type, 'auto');
  return { type: 'auto' };
}
