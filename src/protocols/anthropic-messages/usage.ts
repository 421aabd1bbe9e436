/**
 * Usage as Anthropic counts it: `input_tokens` leaves out what was read from or written to the cache, so that the three
 * add up to all the model read.
 */
import type { Figure, Usage } from '../../core/usage.ts';

export interface WireUsage {
  readonly input_tokens: number;
  /** Present even if 0: several clients add them up unasked. */
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly output_tokens: number;
  readonly server_tool_use?: { readonly web_search_requests: number; readonly web_fetch_requests: number };
  readonly output_tokens_details?: { readonly thinking_tokens: number };
}

export function toWireUsage(usage: Usage): WireUsage {
  const read = toCount(usage.cacheReadTokens);
  const written = toCount(usage.cacheWriteTokens);
  return {
    input_tokens: Math.max(0, toCount(usage.inputTokens) - read - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: toCount(usage.outputTokens),
    ...(usage.webSearches && {
      server_tool_use: { web_search_requests: usage.webSearches, web_fetch_requests: 0 },
    }),
    ...(usage.reasoningTokens && { output_tokens_details: { thinking_tokens: toCount(usage.reasoningTokens) } }),
  };
}

/** Before the model has said anything. Some clients add up the output counts of both events, so this one is 0. */
export function toStartUsage(inputTokens: Figure): WireUsage {
  return {
    input_tokens: toCount(inputTokens),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: 0,
  };
}

/** Derived figures may be fractions. */
function toCount(figure: Figure | undefined): number {
  return Math.round(figure?.value ?? 0);
}
