/**
 * Items of the input to turns, each item one turn: merging, pairing and order are the encoder's. Kinds nobody here
 * knows become text, so that nothing anybody said is lost.
 */
import type { Part, SystemPart, ToolResultPart, ToolUsePart, Turn } from '../../core/conversation.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { WEB_SEARCH_TOOL } from '../../core/web-search.ts';
import type { Notes } from '../notes.ts';
import { readArguments } from '../openai-calls.ts';
import { readableText } from '../readable.ts';
import { check } from '../shape.ts';
import { openCarrier } from './carrier.ts';
import { summaryTurnText } from './compaction.ts';
import { readContent, readTexts } from './content.ts';
import type { ToolNames } from './tool-names.ts';
import { TYPED_TOOLS, type TypedKind } from './typed-tools.ts';
import * as wire from './wire.ts';

/** An item and its path in the client's request, or in what a response before it left behind. */
export interface PlacedItem {
  readonly item: { readonly type?: string | null | undefined; readonly role?: string | null | undefined };
  readonly at: string;
}

export interface ReadItems {
  /** What the leading system and developer messages say. */
  readonly system: readonly SystemPart[];
  readonly turns: readonly Turn[];
}

export function readItems(items: readonly PlacedItem[], names: ToolNames, notes: Notes): ReadItems {
  const reader = new ItemReader(names, notes);
  for (const { item, at } of items) reader.read(item, kindOf(item), at);
  return reader;
}

/** A reference is the one kind which may come without both. */
export function kindOf({ type, role }: PlacedItem['item']): string {
  return type ?? (role ? 'message' : 'item_reference');
}

type Side = 'user' | 'assistant';

class ItemReader implements ReadItems {
  readonly system: SystemPart[] = [];
  readonly turns: Turn[] = [];
  readonly #names: ToolNames;
  readonly #notes: Notes;
  /** The outputs of local shells may name the item instead of the call. */
  readonly #callIdsByItem = new Map<string, string>();

  constructor(names: ToolNames, notes: Notes) {
    this.#names = names;
    this.#notes = notes;
  }

  read(item: object, kind: string, at: string): void {
    this.turns.push(...this.#turnsOf(item, kind, at));
  }

  #turnsOf(item: object, kind: string, at: string): readonly Turn[] {
    switch (kind) {
      case 'message':
        return this.#readMessage(item, at);
      case 'function_call':
        return this.#say('assistant', at, this.#readFunctionCall(item, at));
      case 'custom_tool_call':
        return this.#say('assistant', at, this.#readCustomToolCall(item, at));
      case 'tool_search_call':
        return this.#readToolSearchCall(item, at);
      case 'local_shell_call':
      case 'shell_call':
      case 'apply_patch_call':
        return this.#readTypedCall(item, kind, at);
      case 'function_call_output':
      case 'custom_tool_call_output':
      case 'apply_patch_call_output':
        return this.#readOutput(item, at);
      case 'local_shell_call_output':
        return this.#readLocalShellOutput(item, at);
      case 'shell_call_output':
        return this.#readShellOutput(item, at);
      case 'tool_search_output':
        return this.#readToolSearchOutput(item, at);
      case 'computer_call_output': {
        const { output } = check(wire.computerCallOutput, item, at);
        return this.#say('user', at, ...readContent([{ type: 'computer_screenshot', ...output }], at, this.#notes));
      }
      case 'web_search_call':
        return this.#readWebSearchCall(item, at);
      case 'reasoning':
        return this.#readReasoning(item, at);
      case 'compaction':
        return this.#readCompaction(item, at);
      case 'additional_tools': // read with the tools
      case 'compaction_trigger': // decides what is answered, and says nothing itself
        return [];
      default:
        return this.#readForeign(item, kind, at);
    }
  }

  #say(role: Side, at: string, ...parts: readonly Part[]): readonly Turn[] {
    return parts.length > 0 ? [{ at, role, parts }] : [];
  }

  #readMessage(item: object, at: string): readonly Turn[] {
    const { role, content } = check(wire.message, item, at);
    const path = `${at}.content`;
    if (role === 'user') return this.#say('user', at, ...readContent(content, path, this.#notes));
    const texts = readTexts(content, path, role, this.#notes);
    if (role === 'assistant') return this.#say('assistant', at, ...texts);
    if (this.turns.length > 0) return texts.length > 0 ? [{ at, role: 'system', parts: texts }] : [];
    for (const part of texts) this.system.push({ at: part.at, text: part.text, cachePoint: part.cachePoint ?? false });
    return [];
  }

  #readFunctionCall(item: object, at: string): ToolUsePart {
    const { call_id: toolUseId, name, namespace, arguments: text } = check(wire.functionCall, item, at);
    const declared = { kind: 'function', name, namespace: namespace ?? undefined } as const;
    return { type: 'tool-use', at, toolUseId, name: this.#names.nameOf(declared), input: readArguments(text) };
  }

  #readCustomToolCall(item: object, at: string): ToolUsePart {
    const { call_id: toolUseId, name, namespace, input } = check(wire.customToolCall, item, at);
    const declared = { kind: 'custom', name, namespace: namespace ?? undefined } as const;
    return { type: 'tool-use', at, toolUseId, name: this.#names.nameOf(declared), input: { input } };
  }

  /** Only the client's own searches have an id to answer to; others were never seen by this model. */
  #readToolSearchCall(item: object, at: string): readonly Turn[] {
    const { call_id: callId, arguments: sought } = check(wire.toolSearchCall, item, at);
    if (!callId) return this.#readForeign(item, 'tool_search_call', at);
    return this.#say('assistant', at, this.#typedUse('tool_search', callId, { arguments: sought ?? {} }, at));
  }

  #readTypedCall(
    item: object,
    type: 'local_shell_call' | 'shell_call' | 'apply_patch_call',
    at: string,
  ): readonly Turn[] {
    switch (type) {
      case 'local_shell_call': {
        const call = check(wire.localShellCall, item, at);
        if (call.id) this.#callIdsByItem.set(call.id, call.call_id);
        return this.#say('assistant', at, this.#typedUse('local_shell', call.call_id, { action: call.action }, at));
      }
      case 'shell_call': {
        const call = check(wire.shellCall, item, at);
        return this.#say('assistant', at, this.#typedUse('shell', call.call_id, { action: call.action }, at));
      }
      default: {
        const call = check(wire.applyPatchCall, item, at);
        const fields = { operation: call.operation };
        return this.#say('assistant', at, this.#typedUse('apply_patch', call.call_id, fields, at));
      }
    }
  }

  #typedUse(kind: TypedKind, toolUseId: string, fields: JsonObject, at: string): ToolUsePart {
    const input: JsonValue = TYPED_TOOLS[kind].toInput(fields);
    return { type: 'tool-use', at, toolUseId, name: this.#names.nameOf({ kind }), input };
  }

  #readOutput(item: object, at: string): readonly Turn[] {
    const { call_id: callId, output, status } = check(wire.callOutput, item, at);
    return this.#answer(callId, at, readContent(output, `${at}.output`, this.#notes), status === 'failed');
  }

  #readLocalShellOutput(item: object, at: string): readonly Turn[] {
    const { id, call_id: named, output } = check(wire.localShellCallOutput, item, at);
    const callId = named ?? this.#callIdsByItem.get(id ?? '') ?? id ?? '';
    return this.#answer(callId, at, readContent(output, `${at}.output`, this.#notes), false);
  }

  #readShellOutput(item: object, at: string): readonly Turn[] {
    const { call_id: callId, output } = check(wire.callOutput, item, at);
    if (!Array.isArray(output)) return this.#readOutput(item, at);
    const content = output.map((value: unknown, i) => {
      const path = `${at}.output[${i}]`;
      return { type: 'text' as const, at: path, text: JSON.stringify(check(wire.shellOutput, value, path)) };
    });
    return this.#answer(callId, at, content, false);
  }

  /** To the model, a search which was run for it is a tool call like others. What it read is in the answer after it. */
  #readWebSearchCall(item: object, at: string): readonly Turn[] {
    const { id, action } = check(wire.webSearchCall, item, at);
    if (!id || !action?.query) return this.#readForeign(item, 'web_search_call', at);
    const found = (action.sources ?? []).flatMap(({ url }) => url ?? []);
    const text = found.length === 0 ? 'What was found is in the answer.' : `Found:\n${found.join('\n')}`;
    const use = { type: 'tool-use', at, toolUseId: id, name: WEB_SEARCH_TOOL, input: { query: action.query } } as const;
    return [...this.#say('assistant', at, use), ...this.#answer(id, at, [{ type: 'text', at, text }], false)];
  }

  /** The model is told the names by which it can call what was found. */
  #readToolSearchOutput(item: object, at: string): readonly Turn[] {
    const { call_id: callId, tools } = check(wire.toolSearchOutput, item, at);
    if (!callId) return [];
    const found = tools.flatMap((tool) => this.#foundNames(tool, undefined));
    const text = found.length === 0 ? 'No tool was found.' : `These tools can be called now: ${found.join(', ')}.`;
    return this.#answer(callId, at, [{ type: 'text', at: `${at}.tools`, text }], false);
  }

  #foundNames(tool: { readonly [key: string]: unknown }, namespace: string | undefined): string[] {
    const { type, name, tools } = tool;
    if (typeof name !== 'string') return [];
    if (type === 'namespace' && Array.isArray(tools))
      return tools.flatMap((inner: { readonly [key: string]: unknown }) => this.#foundNames(inner, name));
    return [this.#names.nameOf({ kind: type === 'custom' ? 'custom' : 'function', name, namespace })];
  }

  #answer(toolUseId: string, at: string, content: ToolResultPart['content'], isError: boolean): readonly Turn[] {
    return this.#say('user', at, { type: 'tool-result', at, toolUseId, content, isError });
  }

  /** Our own carrier holds all of it; what another service encrypted is of no use here, but its summary is words. */
  #readReasoning(item: object, at: string): readonly Turn[] {
    const { summary, content, encrypted_content: encrypted } = check(wire.reasoningItem, item, at);
    const carried = openCarrier(encrypted);
    if (carried?.type === 'redacted')
      return this.#say('assistant', at, { type: 'redacted-reasoning', at, data: carried.data });
    if (carried?.type === 'reasoning') {
      const { text, signature } = carried;
      return this.#say('assistant', at, { type: 'reasoning', at, text, ...(signature ? { signature } : {}) });
    }
    const text = [...(content ?? []), ...(summary ?? [])].map((part) => part.text ?? '').join('\n\n');
    if (text.trim() !== '') return this.#say('assistant', at, { type: 'reasoning', at, text });
    if (encrypted) this.#notes.add('block-ignored', at, 'reasoning');
    return [];
  }

  #readCompaction(item: object, at: string): readonly Turn[] {
    const carried = openCarrier(check(wire.compactionItem, item, at).encrypted_content);
    if (carried?.type === 'summary')
      return this.#say('user', at, { type: 'text', at, text: summaryTurnText(carried.text) });
    this.#notes.add('block-ignored', at, 'compaction');
    return [];
  }

  #readForeign(item: object, kind: string, at: string): readonly Turn[] {
    const text = readableText({ ...item, type: kind });
    this.#notes.add(text === undefined ? 'block-ignored' : 'block-as-text', at, kind.slice(0, 64));
    const side: Side = /_(?:output|response)$/.test(kind) ? 'user' : 'assistant';
    return text === undefined ? [] : this.#say(side, at, { type: 'text', at, text });
  }
}
