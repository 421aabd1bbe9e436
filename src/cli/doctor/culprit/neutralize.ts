/**
 * Replaces parts of a conversation by neutral ones. A part is the smallest thing that the service may refuse: a text, the
 * name of a tool, one keyword of its schema. The encoder repairs what no longer fits together, so every candidate is
 * a valid request.
 */
import type { Conversation, Part, Tool, ToolResultPart, Turn } from '../../../core/conversation.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';

type PartKind =
  | 'option'
  | 'system'
  | 'cache-point'
  | 'tool-name'
  | 'tool-description'
  | 'tool-schema'
  | 'text'
  | 'call-id'
  | 'call-arguments'
  | 'result'
  | 'image'
  | 'document'
  | 'reasoning';

/** What may be neutralized. */
export interface RequestPart {
  readonly kind: PartKind;
  /** In the client's request. */
  readonly path: string;
  /** The option, keyword or property; never the user's text. */
  readonly name?: string;
  /** Characters of a text. */
  readonly length?: number;
}

type Choose = (part: RequestPart) => boolean;

/** Fewer parts, for requests with very many: a schema is one part. */
export interface Granularity {
  readonly wholeSchemas: boolean;
}

/** All parts, in the order in which `neutralize` visits them. */
export function partsOf(conversation: Conversation, granularity: Granularity): readonly RequestPart[] {
  const parts: RequestPart[] = [];
  neutralize(conversation, granularity, (part) => {
    parts.push(part);
    return false;
  });
  return parts;
}

/**
 * With every part for which `choose` is true replaced. It is called for the same parts in the same order, whatever it
 * returns. A tool or an exchange of which nothing remains is left out.
 */
export function neutralize(conversation: Conversation, { wholeSchemas }: Granularity, choose: Choose): Conversation {
  const options = withoutOptions(conversation, choose);
  const system = conversation.system.map((part) => ({
    ...part,
    text: choose({ kind: 'system', path: part.at, length: part.text.length }) ? 'Be helpful.' : part.text,
    cachePoint: part.cachePoint && !choose({ kind: 'cache-point', path: part.at }),
  }));
  const names = new Map<string, string>();
  const tools = conversation.tools.flatMap((tool, index) => neutralTool(tool, index, wholeSchemas, choose, names));
  // Calls of tools that are left out are calls of one that remains, so that the encoder need not declare another.
  const remaining = tools.at(-1)?.name ?? 'tool';
  const declared = new Set(tools.map(({ name }) => name));
  for (const { name } of conversation.tools) if (!declared.has(names.get(name) ?? name)) names.set(name, remaining);
  const ids = new Map<string, string>();
  const exchanges = exchangesOf(conversation.turns);
  const turns = exchanges.flatMap((exchange, index) => {
    const isLast = index === exchanges.length - 1;
    return neutralExchange(exchange, isLast, choose, names, ids);
  });
  return { ...conversation, ...options, system, tools, turns };
}

/** In order: what differs from a request without options. */
function withoutOptions(conversation: Conversation, choose: Choose): Partial<Conversation> {
  const { reasoning, output, toolChoice, parallelToolUse, webSearch } = conversation;
  const option = (name: string) => choose({ kind: 'option', path: name, name });
  return {
    ...(reasoning.mode !== 'unset' && option('reasoning') ? { reasoning: { mode: 'unset' } } : {}),
    output: {
      maxTokens: output.maxTokens !== undefined && option('max_tokens') ? undefined : output.maxTokens,
      stopSequences: output.stopSequences.length > 0 && option('stop') ? [] : output.stopSequences,
      format: output.format.type !== 'text' && option('response_format') ? { type: 'text' } : output.format,
    },
    ...(toolChoice.type !== 'auto' && option('tool_choice') ? { toolChoice: { type: 'auto' } } : {}),
    ...(!parallelToolUse && option('parallel_tool_calls') ? { parallelToolUse: true } : {}),
    ...(webSearch && option('web_search') ? { webSearch: undefined } : {}),
  };
}

function neutralTool(
  { cachePoint, ...tool }: Tool,
  index: number,
  wholeSchemas: boolean,
  choose: Choose,
  names: Map<string, string>,
): Tool[] {
  const { at, name, description, inputSchema } = tool;
  const parts = new Counter(choose);
  const isMarked = cachePoint === true && !parts.choose({ kind: 'cache-point', path: at });
  const neutralName = parts.choose({ kind: 'tool-name', path: at, name, length: name.length });
  const isDescribed = !parts.choose({ kind: 'tool-description', path: at, name, length: description.length });
  const schema = wholeSchemas
    ? wholeSchema(inputSchema, tool, parts)
    : neutralSchema(inputSchema, (keyword) =>
        parts.choose({ kind: 'tool-schema', path: `${at}.${keyword}`, name: keyword }),
      );
  if (neutralName) names.set(name, `tool_${index + 1}`);
  if (parts.isAllChosen) return [];
  return [
    {
      at,
      name: neutralName ? `tool_${index + 1}` : name,
      description: isDescribed ? description : 'A tool.',
      inputSchema: schema,
      ...(isMarked ? { cachePoint: true } : {}),
    },
  ];
}

function wholeSchema(schema: JsonValue | undefined, { at, name }: Tool, parts: Counter): JsonValue | undefined {
  return parts.choose({ kind: 'tool-schema', path: at, name }) ? EMPTY_SCHEMA : schema;
}

const EMPTY_SCHEMA: JsonObject = { type: 'object', properties: {} };

/** Keywords and properties down to this depth are parts of their own; below, they belong to the one around them. */
const SCHEMA_DEPTH = 4;

/**
 * Without the keywords and properties that `choose` takes; `type` stays, so that it remains a schema. The inner ones come
 * first, so that a search finds the keyword and not the property around it.
 */
function neutralSchema(
  schema: JsonValue | undefined,
  choose: (keyword: string) => boolean,
  path = 'schema',
  depth = 0,
): JsonValue | undefined {
  if (!isJsonObject(schema) || depth >= SCHEMA_DEPTH) return schema;
  const kept: Record<string, JsonValue> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    const at = `${path}.${keyword}`;
    if (keyword === 'properties' && isJsonObject(value)) {
      const properties: Record<string, JsonValue> = {};
      for (const [name, inner] of Object.entries(value)) {
        const neutral = neutralSchema(inner, choose, `${at}.${name}`, depth + 1);
        const isChosen = choose(`${at}.${name}`);
        if (!isChosen && neutral !== undefined) properties[name] = neutral;
      }
      kept[keyword] = properties;
      continue;
    }
    const inner = isJsonObject(value) ? neutralSchema(value, choose, at, depth + 1) : value;
    const isChosen = keyword !== 'type' && choose(at);
    if (!isChosen && inner !== undefined) kept[keyword] = inner;
  }
  return kept;
}

/** Counts what is chosen, to know whether anything of a whole remains. */
class Counter {
  #all = 0;
  #chosen = 0;
  readonly #choose: Choose;

  constructor(choose: Choose) {
    this.#choose = choose;
  }

  choose(part: RequestPart): boolean {
    const isChosen = this.#choose(part);
    this.#all++;
    if (isChosen) this.#chosen++;
    return isChosen;
  }

  get isAllChosen(): boolean {
    return this.#all > 0 && this.#all === this.#chosen;
  }
}

type Exchange = readonly Turn[];

/** A user's turn with everything up to the next one that is more than the results of tools. */
function exchangesOf(turns: readonly Turn[]): readonly Exchange[] {
  const exchanges: Turn[][] = [];
  for (const turn of turns) {
    const begins = turn.role === 'user' && turn.parts.some(({ type }) => type !== 'tool-result');
    const last = exchanges.at(-1);
    if (last && !begins) last.push(turn);
    else exchanges.push([turn]);
  }
  return exchanges;
}

function neutralExchange(
  exchange: Exchange,
  isLast: boolean,
  choose: Choose,
  names: ReadonlyMap<string, string>,
  ids: Map<string, string>,
): Turn[] {
  const parts = new Counter(choose);
  const turns = exchange.map((turn) => ({
    ...turn,
    parts: turn.parts.flatMap((part) => neutralPart(part, turn, parts, names, ids)),
  }));
  return parts.isAllChosen && !isLast ? [] : turns;
}

function neutralPart(
  part: Part,
  { role }: Turn,
  parts: Counter,
  names: ReadonlyMap<string, string>,
  ids: Map<string, string>,
): readonly Part[] {
  const { at: path } = part;
  const choose = (kind: PartKind, more: Partial<RequestPart> = {}) => parts.choose({ kind, path, ...more });
  const marked = 'cachePoint' in part && part.cachePoint === true;
  const cachePoint = marked && !choose('cache-point') ? { cachePoint: true } : {};
  switch (part.type) {
    case 'text': {
      const neutral = role === 'assistant' ? 'Done.' : 'Hello.';
      const text = choose('text', { length: part.text.length }) ? neutral : part.text;
      return [{ type: 'text', at: path, text, ...cachePoint }];
    }
    case 'tool-use': {
      const { name, input } = part;
      if (choose('call-id')) ids.set(part.toolUseId, `call_${ids.size + 1}`);
      const toolUseId = ids.get(part.toolUseId) ?? part.toolUseId;
      const isKept = !choose('call-arguments', { name });
      return [
        {
          type: 'tool-use',
          at: path,
          toolUseId,
          name: names.get(name) ?? name,
          input: isKept ? input : {},
          ...cachePoint,
        },
      ];
    }
    case 'tool-result': {
      const toolUseId = ids.get(part.toolUseId) ?? part.toolUseId;
      return [{ ...neutralResult(part, parts), toolUseId, ...cachePoint }];
    }
    case 'image':
      return choose('image') ? [] : [part];
    case 'document':
      return choose('document') ? [] : [part];
    case 'reasoning':
    case 'redacted-reasoning':
      return choose('reasoning') ? [] : [part];
  }
}

/** Images and documents in it are parts of their own. */
function neutralResult({ cachePoint: _, ...result }: ToolResultPart, parts: Counter): ToolResultPart {
  const { at: path, content, isError } = result;
  const length = content.reduce((sum, part) => sum + (part.type === 'text' ? part.text.length : 0), 0);
  const isNeutral = parts.choose({ kind: 'result', path, length });
  const media = content.flatMap((part): ToolResultPart['content'] => {
    if (part.type === 'text') return isNeutral ? [] : [part];
    return parts.choose({ kind: part.type, path: part.at }) ? [] : [part];
  });
  const text = { type: 'text', at: path, text: 'Done.' } as const;
  return { ...result, content: isNeutral ? [text, ...media] : media, isError: isError && !isNeutral };
}
