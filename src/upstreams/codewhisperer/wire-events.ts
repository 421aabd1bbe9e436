/**
 * Payloads of the reply's event stream, with the wire's own spelling: the members we read, of the events we know.
 * Source: the published client @aws/codewhisperer-streaming-client (ChatResponseStream); `stopReason`, `stopDetails` and
 * `initial-response` are not in it and were reported by users of the service.
 */
import type { JsonObject } from '../../core/json.ts';

export interface EventPayloads {
  /** First frame of the JSON flavour; REST says the same in a header. */
  'initial-response': { conversationId: string };
  messageMetadataEvent: { conversationId: string; utteranceId: string };
  assistantResponseEvent: { content: string; modelId?: string };
  /** Generated code in the older chat: text like any other. */
  codeEvent: { content: string };
  /**
   * Many fragments of text, then one signature (alone or on the last); or redacted content (base64) alone. GPT models
   * send one event after their tool calls: three dots in place of the text, and the signature.
   */
  reasoningContentEvent: { text?: string; signature?: string; redactedContent?: string };
  /**
   * Id and name on every event of a call, `input` cut into fragments of one JSON text, `stop` on the last. A call without
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
  /** What the user might ask next: a suggestion, not part of the answer. */
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

/** The text of reasoning of which GPT models send only the signature, both ways. */
export const UNSENT_REASONING = '...';

export type EventKind = keyof EventPayloads;

/** The input is the sum of uncached, read from the cache and written to it. A final figure, never a difference. */
export interface TokenUsage {
  uncachedInputTokens: number;
  outputTokens: number;
  totalTokens: number;
  cacheReadInputTokens?: number;
  cacheWriteInputTokens?: number;
  contextUsagePercentage?: number;
}

/** A payload as it came: the members' names are known, what is in them is not. */
export type Untrusted<T> = { readonly [Member in keyof T]?: unknown };
