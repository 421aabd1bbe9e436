/**
 * The neutral request: what every client protocol parses into and every upstream encodes.
 *
 * Each turn, part and tool carries `at`, its path in the client's own request (`messages[3].content[1]`), so that an
 * adjustment or an error can name the client's field. Nothing here depends on a wire format.
 */
import type { Attachment } from './attachment.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { WebSearchOption } from './web-search.ts';

export interface Conversation {
  /** The model as the client wrote it; the upstream resolves aliases. */
  readonly model: string;
  readonly system: readonly SystemPart[];
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  /** Set if the model may search the web and the client does not run the searches itself. */
  readonly webSearch?: WebSearchOption | undefined;
  /** False: at most one tool use per reply. */
  readonly parallelToolUse: boolean;
  readonly reasoning: Reasoning;
  readonly output: OutputLimits;
  /** The client's own name of this conversation (a session id), if it sent one; the same over all its turns. */
  readonly key: string | undefined;
  /** For a sub-agent's conversation: the client's id of the parent conversation. */
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
  /** As declared by the client (`image/png`); the attachment's format is the actual one. */
  readonly mediaType: string;
  readonly attachment: Attachment;
  readonly cachePoint?: boolean;
}

export interface DocumentPart {
  readonly type: 'document';
  readonly at: string;
  readonly name: string | undefined;
  readonly mediaType: string;
  readonly source:
    | { readonly type: 'attachment'; readonly attachment: Attachment }
    | { readonly type: 'text'; readonly text: string }
    /** Not fetched yet, and possibly an image: the gateway resolves it before the upstream gets the conversation. */
    | { readonly type: 'url'; readonly url: string; readonly at: string };
  readonly cachePoint?: boolean;
}

export interface ReasoningPart {
  readonly type: 'reasoning';
  readonly at: string;
  readonly text: string;
  /** The upstream's signature; absent if the client sent none or a foreign one. */
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
  /** Parsed arguments. A string is argument text that was not valid JSON: the encoder wraps it and records an adjustment. */
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

/** In ascending order. */
export const REASONING_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export type ReasoningEffort = (typeof REASONING_EFFORTS)[number];

export function isReasoningEffort(word: string): word is ReasoningEffort {
  return REASONING_EFFORTS.some((effort) => effort === word);
}

/** `unset`: the request does not mention reasoning. */
export type Reasoning =
  | { readonly mode: 'unset' | 'off' }
  | {
      readonly mode: 'on';
      readonly effort: ReasoningEffort | undefined;
      readonly budgetTokens: number | undefined;
    };

export interface OutputLimits {
  readonly maxTokens: number | undefined;
  /** The client's field name for that limit, if not `max_tokens`. */
  readonly maxTokensAt?: string;
  readonly stopSequences: readonly string[];
  /** The client's field name for the stop sequences, if not `stop`. */
  readonly stopSequencesAt?: string;
  readonly format: OutputFormat;
}

export type OutputFormat =
  | { readonly type: 'text' }
  /** One JSON object of any shape. */
  | { readonly type: 'json'; readonly at?: string }
  | {
      readonly type: 'json-schema';
      /** Path of the format in the client's request. */
      readonly at?: string;
      readonly name: string | undefined;
      readonly schema: JsonObject;
    };
