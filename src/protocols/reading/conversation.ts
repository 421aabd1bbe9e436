/**
 * Turns the entries of a conversation (messages of Chat Completions and Messages, items of Responses, or a mixture)
 * into system text and turns. Each entry becomes one turn; the encoder merges, pairs and orders them.
 */
import type { Part, SystemPart, TextPart, Turn } from '../../core/conversation.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Steps } from '../../core/steps.ts';
import { refuse } from '../shape.ts';
import { isContentBlock, marked, readForeignBlock, readOllamaImages } from './content.ts';
import { itemReader } from './items.ts';
import { readParts, toToolResult, toToolUse } from './parts.ts';
import { type Reading, shortName } from './reading.ts';
import { REASONING_KEYS, readReasoningFields } from './reasoning-history.ts';
import { noteRole, roleOf } from './roles.ts';

/** An entry and its path in the client's request or in a stored response. */
export interface PlacedEntry {
  readonly entry: unknown;
  readonly at: string;
}

export interface ReadConversation {
  /** From the leading system and developer messages. */
  readonly system: readonly SystemPart[];
  readonly turns: readonly Turn[];
}

/** `listAt`: the path of the list. `system`: text from top-level fields, which precedes it. Yields after each entry. */
export function* readConversation(
  entries: readonly PlacedEntry[],
  system: readonly SystemPart[],
  listAt: string,
  reading: Reading,
): Steps<ReadConversation> {
  const reader = new EntryReader(reading, system, entries.findLastIndex(isOfUser));
  const lastOfModel = entries.findLastIndex(isOfModel);
  for (let index = 0; index < entries.length; index++) {
    const { entry, at } = entries[index] as PlacedEntry; // within its bounds
    reading.isCurrentTurn = index > lastOfModel;
    reader.read(entry, index, at);
    yield;
  }
  return reader.turns.length > 0 ? reader : withUserTurn(reader.system, listAt, reading);
}

/** Only a reference may lack both type and role. */
export function kindOf(entry: unknown): string {
  if (!isJsonObject(entry)) return typeof entry === 'string' ? 'message' : 'unknown';
  const { type, role } = entry;
  if (typeof type === 'string') return type;
  if (typeof role === 'string') return 'message';
  return 'id' in entry && !('content' in entry) ? 'item_reference' : 'unknown';
}

function isOfModel({ entry }: PlacedEntry): boolean {
  if (!isJsonObject(entry)) return false;
  const { type, role } = entry;
  if (typeof role === 'string') return roleOf(entry) === 'assistant';
  return typeof type === 'string' && (type.endsWith('_call') || type === 'reasoning');
}

function isOfUser({ entry }: PlacedEntry): boolean {
  return isJsonObject(entry) && roleOf(entry) === 'user';
}

/** The vendors accept instructions alone. The upstream needs a turn to answer, so the last instruction becomes one. */
function withUserTurn(system: readonly SystemPart[], listAt: string, { notes }: Reading): ReadConversation {
  const at = system.at(-1)?.at.replace(/\.content.*$/, '');
  if (at === undefined) throw refuse(listAt, 'must contain a turn to answer.');
  notes.add('system-as-user', at);
  const isQuestion = (part: SystemPart) => part.at === at || part.at.startsWith(`${at}.`);
  const parts = system
    .filter(isQuestion)
    .map(({ at, text, cachePoint }): TextPart => ({ type: 'text', at, text, ...(cachePoint ? { cachePoint } : {}) }));
  return { system: system.filter((part) => !isQuestion(part)), turns: [{ at, role: 'user', parts }] };
}

class EntryReader implements ReadConversation {
  readonly system: SystemPart[];
  readonly turns: Turn[] = [];
  readonly #reading: Reading;
  readonly #lastUser: number;

  constructor(reading: Reading, system: readonly SystemPart[], lastUser: number) {
    this.#reading = reading;
    this.system = [...system];
    this.#lastUser = lastUser;
  }

  read(entry: unknown, index: number, at: string): void {
    const kind = kindOf(entry);
    try {
      this.#readEntry(entry, kind, index, at);
    } catch (error) {
      if (!this.#reading.tolerates(error)) throw error;
      this.#readUnreadable(entry, kind, at);
    }
  }

  #readUnreadable(entry: unknown, kind: string, at: string): void {
    if (isJsonObject(entry)) this.#addItem(kind, at, readForeignBlock(entry, at, this.#reading));
    else this.#reading.notes.add('block-ignored', at, shortName(kind));
  }

  #readEntry(entry: unknown, kind: string, index: number, at: string): void {
    if (typeof entry === 'string') {
      this.#add('user', at, readParts(entry, at, this.#reading));
      return;
    }
    if (!isJsonObject(entry)) throw refuse(at, 'expected an object.');
    if (kind === 'message') {
      this.#readMessage(entry, index, at);
      return;
    }
    const readItem = itemReader(kind);
    if (readItem) {
      this.#addItem(kind, at, readItem(entry, at, this.#reading));
      return;
    }
    // A message may have a type, and a part may take the place of a message.
    if (typeof entry.role === 'string' || (kind === 'unknown' && 'content' in entry)) {
      this.#readMessage(entry, index, at);
      return;
    }
    const parts =
      kind === 'item_reference'
        ? readForeignBlock({ ...entry, type: kind }, at, this.#reading)
        : readParts(entry, at, this.#reading);
    this.#addItem(kind, at, parts);
  }

  #readMessage(message: JsonObject, index: number, at: string): void {
    const { role } = message;
    const knownRole = roleOf(message);
    if (typeof role !== 'string' && this.#reading.isCurrentTurn)
      throw refuse(`${at}.role`, 'a required field is missing.');
    if (knownRole === undefined) this.#reading.notes.add('role-unknown', `${at}.role`, shortName(role), 'user');
    noteRole(String(role), at, this.#reading);
    this.#reading.notes.addUnknown(message, knownRole === 'result' ? RESULT_KEYS : KNOWN_KEYS, String(role), at);
    switch (knownRole ?? 'user') {
      case 'instruction':
        this.#readInstruction(message, index, at);
        return;
      case 'assistant':
        this.#addMessage('assistant', at, markLast(this.#readAssistant(message, at), message));
        return;
      case 'result':
        this.#addMessage('user', at, this.#readResult(message, at));
        return;
      case 'user':
        this.#addMessage('user', at, markLast(this.#readUser(message, at), message));
        return;
    }
  }

  #readUser(message: JsonObject, at: string): readonly Part[] {
    const { content, parts, images } = message;
    if (content === undefined && parts === undefined && this.#reading.isCurrentTurn)
      throw refuse(`${at}.content`, 'a required field is missing.');
    const read = this.#readContent(message, at);
    return images === undefined ? read : [...read, ...readOllamaImages(images, `${at}.images`, this.#reading)];
  }

  /** Messages of Gemini and of the AI SDK's UI have `parts`. */
  #readContent({ content, parts }: JsonObject, at: string): Part[] {
    return content === undefined && Array.isArray(parts)
      ? readParts(parts, `${at}.parts`, this.#reading)
      : readParts(content, `${at}.content`, this.#reading);
  }

  /** System text before the first turn, later an instruction inside the conversation. */
  #readInstruction(message: JsonObject, index: number, at: string): void {
    if (message.clear_at === 'next_user_message' && index < this.#lastUser) {
      this.#reading.notes.add('system-message-cleared', at, 'clear_at next_user_message');
      return;
    }
    const parts = markLast(this.#readContent(message, at), message);
    if (this.turns.length > 0) {
      this.#add('system', at, parts);
      return;
    }
    const images = parts.filter((part) => part.type !== 'text');
    for (const part of parts)
      if (part.type === 'text')
        this.system.push({ at: part.at, text: part.text, cachePoint: part.cachePoint ?? false });
    this.#add('user', at, images);
  }

  #readAssistant(message: JsonObject, at: string): readonly Part[] {
    const reading = this.#reading;
    const reasoning = readReasoningFields(message, at, reading);
    const content = this.#readContent(message, at);
    const parts = reasoning.length === 0 ? content : [...reasoning, ...content];
    const { refusal, tool_calls: calls, function_call: legacy } = message;
    if (typeof refusal === 'string' && refusal !== '') parts.push({ type: 'text', at: `${at}.refusal`, text: refusal });
    if (calls !== undefined) this.#readToolCalls(listOf(calls), at, parts);
    if (isJsonObject(legacy)) {
      const call = { id: undefined, name: legacy.name, input: legacy.arguments };
      reading.spelled('openai-chat', 'function_call', `${at}.function_call`);
      parts.push(toToolUse(call, `${at}.function_call`, reading));
    }
    return parts;
  }

  /** Adds the calls that are not among the message's parts already. */
  #readToolCalls(calls: readonly unknown[], at: string, parts: Part[]): void {
    const inContent = usedIds(parts);
    for (let index = 0; index < calls.length; index++) {
      const call = calls[index];
      const path = `${at}.tool_calls[${index}]`;
      const id: unknown = isJsonObject(call) ? call.id : undefined;
      if (typeof id === 'string' && inContent?.has(id)) this.#reading.notes.add('tool-call-repeated', path);
      else {
        const part = this.#readToolCall(call, path);
        if (part) parts.push(part);
      }
    }
  }

  #readToolCall(call: unknown, at: string): Part | undefined {
    const reading = this.#reading;
    if (!isJsonObject(call)) {
      reading.notes.add('block-ignored', at, 'not an object');
      return undefined;
    }
    reading.spelled(
      call.type === 'custom' || isJsonObject(call.function) ? 'openai-chat' : 'openai-responses',
      'tool_calls',
      at,
    );
    if (isJsonObject(call.custom)) {
      const { name, input } = call.custom;
      return marked(toToolUse({ id: call.id, name, input }, at, reading, true), call);
    }
    const { name, arguments: input = call.args ?? call.input } = isJsonObject(call.function) ? call.function : call;
    return marked(toToolUse({ id: call.id, name, input }, at, reading), call);
  }

  /** Result blocks are read on their own; any other content is the result of the call that the message names. */
  #readResult(message: JsonObject, at: string): readonly Part[] {
    const reading = this.#reading;
    const { content } = message;
    const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
    if (blocks.some(isResultBlock)) return reading.asHistory(() => readParts(content, `${at}.content`, reading));
    const id = message.tool_call_id ?? message.toolCallId ?? message.tool_use_id ?? message.call_id;
    const name = message.name ?? message.toolName;
    const isError = message.is_error === true || message.isError === true || message.status === 'error';
    const result = { id, name, content, contentAt: `${at}.content`, isError };
    return [marked(toToolResult(result, at, reading), message)];
  }

  /** An empty message is still a turn; the encoder handles it. */
  #addMessage(role: Turn['role'], at: string, parts: readonly Part[]): void {
    this.turns.push({ at, role, parts });
  }

  /** A search run for the model is both a call and its result, so it becomes two turns. */
  #addItem(kind: string, at: string, parts: readonly Part[]): void {
    const results = parts.findIndex(({ type }) => type === 'tool-result');
    const split = results > 0 ? results : parts.length;
    this.#add(sideOf(kind, parts), at, parts.slice(0, split));
    this.#add('user', at, parts.slice(split));
  }

  #add(role: Turn['role'], at: string, parts: readonly Part[]): void {
    if (parts.length > 0) this.turns.push({ at, role, parts });
  }
}

function usedIds(parts: readonly Part[]): ReadonlySet<string> | undefined {
  let ids: Set<string> | undefined;
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] as Part; // within its bounds
    if (part.type !== 'tool-use') continue;
    ids ??= new Set();
    ids.add(part.toolUseId);
  }
  return ids;
}

/** Some clients send a single call without a list. */
function listOf(calls: JsonValue | undefined): readonly unknown[] {
  if (Array.isArray(calls)) return calls;
  return isJsonObject(calls) ? [calls] : [];
}

function isResultBlock(block: unknown): boolean {
  return isJsonObject(block) && (block.type === 'tool_result' || block.type === 'tool-result');
}

function sideOf(kind: string, parts: readonly Part[]): 'user' | 'assistant' {
  const [first] = parts;
  if (first?.type === 'tool-result' || kind === 'compaction') return 'user';
  if (first?.type === 'tool-use' || first?.type === 'reasoning' || first?.type === 'redacted-reasoning')
    return 'assistant';
  return isContentBlock(kind) || /_(?:output|response)$/.test(kind) ? 'user' : 'assistant';
}

/** Message keys of all dialects. `clear_at` and `output_config` are Anthropic's, on system messages. */
const KNOWN_KEYS = new Set([
  'type',
  'id',
  'status',
  'phase',
  'role',
  'content',
  'parts',
  'images',
  'refusal',
  'tool_calls',
  'function_call',
  'tool_call_id',
  'toolCallId',
  'tool_use_id',
  'call_id',
  'is_error',
  'isError',
  'cache_control',
  'clear_at',
  'output_config',
  ...REASONING_KEYS,
]);
const RESULT_KEYS = new Set([...KNOWN_KEYS, 'name', 'toolName']);

/** Moves a cache mark from the message to its last part. */
function markLast<T extends Part>(parts: readonly T[], message: JsonObject): readonly T[] {
  const last = parts.at(-1);
  if (!last || !message.cache_control || last.type.endsWith('reasoning')) return parts;
  return [...parts.slice(0, -1), { ...last, cachePoint: true }];
}
