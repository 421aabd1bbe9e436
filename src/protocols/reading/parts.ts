/** Reads the parts of a message in every dialect: content, calls, results and reasoning. */
import type { Part, ToolResultPart, ToolUsePart } from '../../core/conversation.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { searchResultText, WEB_SEARCH_TOOL } from '../../core/web-search.ts';
import { refuse } from '../shape.ts';
import { readArguments } from './arguments.ts';
import {
  type BlockReader,
  type ContentPart,
  type ContentReaders,
  cachePoint,
  isKnownBlock,
  marked,
  readBlocks,
  readDataBlock,
  readForeignBlock,
} from './content.ts';
import { MISSING } from './media-blocks.ts';
import { type Reading, shortName } from './reading.ts';
import { readRedacted, readThinking } from './reasoning-history.ts';
import { readSearchOutcome } from './web-search-blocks.ts';

export function readParts(content: unknown, at: string, reading: Reading): Part[] {
  return readBlocks<Part>(content, at, reading, TURN);
}

const TURN: ContentReaders<Part> = { special: (type) => TURN_BLOCKS.get(type), other: readForeignBlock };
/** In results, an unknown block is the data of a program. */
const RESULT: ContentReaders<ContentPart> = { special: () => undefined, other: readDataBlock };

export interface Call {
  readonly id: JsonValue | undefined;
  readonly name: JsonValue | undefined;
  readonly namespace?: JsonValue | undefined;
  readonly input: JsonValue | undefined;
}

/** A call under the name that the model knows. The text of a custom tool is never parsed as JSON. */
export function toToolUse(call: Call, at: string, reading: Reading, isCustom = false): ToolUsePart {
  const { id, input } = call;
  const kind = isCustom ? 'custom' : 'function';
  const namespace = typeof call.namespace === 'string' ? call.namespace : undefined;
  const name = reading.names.nameOf({ kind, name: nameOfCall(call, at, reading), namespace });
  const isText = typeof input === 'string' && (isCustom || reading.names.declaredAs(name).kind === 'custom');
  const toolUseId = reading.calls.ofCall(id, name, at);
  return { type: 'tool-use', at, toolUseId, name, input: isText ? { input } : readArguments(input) };
}

function nameOfCall({ name }: Call, at: string, { notes }: Reading): string {
  if (typeof name === 'string' && name !== '') return name;
  notes.add('tool-call-unnamed', at);
  return 'unnamed_tool';
}

export interface Result {
  readonly id: JsonValue | undefined;
  /** The tool's name, if the result has it. */
  readonly name?: JsonValue | undefined;
  readonly content: JsonValue | undefined;
  readonly contentAt: string;
  readonly isError?: boolean;
}

export function toToolResult(result: Result, at: string, reading: Reading): ToolResultPart {
  const { id, name, content, contentAt, isError = false } = result;
  const toolUseId = reading.calls.ofResult(id, name, at);
  return {
    type: 'tool-result',
    at,
    toolUseId,
    content: readResultContent(content, contentAt, reading),
    isError: isError || (isMcpResult(content) && content.isError === true),
  };
}

/** Program output stays in every later request, so nothing in it is rejected. */
export function readResultContent(content: JsonValue | undefined, at: string, reading: Reading): ContentPart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', at, text: content }];
  return reading.asHistory(() => {
    if (isMcpResult(content)) return readMcpResult(content, at, reading);
    if (content !== undefined && isData(content)) return [...readDataBlock(content, at, reading)];
    return readBlocks(content, at, reading, RESULT);
  });
}

interface McpResult extends JsonObject {
  readonly content: readonly JsonValue[];
}

/**
 * Whether the value is an unchanged MCP result: https://modelcontextprotocol.io/specification/2025-06-18/server/tools
 */
function isMcpResult(value: unknown): value is McpResult {
  return (
    isJsonObject(value) && Array.isArray(value.content) && Object.keys(value).every((key) => MCP_RESULT_KEYS.has(key))
  );
}

const MCP_RESULT_KEYS = new Set(['content', 'structuredContent', 'isError', '_meta']);

/** Servers repeat structured content as text, so it is read only if there is no text. */
function readMcpResult({ content, structuredContent }: McpResult, at: string, reading: Reading): ContentPart[] {
  if (content.length > 0 || !isJsonObject(structuredContent))
    return readResultContent(content, `${at}.content`, reading);
  return [...readDataBlock(structuredContent, `${at}.structuredContent`, reading)];
}

/** Whether the value is JSON data instead of text or blocks, and is passed on as one text. */
function isData(value: JsonValue): boolean {
  if (!Array.isArray(value)) return isUntypedData(value);
  return value.length > 0 && value.every((item) => isUntypedData(item) || isPlain(item));
}

function isPlain(value: JsonValue): boolean {
  return value === null || typeof value === 'number' || typeof value === 'boolean';
}

function isUntypedData(value: JsonValue): boolean {
  if (Array.isArray(value)) return !value.some(isKnownBlock);
  return isJsonObject(value) && typeof value.type !== 'string' && !isKnownBlock(value);
}

function readToolUse(block: JsonObject, at: string, reading: Reading): readonly [ToolUsePart] {
  reading.spelled('anthropic', 'tool_use', at);
  reading.notes.addUnknown(block, TOOL_USE_KEYS, 'tool_use', at);
  return [marked(toToolUse({ id: block.id, name: block.name, input: block.input }, at, reading), block)];
}

/** `caller`: the model, or its program; the service has no such programs. */
const TOOL_USE_KEYS = new Set(['type', 'id', 'name', 'input', 'caller', 'cache_control']);

function readToolResult(block: JsonObject, at: string, reading: Reading): readonly [ToolResultPart] {
  reading.spelled('anthropic', 'tool_result', at);
  reading.notes.addUnknown(block, TOOL_RESULT_KEYS, 'tool_result', at);
  const { tool_use_id: id, name, content, is_error: isError } = block;
  const result = { id, name, content, contentAt: `${at}.content`, isError: isError === true };
  return [marked(toToolResult(result, at, reading), block)];
}

const TOOL_RESULT_KEYS = new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control']);

function readAiSdkCall(block: JsonObject, at: string, reading: Reading): readonly [ToolUsePart] {
  reading.spelled('ai-sdk', 'tool-call', at);
  return [toToolUse({ id: block.toolCallId, name: block.toolName, input: block.input ?? block.args }, at, reading)];
}

/**
 * Reads the AI SDK's result. Its output is typed: `{type: "text" | "json" | "error-text" | "error-json" | "content",
 * value}`.
 */
function readAiSdkResult(block: JsonObject, at: string, reading: Reading): readonly [ToolResultPart] {
  reading.spelled('ai-sdk', 'tool-result', at);
  const output = block.output ?? block.result ?? block.content;
  const isTyped = isJsonObject(output) && typeof output.type === 'string' && 'value' in output;
  const isError = block.isError === true || (isTyped && String(output.type).startsWith('error'));
  const value = isTyped
    ? { content: output.value, contentAt: `${at}.output.value` }
    : { content: output, contentAt: `${at}.output` };
  return [toToolResult({ id: block.toolCallId, name: block.toolName, ...value, isError }, at, reading)];
}

function readGeminiCall({ functionCall: call }: JsonObject, at: string, reading: Reading): readonly [ToolUsePart] {
  reading.spelled('gemini', 'functionCall', at);
  if (!isJsonObject(call)) throw refuse(`${at}.functionCall`, MISSING);
  return [toToolUse({ id: call.id, name: call.name, input: call.args }, at, reading)];
}

function readGeminiResponse({ functionResponse }: JsonObject, at: string, reading: Reading): readonly [ToolResultPart] {
  reading.spelled('gemini', 'functionResponse', at);
  if (!isJsonObject(functionResponse)) throw refuse(`${at}.functionResponse`, MISSING);
  const { id, name, response } = functionResponse;
  const contentAt = `${at}.functionResponse.response`;
  return [toToolResult({ id, name, content: response, contentAt }, at, reading)];
}

/** Reads a Responses item, in the input itself or, in mixed histories, inside a message. */
export function readFunctionCall(item: JsonObject, at: string, reading: Reading): readonly [ToolUsePart] {
  reading.spelled('openai-responses', 'function_call', at);
  const { call_id: callId, id, name, namespace, arguments: input } = item;
  return [toToolUse({ id: callId ?? id, name, namespace, input }, at, reading)];
}

export function readCustomToolCall(item: JsonObject, at: string, reading: Reading): readonly [ToolUsePart] {
  reading.spelled('openai-responses', 'custom_tool_call', at);
  const { call_id: callId, id, name, namespace, input } = item;
  return [toToolUse({ id: callId ?? id, name, namespace, input }, at, reading, true)];
}

export function readCallOutput(item: JsonObject, at: string, reading: Reading): readonly [ToolResultPart] {
  reading.spelled('openai-responses', String(item.type), at);
  const { call_id: id, name, output: content, status } = item;
  const result = { id, name, content, contentAt: `${at}.output`, isError: status === 'failed' };
  return [toToolResult(result, at, reading)];
}

/** Reads a search run for the model as an ordinary tool call. */
function readServerToolUse(block: JsonObject, at: string, reading: Reading): readonly Part[] {
  const { id, name, input } = block;
  if (name !== WEB_SEARCH_TOOL) return readForeignBlock(block, at, reading);
  reading.spelled('anthropic', 'server_tool_use', at);
  const toolUseId = reading.calls.ofCall(id, name, at);
  return [{ type: 'tool-use', at, toolUseId, name, input: readArguments(input), ...cachePoint(block) }];
}

function readSearchResults(block: JsonObject, at: string, reading: Reading): readonly [ToolResultPart] {
  reading.spelled('anthropic', 'web_search_tool_result', at);
  const toolUseId = reading.calls.ofResult(block.tool_use_id, WEB_SEARCH_TOOL, at);
  const outcome = readSearchOutcome(block.content);
  const content: ContentPart[] = [{ type: 'text', at: `${at}.content`, text: searchResultText(outcome) }];
  const isError = outcome.type === 'failed';
  return [{ type: 'tool-result', at, toolUseId, content, isError, ...cachePoint(block) }];
}

function readCompaction(block: JsonObject, at: string, reading: Reading): readonly Part[] {
  const { content, tool_changes: changes } = block;
  for (const [i, change] of (Array.isArray(changes) ? changes : []).entries())
    if (isJsonObject(change)) readToolChange(change, `${at}.tool_changes[${i}]`, reading);
  return typeof content === 'string' && content !== ''
    ? [{ type: 'text', at, text: content, ...cachePoint(block) }]
    : [];
}

function readToolChange({ type, tool }: JsonObject, at: string, { notes, toolChanges }: Reading): readonly [] {
  if (!isJsonObject(tool)) throw refuse(`${at}.tool`, MISSING);
  if (type === 'tool_addition' && tool.type === 'tool_definition' && isJsonObject(tool.definition)) {
    toolChanges.define(tool.definition, `${at}.tool.definition`);
  } else if (tool.type === 'tool_reference' && typeof tool.name === 'string' && tool.name !== '') {
    if (type === 'tool_addition') toolChanges.load(tool.name);
    else toolChanges.remove(tool.name);
  } else {
    notes.add('block-ignored', at, `${shortName(type)} of ${shortName(tool.type)}`);
  }
  return [];
}

function readToolSearchResult(block: JsonObject, at: string, reading: Reading): readonly ContentPart[] {
  const references = isJsonObject(block.content) ? block.content.tool_references : undefined;
  for (const reference of Array.isArray(references) ? references : [])
    if (isJsonObject(reference) && typeof reference.tool_name === 'string')
      reading.toolChanges.load(reference.tool_name);
  return readForeignBlock(block, at, reading);
}

function ignoreBlock({ type }: JsonObject, at: string, { notes }: Reading): readonly [] {
  notes.add('block-ignored', at, shortName(type));
  return [];
}

const TURN_BLOCKS: ReadonlyMap<string, BlockReader<Part>> = new Map<string, BlockReader<Part>>([
  ['tool_use', readToolUse],
  ['tool_result', readToolResult],
  [
    'thinking',
    (block, at, reading) => {
      reading.spelled('anthropic', 'thinking', at);
      reading.notes.addUnknown(block, THINKING_KEYS, 'thinking', at);
      return readThinking(block, at, reading);
    },
  ],
  [
    'redacted_thinking',
    (block, at, reading) => {
      reading.spelled('anthropic', 'redacted_thinking', at);
      return readRedacted(block, at, reading);
    },
  ],
  [
    'reasoning',
    (block, at, reading) => {
      reading.spelled('ai-sdk', 'reasoning', at);
      return readThinking({ ...block, thinking: block.text ?? block.summary ?? block.content ?? null }, at, reading);
    },
  ],
  ['function_call', readFunctionCall],
  ['function_call_output', readCallOutput],
  ['custom_tool_call', readCustomToolCall],
  ['custom_tool_call_output', readCallOutput],
  ['tool-call', readAiSdkCall],
  ['tool-result', readAiSdkResult],
  ['functionCall', readGeminiCall],
  ['functionResponse', readGeminiResponse],
  ['server_tool_use', readServerToolUse],
  ['web_search_tool_result', readSearchResults],
  ['compaction', readCompaction],
  ['tool_addition', readToolChange],
  ['tool_removal', readToolChange],
  ['tool_search_tool_result', readToolSearchResult],
  ['fallback', ignoreBlock],
  ['container_upload', ignoreBlock],
  ['mcp_tool_listing', ignoreBlock],
]);

const THINKING_KEYS = new Set(['type', 'thinking', 'signature']);
