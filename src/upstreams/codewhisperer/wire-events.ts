/**
 * Payloads of the reply's event stream in the wire's spelling: the known events, and the members read from them.
 * Source: the published client @aws/codewhisperer-streaming-client (ChatResponseStream); `stopReason`, `stopDetails` and
 * `initial-response` are not in it and were reported by users of the service.
 */
import type { JsonObject } from '../../core/json.ts';

export interface EventPayloads {
  /** First frame of the JSON flavour; REST has the same in a header. */
  'initial-response': { conversationId: string };
  messageMetadataEvent: { conversationId: string; utteranceId: string };
  assistantResponseEvent: { content: string; modelId?: string };
  /** Generated code in the older chat; treated as text. */
  codeEvent: { content: string };
  /**
   * Many fragments of text, then one signature (alone or on the last); or redacted content (base64) alone. GPT models
   * send one event after their tool calls: three dots in place of the text, and the signature.
   */
  reasoningContentEvent: { text?: string; signature?: string; redactedContent?: string };
  /**
   * Id and name on every event of a call, `input` in fragments of one JSON text, `stop` on the last. A call without
   * arguments is one event with an empty `input`, often without `stop`.
   */
  toolUseEvent: { toolUseId: string; name: string; input?: string | JsonObject; stop?: boolean };
  /** Result of a tool the service ran itself. */
  toolResultEvent: { toolResult: JsonObject };
  codeReferenceEvent: { references: readonly { licenseName?: string; repository?: string; url?: string }[] };
  supplementaryWebLinksEvent: { supplementaryWebLinks: readonly { url: string; title: string; snippet?: string }[] };
  citationEvent: { target: JsonObject; citationText?: string; citationLink: string };
  documentCitationEvent: {
    source?: string;
    title?: string;
    location?: { web?: { url?: string; domain?: string } };
    sourceContent?: readonly { text?: string }[];
  };
  /** A suggested next prompt; not part of the reply. */
  followupPromptEvent: { followupPrompt: { content: string; userIntent?: string } };
  intentsEvent: { intents: JsonObject };
  interactionComponentsEvent: { interactionComponentEntries: readonly JsonObject[] };
  metadataEvent: {
    tokenUsage?: TokenUsage;
    stopReason?: string;
    stopDetails?: { refusal?: { category?: string; explanation?: string } };
  };
  meteringEvent: { usage: number; unit?: string; unitPlural?: string };
  contextUsageEvent: { contextUsagePercentage: number };
  dryRunSucceedEvent: Record<string, never>;
  invalidStateEvent: { reason: string; message: string };
}

/** The text that stands for reasoning of which GPT models send only the signature, in both directions. */
export const UNSENT_REASONING = '...';

export type EventKind = keyof EventPayloads;

/** Input is the sum of uncached, cache-read and cache-write tokens. A total, never a difference. */
export interface TokenUsage {
  uncachedInputTokens: number;
  outputTokens: number;
  totalTokens: number;
  cacheReadInputTokens?: number;
  cacheWriteInputTokens?: number;
  contextUsagePercentage?: number;
}

/** A payload as received: member names are known, their values are unchecked. */
export type Untrusted<T> = { readonly [Member in keyof T]?: unknown };
