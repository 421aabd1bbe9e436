/**
 * Every tool of a request, wherever it stands (`tools`, or items of the input which add some), and the choice among
 * them. Namespaces are flattened; tools which only OpenAI's servers could run are left out.
 */
import type { Tool, ToolChoice } from '../../core/conversation.ts';
import type { JsonValue } from '../../core/json.ts';
import type { WebSearchWish } from '../../core/web-search.ts';
import type { Notes } from '../notes.ts';
import { CUSTOM_INPUT, describeCustomTool } from '../openai-calls.ts';
import { check, refuse, refuseUnsupported } from '../shape.ts';
import { type Declared, IMPLIED_NAMESPACE, ToolNames } from './tool-names.ts';
import { isTypedKind, TYPED_TOOLS, type TypedKind } from './typed-tools.ts';
import * as wire from './wire.ts';

export interface ReadTools {
  readonly tools: readonly Tool[];
  readonly names: ToolNames;
  /** Of the vendor's server tools, the one which the gateway runs. */
  readonly webSearch: WebSearchWish | undefined;
}

/** Some tools and where they stand. */
export interface ToolList {
  readonly at: string;
  readonly tools: readonly { readonly type: string }[];
  /** The client found them: they are on offer even if they are marked as deferred. */
  readonly found: boolean;
}

export function readTools(lists: readonly ToolList[], notes: Notes): ReadTools {
  const reader = new ToolReader(notes, hasClientSearch(lists));
  for (const { at, tools, found } of lists) {
    for (const [i, tool] of tools.entries()) reader.tools.push(...reader.read(tool, `${at}[${i}]`, found, undefined));
  }
  return reader;
}

/** Without a search of the client's own, deferred tools could never be found: they are offered at once. */
function hasClientSearch(lists: readonly ToolList[]): boolean {
  return lists.some(({ tools }) => tools.some((tool) => tool.type === 'tool_search' && isClientRun(tool)));
}

function isClientRun(tool: object): boolean {
  return Reflect.get(tool, 'execution') === 'client';
}

class ToolReader implements ReadTools {
  readonly tools: Tool[] = [];
  readonly names = new ToolNames();
  webSearch: WebSearchWish | undefined;
  readonly #notes: Notes;
  readonly #mayDefer: boolean;

  constructor(notes: Notes, mayDefer: boolean) {
    this.#notes = notes;
    this.#mayDefer = mayDefer;
  }

  read(value: { readonly type: string }, at: string, found: boolean, namespace: string | undefined): readonly Tool[] {
    switch (value.type) {
      case 'function':
        return this.#readFunction(value, at, found, namespace);
      case 'custom':
        return this.#readCustom(value, at, found, namespace);
      case 'namespace':
        return this.#readNamespace(value, at, found);
      default:
        if (WEB_SEARCH.test(value.type)) return this.#readWebSearch(value, at);
        return isTypedKind(value.type) ? this.#readTyped(value, value.type, at) : this.#drop(value.type, at);
    }
  }

  #readFunction(value: object, at: string, found: boolean, namespace: string | undefined): readonly Tool[] {
    const tool = check(wire.functionTool, value, at);
    if (this.#isDeferred(tool, at, found)) return [];
    this.#notes.addUnknown(tool, FUNCTION_KEYS, 'tool', at);
    const { name, description, parameters } = tool;
    return this.#offer({ kind: 'function', name, namespace }, at, description ?? '', parameters);
  }

  #readCustom(value: object, at: string, found: boolean, namespace: string | undefined): readonly Tool[] {
    const tool = check(wire.customTool, value, at);
    if (this.#isDeferred(tool, at, found)) return [];
    const { name, description, format } = tool;
    const grammar = format?.definition ? { syntax: format.syntax, definition: format.definition } : undefined;
    this.#notes.add('custom-tool-as-function', at);
    return this.#offer({ kind: 'custom', name, namespace }, at, describeCustomTool(description, grammar), CUSTOM_INPUT);
  }

  #readNamespace(value: object, at: string, found: boolean): readonly Tool[] {
    const { name, tools } = check(wire.namespaceTool, value, at);
    if (name !== IMPLIED_NAMESPACE) this.#notes.add('namespace-flattened', at);
    return tools.flatMap((tool, i) => {
      const path = `${at}.tools[${i}]`;
      if (tool.type === 'namespace') throw refuse(path, 'a namespace cannot hold another namespace.');
      return this.read(tool, path, found, name);
    });
  }

  #readTyped(value: object, kind: TypedKind, at: string): readonly Tool[] {
    if (kind === 'tool_search' && !isClientRun(value)) return this.#drop(kind, at);
    if (kind === 'shell' && runsInContainer(value, at)) return this.#drop(kind, at);
    const { description, inputSchema } = TYPED_TOOLS[kind];
    const own = kind === 'tool_search' ? check(wire.toolSearchTool, value, at) : {};
    if (own.parameters === undefined) this.#notes.add('typed-tool-schema', at, kind);
    return this.#offer({ kind }, at, own.description ?? description, own.parameters ?? inputSchema);
  }

  #readWebSearch(value: object, at: string): readonly Tool[] {
    const { filters } = check(wire.webSearchTool, value, at);
    const allowedDomains = filters?.allowed_domains ?? [];
    const blockedDomains = filters?.blocked_domains ?? [];
    this.webSearch ??= { at, maxUses: undefined, allowedDomains, blockedDomains, isRequired: false };
    return [];
  }

  #isDeferred({ defer_loading }: { defer_loading?: boolean | null | undefined }, at: string, found: boolean): boolean {
    const deferred = defer_loading === true && !found && this.#mayDefer;
    if (deferred) this.#notes.add('tool-deferred', at);
    return deferred;
  }

  #drop(kind: string, at: string): readonly Tool[] {
    this.#notes.add('server-tool-dropped', at, kind.slice(0, 64));
    return [];
  }

  #offer(declared: Declared, at: string, description: string, inputSchema: JsonValue | undefined): readonly Tool[] {
    const name = this.names.declare(declared);
    if (name !== undefined) return [{ at, name, description, inputSchema }];
    this.#notes.add('tool-repeated', at);
    return [];
  }
}

const WEB_SEARCH = /^web_search(?:_preview)?(?:_\d{4}_\d{2}_\d{2})?$/;

const FUNCTION_KEYS = new Set([
  'type',
  'name',
  'description',
  'parameters',
  /** What we do anyway, and what says who else may call it. */
  'strict',
  'defer_loading',
  'allowed_callers',
  'output_schema',
  'async',
]);

function runsInContainer(value: object, at: string): boolean {
  return check(wire.shellTool, value, at).environment?.type.startsWith('container') ?? false;
}

interface Chosen {
  readonly toolChoice: ToolChoice;
  readonly tools: readonly Tool[];
  /** Where the choice says more about the search than its declaration. */
  readonly webSearch?: WebSearchWish;
}

/** The choice, and the tools which are left to choose from. Throws for a choice which cannot be made. */
export function readToolChoice(value: unknown, { tools, names, webSearch }: ReadTools, notes: Notes): Chosen {
  if (value === undefined || value === null) return { toolChoice: { type: 'auto' }, tools };
  if (value === 'required' && tools.length === 0 && !webSearch)
    throw refuse('tool_choice', 'requires a tool call, but there is no tool to call.');
  // The search is all there is to call.
  if (value === 'required' && tools.length === 0 && webSearch)
    return { toolChoice: { type: 'auto' }, tools, webSearch: { ...webSearch, isRequired: true } };
  if (value === 'auto' || value === 'none' || value === 'required') return { toolChoice: { type: value }, tools };
  const choice = check(wire.toolChoiceObject, value, 'tool_choice');
  if (choice.type === 'allowed_tools') return readAllowed(value, { tools, names }, notes);
  if (webSearch && WEB_SEARCH.test(choice.type))
    return { toolChoice: { type: 'auto' }, tools, webSearch: { ...webSearch, isRequired: true } };
  const declared = declaredBy(choice);
  if (!declared) {
    throw refuseUnsupported('tool_choice', `asks for ${choice.type}, a tool which only OpenAI's own servers run.`);
  }
  if (!names.has(declared)) {
    const wanted = 'name' in declared ? declared.name : declared.kind;
    throw refuse('tool_choice', `names the tool "${wanted}", which is not among the tools of the request.`);
  }
  return { toolChoice: { type: 'tool', name: names.nameOf(declared) }, tools };
}

function readAllowed(value: unknown, { tools, names }: Pick<ReadTools, 'tools' | 'names'>, notes: Notes): Chosen {
  const { mode, tools: allowed } = check(wire.allowedTools, value, 'tool_choice');
  const wanted = new Set(
    allowed.flatMap((choice) => {
      const declared = declaredBy(choice);
      return declared ? [names.nameOf(declared)] : [];
    }),
  );
  const offered = tools.filter(({ name }) => wanted.has(name));
  if (offered.length === 0) {
    if (mode === 'required') throw refuse('tool_choice', 'requires a tool call, but none of its tools can be called.');
    notes.add('tool-choice-dropped', 'tool_choice');
    return { toolChoice: { type: 'auto' as const }, tools };
  }
  notes.add('tools-restricted', 'tool_choice', String(tools.length), String(offered.length));
  return { toolChoice: { type: mode }, tools: offered };
}

function declaredBy({
  type,
  name,
  namespace,
}: {
  type: string;
  name?: string | null | undefined;
  namespace?: string | null | undefined;
}): Declared | undefined {
  if ((type === 'function' || type === 'custom') && name)
    return { kind: type, name, namespace: namespace ?? undefined };
  return isTypedKind(type) ? { kind: type } : undefined;
}
