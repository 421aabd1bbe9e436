/**
 * Reads items of Responses input that are neither messages nor ordinary tool calls. Unknown kinds become text, so that
 * nothing the client or the model wrote is lost.
 */
import type { Part, ToolResultPart, ToolUsePart } from '../../core/conversation.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { WEB_SEARCH_TOOL } from '../../core/web-search.ts';
import { isShallow, refuse } from '../shape.ts';
import { readArguments } from './arguments.ts';
import { openCarrier } from './carrier.ts';
import { type ContentPart, readContent, readForeignBlock } from './content.ts';
import { MISSING } from './media-blocks.ts';
import { readCallOutput, readCustomToolCall, readFunctionCall, readResultContent } from './parts.ts';
import type { Reading } from './reading.ts';
import { wordsOf } from './reasoning-history.ts';
import { TYPED_TOOLS, type TypedKind } from './responses-typed-tools.ts';

type ItemReader = (item: JsonObject, at: string, reading: Reading) => readonly Part[];

export function itemReader(kind: string): ItemReader | undefined {
  return ITEMS.get(kind);
}

/** Only searches that the client runs have a call id; the model has not seen the others. */
function readToolSearchCall(item: JsonObject, at: string, reading: Reading): readonly Part[] {
  if (typeof item.call_id !== 'string') return readForeignBlock(item, at, reading);
  return [typedUse('tool_search', item.call_id, { arguments: readArguments(item.arguments) }, at, reading)];
}

/** The output of a local shell may refer to the item id instead of the call id. */
function readLocalShellCall(item: JsonObject, at: string, reading: Reading): readonly Part[] {
  const { id, call_id: callId } = item;
  const use = typedUse('local_shell', callId ?? id, { action: actionOf(item, at) }, at, reading);
  if (typeof id === 'string') reading.calls.alsoKnownAs(id, use.toolUseId);
  return [use];
}

function readShellCall(item: JsonObject, at: string, reading: Reading): readonly Part[] {
  return [typedUse('shell', item.call_id, { action: actionOf(item, at) }, at, reading)];
}

function readApplyPatchCall(item: JsonObject, at: string, reading: Reading): readonly Part[] {
  const operation = fieldsOf(item.operation, `${at}.operation`);
  return [typedUse('apply_patch', item.call_id, { operation }, at, reading)];
}

function actionOf({ action }: JsonObject, at: string): JsonObject {
  return fieldsOf(action, `${at}.action`);
}

function fieldsOf(value: JsonValue | undefined, at: string): JsonObject {
  if (!isJsonObject(value)) throw refuse(at, MISSING);
  if (!isShallow(value)) throw refuse(at, 'is nested too deep.');
  return value;
}

function typedUse(
  kind: TypedKind,
  id: JsonValue | undefined,
  fields: JsonObject,
  at: string,
  { names, calls }: Reading,
): ToolUsePart {
  const name = names.nameOf({ kind });
  return {
    type: 'tool-use',
    at,
    toolUseId: calls.ofCall(id, name, at),
    name,
    input: TYPED_TOOLS[kind].toInput(fields),
  };
}

function readLocalShellOutput(item: JsonObject, at: string, reading: Reading): readonly Part[] {
  const content = readResultContent(item.output, `${at}.output`, reading);
  return [result(item.call_id ?? item.id, at, content, reading)];
}

/** The output and the exit of each command. */
function readShellOutput(item: JsonObject, at: string, reading: Reading): readonly Part[] {
  const { output, call_id: callId } = item;
  if (!Array.isArray(output)) return readCallOutput(item, at, reading);
  const content = output.map((chunk: unknown, i) => {
    const path = `${at}.output[${i}]`;
    if (!isShallow(chunk)) throw refuse(path, 'is nested too deep.');
    return { type: 'text' as const, at: path, text: typeof chunk === 'string' ? chunk : JSON.stringify(chunk) };
  });
  return [result(callId, at, content, reading)];
}

function readComputerOutput({ output, call_id: callId }: JsonObject, at: string, reading: Reading): readonly Part[] {
  const screenshot = isJsonObject(output) ? { ...output, type: 'computer_screenshot' } : output;
  const content = reading.asHistory(() => readContent(screenshot, `${at}.output`, reading));
  return typeof callId === 'string' && reading.calls.isOpen(callId) ? [result(callId, at, content, reading)] : content;
}

/** Reads a search run for the model as an ordinary tool call. The reply after it contains the findings. */
function readWebSearchCall(item: JsonObject, at: string, reading: Reading): readonly Part[] {
  const { id, action } = item;
  const { query, sources } = isJsonObject(action) ? action : {};
  if (typeof id !== 'string' || typeof query !== 'string' || query === '') return readForeignBlock(item, at, reading);
  const found = (Array.isArray(sources) ? sources : []).flatMap((source: unknown) =>
    isJsonObject(source) && typeof source.url === 'string' ? source.url : [],
  );
  const text = found.length === 0 ? 'What was found is in the answer.' : `Found:\n${found.join('\n')}`;
  const toolUseId = reading.calls.ofCall(id, WEB_SEARCH_TOOL, at);
  return [
    { type: 'tool-use', at, toolUseId, name: WEB_SEARCH_TOOL, input: { query } },
    result(id, at, [{ type: 'text', at, text }], reading),
  ];
}

/** The names under which the model can call the found tools. */
function readToolSearchOutput({ call_id: callId, tools }: JsonObject, at: string, reading: Reading): readonly Part[] {
  if (typeof callId !== 'string') return [];
  const found = (Array.isArray(tools) ? tools : []).flatMap((tool: unknown) => foundNames(tool, reading));
  const text = found.length === 0 ? 'No tool was found.' : `These tools can be called now: ${found.join(', ')}.`;
  return [result(callId, at, [{ type: 'text', at: `${at}.tools`, text }], reading)];
}

function foundNames(tool: unknown, reading: Reading): string[] {
  if (!isJsonObject(tool) || typeof tool.name !== 'string') return [];
  const { type, name: namespace, tools } = tool;
  if (type === 'namespace' && Array.isArray(tools))
    return tools.flatMap((inner: unknown) => foundName(inner, namespace, reading));
  return foundName(tool, undefined, reading);
}

function foundName(tool: unknown, namespace: string | undefined, { names }: Reading): string[] {
  if (!isJsonObject(tool) || typeof tool.name !== 'string') return [];
  return [names.nameOf({ kind: tool.type === 'custom' ? 'custom' : 'function', name: tool.name, namespace })];
}

function result(
  id: JsonValue | undefined,
  at: string,
  content: readonly ContentPart[],
  { calls }: Reading,
): ToolResultPart {
  return { type: 'tool-result', at, toolUseId: calls.ofResult(id, undefined, at), content, isError: false };
}

/** dragoman's own `encrypted_content` holds the whole reasoning. Of another service's, only the summary is readable. */
function readReasoning(item: JsonObject, at: string, { notes }: Reading): readonly Part[] {
  const { summary, content, encrypted_content: encrypted } = item;
  const carried = openCarrier(typeof encrypted === 'string' ? encrypted : undefined);
  if (carried?.type === 'redacted') return [{ type: 'redacted-reasoning', at, data: carried.data }];
  if (carried?.type === 'reasoning') {
    const { text, signature } = carried;
    return [{ type: 'reasoning', at, text, ...(signature ? { signature } : {}) }];
  }
  const text = [content, summary]
    .map((words) => wordsOf(words ?? ''))
    .filter(Boolean)
    .join('\n\n');
  if (text.trim() !== '') return [{ type: 'reasoning', at, text }];
  if (encrypted) notes.add('block-ignored', at, 'reasoning');
  return [];
}

function readCompaction({ encrypted_content: encrypted }: JsonObject, at: string, { notes }: Reading): readonly Part[] {
  const carried = openCarrier(typeof encrypted === 'string' ? encrypted : undefined);
  if (carried?.type === 'summary') {
    const text = `This is a summary of the conversation so far, which it replaces:\n\n${carried.text}`;
    return [{ type: 'text', at, text }];
  }
  notes.add('block-ignored', at, 'compaction');
  return [];
}

/** For items without content, which are read with the tools or affect only the reply. */
function noParts(): readonly [] {
  return [];
}

/** Items that may also occur inside messages. Their readers note the dialect themselves. */
const CALL_ITEMS: readonly (readonly [string, ItemReader])[] = [
  ['function_call', readFunctionCall],
  ['custom_tool_call', readCustomToolCall],
  ['function_call_output', readCallOutput],
  ['custom_tool_call_output', readCallOutput],
  ['apply_patch_call_output', readCallOutput],
];

const OTHER_ITEMS: readonly (readonly [string, ItemReader])[] = [
  ['tool_search_call', readToolSearchCall],
  ['local_shell_call', readLocalShellCall],
  ['shell_call', readShellCall],
  ['apply_patch_call', readApplyPatchCall],
  ['local_shell_call_output', readLocalShellOutput],
  ['shell_call_output', readShellOutput],
  ['tool_search_output', readToolSearchOutput],
  ['computer_call_output', readComputerOutput],
  ['web_search_call', readWebSearchCall],
  ['reasoning', readReasoning],
  ['compaction', readCompaction],
  ['additional_tools', noParts],
  ['compaction_trigger', noParts],
];

const ITEMS: ReadonlyMap<string, ItemReader> = new Map<string, ItemReader>([
  ...CALL_ITEMS,
  ...OTHER_ITEMS.map(([kind, read]): [string, ItemReader] => [
    kind,
    (item, at, reading) => {
      reading.spelled('openai-responses', kind, at);
      return read(item, at, reading);
    },
  ]),
]);
