/**
 * Reads every tool that a request declares, in any place and dialect. Namespaces are flattened. A tool that cannot be
 * read or run is dropped with a note and never fails the request.
 */
import type { Tool } from '../../core/conversation.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Steps } from '../../core/steps.ts';
import type { WebSearchOption } from '../../core/web-search.ts';
import { typedTool } from './anthropic-typed-tools.ts';
import { CUSTOM_INPUT, describeCustomTool } from './arguments.ts';
import { isCachePoint } from './content.ts';
import { type Reading, shortName } from './reading.ts';
import { TYPED_TOOLS, type TypedKind } from './responses-typed-tools.ts';
import { type Declared, IMPLIED_NAMESPACE } from './tool-names.ts';
import { grammarOf, schemaOf, shapeOfTool, type ToolShape, textOf } from './tool-shapes.ts';
import { noteSearchOptions, readWebSearchTool } from './web-search-tool.ts';

/** A list of tools and its path. */
export interface ToolList {
  readonly at: string;
  readonly tools: readonly unknown[];
  /** Found by the client's search: offered even if marked as deferred. */
  readonly isFound?: boolean;
}

/** The position of a tool, and what follows from it. */
interface Place {
  readonly at: string;
  readonly isFound: boolean;
  readonly namespace: string | undefined;
  /** The tool is in the list of another tool. */
  readonly isInner?: boolean;
}

interface DeclaredTool {
  readonly tool: Tool;
  readonly isDeferred: boolean;
}

export class ToolReader {
  readonly #reading: Reading;
  readonly #declared: DeclaredTool[] = [];
  /** Declared names, including those of dropped tools. */
  readonly declaredNames = new Set<string>();
  #flatCustomNames: Set<string> | undefined;
  #nestedCustomNames: Set<string> | undefined;
  webSearch: WebSearchOption | undefined;
  #clientSearches = false;
  #vendorSearches = false;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** Custom tools declared in the flat form, whose calls are returned as functions with raw text. */
  get flatCustomNames(): ReadonlySet<string> {
    return this.#flatCustomNames ?? NO_NAMES;
  }

  get nestedCustomNames(): ReadonlySet<string> {
    return this.#nestedCustomNames ?? NO_NAMES;
  }

  /** Yields after each tool. */
  *readList({ at, tools, isFound = false }: ToolList): Steps<void> {
    for (let index = 0; index < tools.length; index++) {
      this.#read(tools[index], { at: `${at}[${index}]`, isFound, namespace: undefined });
      yield;
    }
  }

  /** Reads OpenAI's legacy `functions`: function objects without the tool object around them. */
  *readLegacyFunctions(functions: readonly unknown[]): Steps<void> {
    for (const [i, fields] of functions.entries()) {
      const at = `functions[${i}]`;
      if (!isJsonObject(fields)) this.#ignore(at, 'not an object');
      else
        this.#readFunction({ kind: 'function', dialect: 'openai-chat', fields, isNested: false }, fields, {
          at,
          isFound: false,
          namespace: undefined,
        });
      yield;
    }
  }

  /** Call after the messages are read: they may load, remove or define tools. */
  offered(forcedName: string | undefined): readonly Tool[] {
    if (this.#reading.changesTools) this.#readDefined();
    const offered: Tool[] = [];
    for (let index = 0; index < this.#declared.length; index++) {
      const { tool, isDeferred } = this.#declared[index] as DeclaredTool; // within its bounds
      if (this.#isOffered(tool, isDeferred, forcedName)) offered.push(tool);
    }
    return offered;
  }

  /** Tools that the conversation defines. */
  #readDefined(): void {
    for (const { tool, at } of this.#reading.toolChanges.definitions)
      if (!this.#declared.some((declared) => declared.tool.name === Reflect.get(tool, 'name')))
        this.#read(tool, { at, isFound: false, namespace: undefined });
  }

  #isOffered({ name, at }: Tool, isDeferred: boolean, forcedName: string | undefined): boolean {
    const { notes, api, changesTools } = this.#reading;
    if (!isDeferred && !changesTools && name !== PLACEHOLDER) return true;
    const { toolChanges } = this.#reading;
    if (toolChanges.isRemoved(name)) {
      notes.add('tool-removed', at, name);
      return false;
    }
    // A deferred tool that no search can find is offered at once. Anthropic's clients load tools by blocks.
    const canBeFound = api === 'anthropic' ? !this.#vendorSearches : this.#clientSearches;
    const isWaiting = isDeferred && canBeFound && name !== forcedName && !toolChanges.isLoaded(name);
    if (name !== PLACEHOLDER && !isWaiting) return true;
    notes.add('tool-deferred', at, name);
    return false;
  }

  #read(value: unknown, place: Place): void {
    const { at, isFound } = place;
    if (isJsonObject(value) && typeof value.name === 'string') this.declaredNames.add(value.name);
    const shape = shapeOfTool(value, this.#reading.api);
    switch (shape.kind) {
      case 'function':
        this.#readFunction(shape, value, place);
        return;
      case 'custom':
        this.#readCustom(shape, value, place);
        return;
      case 'namespace':
        this.#readNamespace(shape, place);
        return;
      case 'list':
        this.#readInner(shape.tools, `${at}.${shape.key}`, place);
        return;
      case 'web-search':
        this.#readWebSearch(value, at);
        return;
      case 'typed':
        this.#readTyped(value, shape.type, at);
        return;
      case 'other':
        this.#readOther(value, shape.type, at, isFound);
        return;
      case 'unreadable':
        this.#ignore(at, shape.why);
        return;
    }
  }

  #readWebSearch(value: unknown, at: string): void {
    const search = readWebSearchTool(value, at);
    if (this.webSearch) {
      this.#reading.notes.add('tool-repeated', at);
      return;
    }
    this.webSearch = search;
    if (isJsonObject(value)) noteSearchOptions(value, at, this.#reading);
  }

  #readFunction(
    { dialect, fields, isNested }: Extract<ToolShape, { kind: 'function' }>,
    tool: unknown,
    { at, isFound, namespace }: Place,
  ): void {
    const name = textOf(fields, 'name');
    if (name === '') {
      this.#ignore(at, 'no name');
      return;
    }
    const { notes, api } = this.#reading;
    const inputSchema = schemaOf(fields);
    this.#reading.spelled(dialect, 'tool', at);
    const outer = isJsonObject(tool) ? tool : {};
    notes.addUnknown(outer, isNested ? NESTED_KEYS : FUNCTION_KEYS[api], 'tool', at);
    if (isNested) notes.addUnknown(fields, FUNCTION_KEYS[api], 'tool.function', `${at}.function`);
    const declared = { kind: 'function', name, namespace } as const;
    this.#declare(declared, at, textOf(fields, 'description'), inputSchema, isFound, [outer, fields]);
  }

  #readCustom(
    { dialect, fields, isNested }: Extract<ToolShape, { kind: 'custom' }>,
    tool: unknown,
    { at, isFound, namespace }: Place,
  ): void {
    const name = textOf(fields, 'name');
    if (name === '') {
      this.#ignore(at, 'no name');
      return;
    }
    this.#reading.spelled(dialect, 'custom tool', at);
    this.#reading.notes.add('custom-tool-as-function', at);
    const description = describeCustomTool(textOf(fields, 'description'), grammarOf(fields));
    const declared = { kind: 'custom', name, namespace } as const;
    const marked = isJsonObject(tool) ? [tool, fields] : [fields];
    const offeredName = this.#declare(declared, at, description, CUSTOM_INPUT, isFound, marked);
    if (offeredName === undefined) return;
    if (isNested) this.#nestedCustomNames = (this.#nestedCustomNames ?? new Set()).add(offeredName);
    else this.#flatCustomNames = (this.#flatCustomNames ?? new Set()).add(offeredName);
  }

  #readNamespace({ name, tools }: Extract<ToolShape, { kind: 'namespace' }>, { at, isFound, isInner }: Place): void {
    if (isInner) {
      this.#ignore(at, 'a namespace in a namespace');
      return;
    }
    this.#reading.spelled('openai-responses', 'namespace', at);
    if (name !== IMPLIED_NAMESPACE) this.#reading.notes.add('namespace-flattened', at);
    this.#readAll(tools, `${at}.tools`, { at, isFound, namespace: name, isInner: true });
  }

  #readInner(tools: readonly unknown[], listAt: string, { at, isFound, isInner }: Place): void {
    if (isInner) {
      this.#ignore(at, 'a list in a list');
      return;
    }
    this.#reading.spelled('gemini', 'tools', at);
    this.#readAll(tools, listAt, { at, isFound, namespace: undefined, isInner: true });
  }

  #readAll(tools: readonly unknown[], listAt: string, place: Place): void {
    for (const [i, tool] of tools.entries()) this.#read(tool, { ...place, at: `${listAt}[${i}]` });
  }

  /** Tool kinds of Responses, whose calls are items of their own and exist in that API only. */
  #readTyped(value: unknown, kind: TypedKind, at: string): void {
    const tool = isJsonObject(value) ? value : {};
    const isClientRun = kind !== 'tool_search' || tool.execution === 'client';
    if (this.#reading.api !== 'openai-responses' || !isClientRun || (kind === 'shell' && runsInContainer(tool))) {
      this.#drop(kind, at);
      return;
    }
    if (kind === 'tool_search') this.#clientSearches = true;
    const { description, inputSchema } = TYPED_TOOLS[kind];
    const isDescribed = kind === 'tool_search' && tool.parameters !== undefined;
    if (!isDescribed) this.#reading.notes.add('typed-tool-schema', at, kind);
    const ownDescription = kind === 'tool_search' ? textOf(tool, 'description') : '';
    const schema = isDescribed ? schemaOf(tool) : inputSchema;
    this.#declare({ kind }, at, ownDescription || description, schema, false, []);
  }

  #readOther(value: unknown, type: string, at: string, isFound: boolean): void {
    const tool = isJsonObject(value) ? value : {};
    if (type.startsWith('tool_search_tool_')) this.#vendorSearches = true;
    if (SERVER_TOOLS.test(type)) {
      this.#drop(type, at);
      return;
    }
    const display = { widthPx: numberIn(tool.display_width_px), heightPx: numberIn(tool.display_height_px) };
    const typed = typedTool(type, display);
    if (typed) {
      const name = textOf(tool, 'name') || typed.name;
      this.#reading.spelled('anthropic', 'tool', at);
      this.#reading.notes.add('typed-tool-schema', at, type, name);
      this.#declare({ kind: 'function', name }, at, typed.description, typed.inputSchema, isFound, [tool]);
      return;
    }
    // An unknown type with a schema works like a client tool.
    const isDescribed = schemaOf(tool) !== undefined && textOf(tool, 'name') !== '';
    if (!isDescribed) {
      this.#drop(type, at);
      return;
    }
    this.#readFunction({ kind: 'function', dialect: 'anthropic', fields: tool, isNested: false }, tool, {
      at,
      isFound,
      namespace: undefined,
    });
  }

  /** The name under which the tool is offered; undefined if it was declared before. */
  #declare(
    declared: Declared,
    at: string,
    description: string,
    inputSchema: JsonValue | undefined,
    isFound: boolean,
    marked: readonly JsonObject[],
  ): string | undefined {
    if ('name' in declared) this.declaredNames.add(declared.name);
    let isDeferred = false;
    let isMarked = false;
    for (let index = 0; index < marked.length; index++) {
      const fields = marked[index] as JsonObject; // within its bounds
      if (!isFound && fields.defer_loading === true) isDeferred = true;
      if (isCachePoint(fields)) isMarked = true;
    }
    const name = this.#reading.names.declare(declared);
    if (name === undefined) {
      this.#reading.notes.add('tool-repeated', at);
      return undefined;
    }
    const tool: Tool = { at, name, description, inputSchema };
    this.#declared.push({ tool: isMarked ? { ...tool, cachePoint: true } : tool, isDeferred });
    return name;
  }

  #drop(kind: string, at: string): void {
    this.#reading.notes.add('server-tool-dropped', at, shortName(kind));
  }

  #ignore(at: string, why: string): void {
    this.#reading.notes.add('tool-ignored', at, why);
  }
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Claude Code declares this tool only to keep the list non-empty; it cannot be called. */
const PLACEHOLDER = 'DeferredToolPlaceholder';

const SERVER_TOOLS =
  /^(?:web_search|web_fetch|code_execution|tool_search_tool|advisor|mcp_toolset|browser_toolset|computer_toolset)(?:_|$)/;

const SHARED_KEYS = ['type', 'name', 'description', 'parameters', 'input_schema', 'inputSchema', 'defer_loading'];
/** Strict mode has no effect of its own here; the others name further callers of the tool. */
const RESPONSES_KEYS = ['strict', 'allowed_callers', 'output_schema', 'async'];
const FUNCTION_KEYS = {
  'openai-chat': new Set([...SHARED_KEYS, 'cache_control']),
  'openai-responses': new Set([...SHARED_KEYS, ...RESPONSES_KEYS, 'cache_control']),
  anthropic: new Set([...SHARED_KEYS, 'cache_control']),
};
const NESTED_KEYS = new Set(['type', 'function', 'cache_control', 'defer_loading']);

function runsInContainer({ environment }: JsonObject): boolean {
  return isJsonObject(environment) && String(environment.type).startsWith('container');
}

function numberIn(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
