/** The input of the rules for chat requests, and the definition of a rule. */
import type { JsonValue } from '../../core/json.ts';
import type {
  AssistantMessage,
  ChatMessage,
  GenerateAssistantResponseRequest,
  ToolEntry,
  ToolSpecification,
  UserMessage,
} from '../../upstreams/codewhisperer/wire.ts';
import type { SimulatedModel } from '../catalogue.ts';
import type { Flavour } from '../refusal.ts';
import type { Refusal } from '../script.ts';
import type { Signatures } from '../signatures.ts';
import type { ChatOperation } from './chat-shape.ts';

/** The service that the request targets: an older one, or KiroRuntimeService. */
export type ChatFamily = 'codewhisperer' | 'kiro';

export interface RawChat {
  readonly family: ChatFamily;
  readonly flavour: Flavour;
  readonly operation: ChatOperation;
  readonly bytes: Buffer;
  /** Undefined until the JSON rule has passed. */
  readonly body: JsonValue | undefined;
}

/** A request with a valid shape. */
export interface CheckedChat {
  readonly request: GenerateAssistantResponseRequest;
  /** History, then the current message. */
  readonly messages: readonly ChatMessage[];
  readonly current: UserMessage['userInputMessage'];
  readonly tools: readonly ToolSpecification[];
  readonly models: readonly SimulatedModel[];
  /** Undefined if the request names an unknown model. */
  readonly model: SimulatedModel | undefined;
  readonly inputTokens: number;
  readonly signatures: Signatures;
}

export interface Rule<Input> {
  readonly id: string;
  /** The rule as a sentence, for the log and the docs. */
  readonly says: string;
  readonly refusal: Refusal;
  /** Observed only on some hosts or at some times: skipped unless the simulator is strict. */
  readonly strictOnly?: true;
  /** Where the rule is violated, or undefined if it holds. */
  readonly broken: (input: Input) => string | undefined;
}

export function isUser(message: ChatMessage): message is UserMessage {
  return 'userInputMessage' in message;
}

export function isAssistant(message: ChatMessage): message is AssistantMessage {
  return 'assistantResponseMessage' in message;
}

export function toolResultsOf(message: ChatMessage | undefined) {
  return message && isUser(message) ? (message.userInputMessage.userInputMessageContext?.toolResults ?? []) : [];
}

export function toolUsesOf(message: ChatMessage | undefined) {
  return message && isAssistant(message) ? (message.assistantResponseMessage.toolUses ?? []) : [];
}

export function specificationsOf(entries: readonly ToolEntry[]): ToolSpecification[] {
  return entries.flatMap((entry) => ('toolSpecification' in entry ? entry.toolSpecification : []));
}

/** The result of `find` for the first item that has one. */
export function firstFault<T>(items: Iterable<T>, find: (item: T, index: number) => string | undefined) {
  let index = 0;
  for (const item of items) {
    const fault = find(item, index);
    if (fault !== undefined) return fault;
    index += 1;
  }
  return undefined;
}
