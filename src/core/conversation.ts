/**
 * The neutral request: what every client protocol parses into and every upstream encodes.
 *
 * Each turn, part and tool carries `at`, its path in the client's own request (`messages[3].content[1]`), so that an
 * adjustment or a refusal can name the field the client wrote. Nothing here knows a wire.
 */
import type { JsonObject, JsonValue } from './json.ts';
import type { WebSearchOption } from './web-search.ts';

export interface Conversation {
  /** The model as the client wrote it; the upstream resolves aliases. */
  readonly model: string;
  readonly system: readonly SystemPart[];
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  /** The client wants the model to search the web, and somebody else to run the searches. */
  readonly webSearch?: WebSearchOption | undefined;
  /** False: the client wants at most one tool use a reply. */
  readonly parallelToolUse: boolean;
  readonly reasoning: Reasoning;
  readonly output: OutputLimits;
  /** The client's own name of this conversation (a session id), if it sent one; the same over all its turns. */
  readonly key: string | undefined;
  /** Of a sub-agent's conversation: the client's name of the conversation that started it. */
  readonly rootKey?: string | undefined;
}

export interface SystemPart {
  readonly at: string;
  readonly text: string;
  readonly cachePoint: boolean;
}

/** A `system` turn is an instruction in the middle of the conversation (OpenAI `developer`, Anthropic `system`). */
export interface Turn {
  readonly at: string;
  readonly role: 'user' | 'assistant' | 'system';
  readonly parts: readonly Part[];
}

export type Part =
  | TextPart
  | ImagePart
  | DocumentPart
  | ReasoningPart
  | RedactedReasoningPart
  | ToolUsePart
  | ToolResultPart;

export interface TextPart {
  readonly type: 'text';
  readonly at: string;
  readonly text: string;
  readonly cachePoint?: boolean;
}

export interface ImagePart {
  readonly type: 'image';
  readonly at: string;
  /** As declared by the client (`image/png`); the bytes decide what it really is. */
  readonly mediaType: string;
  /** Standard base64, no data-URL prefix. */
  readonly data: string;
  readonly cachePoint?: boolean;
}

export interface DocumentPart {
  readonly type: 'document';
  readonly at: string;
  readonly name: string | undefined;
  readonly mediaType: string;
  readonly source:
    | { readonly type: 'base64'; readonly data: string }
    | { readonly type: 'text'; readonly text: string }
    /** Still to be fetched, and perhaps an image: the gateway sees to it before an upstream gets the conversation. */
    | { readonly type: 'url'; readonly url: string; readonly at: string };
  readonly cachePoint?: boolean;
}

export interface ReasoningPart {
  readonly type: 'reasoning';
  readonly at: string;
  readonly text: string;
  /** As the upstream signed it; absent when the client has none or it is known not to be the upstream's. */
  readonly signature?: string;
}

export interface RedactedReasoningPart {
  readonly type: 'redacted-reasoning';
  readonly at: string;
  /** Opaque, standard base64. */
  readonly data: string;
}

export interface ToolUsePart {
  readonly type: 'tool-use';
  readonly at: string;
  readonly toolUseId: string;
  readonly name: string;
  /** Parsed arguments. A string here is argument text which was no JSON: the encoder wraps and notes it. */
  readonly input: JsonValue;
  readonly cachePoint?: boolean;
}

export interface ToolResultPart {
  readonly type: 'tool-result';
  readonly at: string;
  readonly toolUseId: string;
  readonly content: readonly (TextPart | ImagePart | DocumentPart)[];
  readonly isError: boolean;
  readonly cachePoint?: boolean;
}

export interface Tool {
  readonly at: string;
  readonly name: string;
  readonly description: string;
  /** JSON Schema exactly as the client sent it, or undefined when it sent none. */
  readonly inputSchema: JsonValue | undefined;
  readonly cachePoint?: boolean;
}

export type ToolChoice =
  | { readonly type: 'auto' }
  | { readonly type: 'none' }
  | { readonly type: 'required' }
  | { readonly type: 'tool'; readonly name: string };

/** From the least to the most. */
export const REASONING_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export type ReasoningEffort = (typeof REASONING_EFFORTS)[number];

export function isReasoningEffort(word: string): word is ReasoningEffort {
  return REASONING_EFFORTS.some((effort) => effort === word);
}

/** `unset`: the client said nothing about it. */
export type Reasoning =
  | { readonly mode: 'unset' | 'off' }
  | {
      readonly mode: 'on';
      readonly effort: ReasoningEffort | undefined;
      readonly budgetTokens: number | undefined;
    };

export interface OutputLimits {
  readonly maxTokens: number | undefined;
  /** What the client calls that limit, if not `max_tokens`. */
  readonly maxTokensAt?: string;
  readonly stopSequences: readonly string[];
  /** The client's own name for that; `stop` unless it says otherwise. */
  readonly stopSequencesAt?: string;
  readonly format: OutputFormat;
}

export type OutputFormat =
  | { readonly type: 'text' }
  /** One JSON object, whatever is in it. */
  | { readonly type: 'json'; readonly at?: string }
  | {
      readonly type: 'json-schema';
      /** Path of the format in the client's request. */
      readonly at?: string;
      readonly name: string | undefined;
      readonly schema: JsonObject;
    };
