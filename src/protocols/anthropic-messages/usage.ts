/**
 * Usage as Anthropic counts it: `input_tokens` excludes tokens read from or written to the cache, so that the three add
 * up to the model's whole input. Every member that the published API requires is present, with null for values that the
 * service does not report. https://docs.anthropic.com/en/api/messages
 */
import type { Figure, Usage } from '../../core/usage.ts';

/** The usage in `message_delta`, a subset of a complete message's. */
export interface DeltaUsage {
  readonly input_tokens: number;
  /** Present even if 0, because several clients add them up without a check. */
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly output_tokens: number;
  readonly server_tool_use: { readonly web_search_requests: number; readonly web_fetch_requests: number } | null;
  readonly output_tokens_details: { readonly thinking_tokens: number } | null;
}

export interface WireUsage extends DeltaUsage, ServiceUsage {}

interface ServiceUsage {
  /** Tokens written to the cache, by lifetime. */
  readonly cache_creation: null;
  readonly inference_geo: null;
  readonly service_tier: 'standard';
  readonly speed: null;
}

/** The service has one tier and does not report cache lifetimes, regions or speeds. */
const SERVICE_USAGE: ServiceUsage = {
  cache_creation: null,
  inference_geo: null,
  service_tier: 'standard',
  speed: null,
};

export function toWireUsage(usage: Usage): WireUsage {
  return { ...toDeltaUsage(usage), ...SERVICE_USAGE };
}

export function toDeltaUsage(usage: Usage): DeltaUsage {
  const cacheRead = toCount(usage.cacheReadTokens);
  const cacheWrite = toCount(usage.cacheWriteTokens);
  return {
    input_tokens: Math.max(0, toCount(usage.inputTokens) - cacheRead - cacheWrite),
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    output_tokens: toCount(usage.outputTokens),
    server_tool_use: usage.webSearches ? { web_search_requests: usage.webSearches, web_fetch_requests: 0 } : null,
    output_tokens_details: usage.reasoningTokens ? { thinking_tokens: toCount(usage.reasoningTokens) } : null,
  };
}

/** Usage before the first output. Some clients add up the output counts of both events, so this one is 0. */
export const START_USAGE: WireUsage = {
  input_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 0,
  server_tool_use: null,
  output_tokens_details: null,
  ...SERVICE_USAGE,
};

/** Derived figures may be fractions. */
export function toCount(figure: Figure | undefined): number {
  return Math.round(figure?.value ?? 0);
}
