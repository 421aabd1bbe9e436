/** Recognizes the declaration of a tool in the format of any dialect. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { readSchema } from './arguments.ts';
import type { Api, Dialect } from './reading.ts';
import { isTypedKind, type TypedKind } from './responses-typed-tools.ts';

export type ToolShape =
  /** A tool with a name and usually a schema, both in `fields`. */
  | { readonly kind: 'function'; readonly dialect: Dialect; readonly fields: JsonObject; readonly isNested: boolean }
  /** A tool that takes free text. */
  | { readonly kind: 'custom'; readonly dialect: Dialect; readonly fields: JsonObject; readonly isNested: boolean }
  | { readonly kind: 'namespace'; readonly name: string; readonly tools: readonly unknown[] }
  | { readonly kind: 'list'; readonly key: string; readonly tools: readonly unknown[] }
  | { readonly kind: 'web-search' }
  | { readonly kind: 'typed'; readonly type: TypedKind }
  /** A type that is not known here; it may be an Anthropic type that the client runs. */
  | { readonly kind: 'other'; readonly type: string }
  | { readonly kind: 'unreadable'; readonly why: string };

export function shapeOfTool(value: unknown, api: Api): ToolShape {
  if (!isJsonObject(value)) return { kind: 'unreadable', why: 'not an object' };
  const { type, name } = value;
  if (isJsonObject(value.function))
    return { kind: 'function', dialect: 'openai-chat', fields: value.function, isNested: true };
  if (isJsonObject(value.custom))
    return { kind: 'custom', dialect: 'openai-chat', fields: value.custom, isNested: true };
  const declarations = value.functionDeclarations ?? value.function_declarations;
  if (Array.isArray(declarations)) return { kind: 'list', key: 'functionDeclarations', tools: declarations };
  switch (type) {
    case undefined:
    case null:
    case 'function':
      return { kind: 'function', dialect: dialectOfSchema(value), fields: value, isNested: false };
    case 'custom':
      return isFreeText(value, api)
        ? { kind: 'custom', dialect: 'openai-responses', fields: value, isNested: false }
        : { kind: 'function', dialect: dialectOfSchema(value), fields: value, isNested: false };
    case 'namespace':
      return typeof name === 'string' && name !== '' && Array.isArray(value.tools)
        ? { kind: 'namespace', name, tools: value.tools }
        : { kind: 'unreadable', why: 'a namespace without tools' };
  }
  if (typeof type !== 'string') return { kind: 'unreadable', why: 'no type' };
  if (WEB_SEARCH.test(type)) return { kind: 'web-search' };
  if (isTypedKind(type)) return { kind: 'typed', type };
  return { kind: 'other', type };
}

/** The type names of OpenAI and Anthropic. */
export const WEB_SEARCH = /^web_search(?:_preview)?(?:_\d{4}_\d{2}_\d{2}|_\d{8})?$/;

/** Anthropic's ordinary tools have the type `custom` too, usually with a schema. */
function isFreeText(tool: JsonObject, api: Api): boolean {
  if (schemaIn(tool) !== undefined) return false;
  return api !== 'anthropic' || isJsonObject(tool.format);
}

function dialectOfSchema(tool: JsonObject): Dialect {
  if (tool.inputSchema !== undefined) return 'mcp';
  if (tool.input_schema !== undefined) return 'anthropic';
  return tool.type === 'function' || tool.parameters !== undefined ? 'openai-responses' : 'anthropic';
}

function schemaIn({ parameters, input_schema, inputSchema, parametersJsonSchema }: JsonObject): JsonValue | undefined {
  return parameters ?? input_schema ?? inputSchema ?? parametersJsonSchema ?? undefined;
}

export function schemaOf(tool: JsonObject): JsonValue | undefined {
  return readSchema(schemaIn(tool));
}

export function textOf(tool: JsonObject, key: 'name' | 'description'): string {
  const text = tool[key];
  return typeof text === 'string' ? text : '';
}

/** Accepts OpenAI's two forms: `{type: "grammar", grammar: {syntax, definition}}`, and without the inner object. */
export function grammarOf({ format }: JsonObject): { syntax: string; definition: string } | undefined {
  if (!isJsonObject(format)) return undefined;
  const { syntax, definition } = isJsonObject(format.grammar) ? format.grammar : format;
  if (typeof definition !== 'string' || definition === '') return undefined;
  return { syntax: typeof syntax === 'string' ? syntax : '', definition };
}
