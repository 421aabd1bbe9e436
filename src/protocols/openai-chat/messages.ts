/** `messages` to system text and turns. Merging, pairing and order are the encoder's: each message is one turn here. */
import type { z } from 'zod';
import type { Part, SystemPart, ToolResultPart, ToolUsePart, Turn } from '../../core/conversation.ts';
import type { JsonValue } from '../../core/json.ts';
import { unreachable } from '../../core/unreachable.ts';
import type { Notes } from '../notes.ts';
import { readArguments } from '../openai-calls.ts';
import { check, refuse } from '../shape.ts';
import { cachePoint, readContent, readTexts } from './content.ts';
import { readHistory } from './reasoning.ts';
import type { Message } from './wire.ts';
import * as wire from './wire.ts';

export interface ReadMessages {
  /** What the leading system and developer messages say. */
  readonly system: readonly SystemPart[];
  readonly turns: readonly Turn[];
}

export function readMessages(messages: readonly Message[], notes: Notes): ReadMessages {
  const reader = new MessageReader(notes);
  for (const [i, message] of messages.entries()) reader.read(message, `messages[${i}]`);
  return reader.turns.length > 0 ? reader : withAQuestion(reader.system, notes);
}

/** The vendor answers instructions alone. A conversation has to have a turn to answer: the last instruction is it. */
function withAQuestion(system: readonly SystemPart[], notes: Notes): ReadMessages {
  const at = system.at(-1)?.at.replace(/\.content.*$/, '');
  if (at === undefined) throw refuse('messages', 'there is nothing in them to answer.');
  notes.add('system-as-user', at);
  const isAsked = (part: SystemPart) => part.at.startsWith(`${at}.`);
  const parts = system.filter(isAsked).map(({ at, text, cachePoint }) => ({
    type: 'text' as const,
    at,
    text,
    ...(cachePoint ? { cachePoint } : {}),
  }));
  return { system: system.filter((part) => !isAsked(part)), turns: [{ at, role: 'user', parts }] };
}

class MessageReader implements ReadMessages {
  readonly system: SystemPart[] = [];
  readonly turns: Turn[] = [];
  readonly #notes: Notes;
  /** Ids we gave to the calls of the legacy form, which has none, by function name: the answer names only that. */
  readonly #legacyIds = new Map<string, string>();

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  read(message: Message, at: string): void {
    this.#notes.addUnknown(message, KNOWN_KEYS[message.role], message.role, at);
    const turn = this.#toTurn(message, at);
    if (turn) this.turns.push(turn);
  }

  /** Undefined when the message holds no turn of its own. */
  #toTurn(message: Message, at: string): Turn | undefined {
    const { role } = message;
    switch (role) {
      case 'system':
      case 'developer':
        return this.#readInstruction(message, at);
      case 'user':
        return { at, role: 'user', parts: this.#readUser(message, at) };
      case 'assistant':
        return { at, role: 'assistant', parts: this.#readAssistant(message, at) };
      case 'tool':
        return { at, role: 'user', parts: [this.#readToolResult(message, at)] };
      case 'function':
        return { at, role: 'user', parts: [this.#readFunctionResult(message, at)] };
      default:
        return unreachable(role);
    }
  }

  /** Before the first turn it is system text; after that an instruction in the middle of the conversation. */
  #readInstruction(message: Message, at: string): Turn | undefined {
    const texts = markLast(readTexts(message.content, `${at}.content`, message.role, this.#notes), message);
    const parts = texts.filter(({ text }) => text !== '');
    if (this.turns.length > 0) return parts.length > 0 ? { at, role: 'system', parts } : undefined;
    for (const part of parts) this.system.push({ at: part.at, text: part.text, cachePoint: part.cachePoint ?? false });
    return undefined;
  }

  #readUser(message: Message, at: string): readonly Part[] {
    const { content } = message;
    if (content === null || content === undefined) throw refuse(`${at}.content`, 'a required field is missing.');
    return markLast(readContent(content, `${at}.content`, this.#notes), message);
  }

  #readAssistant(message: Message, at: string): readonly Part[] {
    const fields = check(wire.assistantMessage, message, at);
    const texts = readTexts(message.content, `${at}.content`, 'assistant', this.#notes).filter(({ text }) => text);
    if (fields.refusal) texts.push({ type: 'text', at: `${at}.refusal`, text: fields.refusal });
    const uses = (fields.tool_calls ?? []).map((call, i) => readToolCall(call, `${at}.tool_calls[${i}]`));
    if (fields.function_call) uses.push(this.#readFunctionCall(fields.function_call, `${at}.function_call`));
    return markLast([...readHistory(message, at), ...texts, ...uses], message);
  }

  #readFunctionCall(call: { name: string; arguments?: JsonValue | undefined }, at: string): ToolUsePart {
    const toolUseId = `call_${at.replaceAll(/\W+/g, '_')}`;
    this.#legacyIds.set(call.name, toolUseId);
    return { type: 'tool-use', at, toolUseId, name: call.name, input: readArguments(call.arguments) };
  }

  #readToolResult(message: Message, at: string): ToolResultPart {
    const { tool_call_id: toolUseId } = check(wire.toolMessage, message, at);
    const content = readContent(message.content, `${at}.content`, this.#notes);
    return { type: 'tool-result', at, toolUseId, content, isError: false, ...cachePoint(message) };
  }

  #readFunctionResult(message: Message, at: string): ToolResultPart {
    const { name } = check(wire.functionMessage, message, at);
    // A result nobody asked for gets an id of its own; what becomes of orphans is decided for all protocols alike.
    const toolUseId = this.#legacyIds.get(name) ?? `call_${at.replaceAll(/\W+/g, '_')}_orphan`;
    this.#legacyIds.delete(name);
    const content = readContent(message.content, `${at}.content`, this.#notes);
    return { type: 'tool-result', at, toolUseId, content, isError: false, ...cachePoint(message) };
  }
}

const INSTRUCTION_KEYS = new Set(['role', 'content', 'cache_control']);
const KNOWN_KEYS: Record<Message['role'], ReadonlySet<string>> = {
  system: INSTRUCTION_KEYS,
  developer: INSTRUCTION_KEYS,
  user: INSTRUCTION_KEYS,
  assistant: new Set([
    ...INSTRUCTION_KEYS,
    ...Object.keys(wire.assistantMessage.shape),
    ...Object.keys(wire.assistantReasoning.shape),
  ]),
  tool: new Set([...INSTRUCTION_KEYS, 'tool_call_id']),
  function: new Set([...INSTRUCTION_KEYS, 'name']),
};

function readToolCall(call: z.output<typeof wire.toolCall>, at: string): ToolUsePart {
  const base = { type: 'tool-use', at, toolUseId: call.id, ...cachePoint(call) } as const;
  if (call.custom) return { ...base, name: call.custom.name, input: { input: call.custom.input } };
  if (!call.function) throw refuse(`${at}.function`, 'a required field is missing.');
  return { ...base, name: call.function.name, input: readArguments(call.function.arguments) };
}

/** A cache mark on the message stands after its last part. */
function markLast<T extends Part>(parts: readonly T[], message: Message): readonly T[] {
  const last = parts.at(-1);
  if (!last || !message.cache_control || last.type.endsWith('reasoning')) return parts;
  return [...parts.slice(0, -1), { ...last, cachePoint: true }];
}
