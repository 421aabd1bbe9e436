/**
 * Usage as Anthropic counts it: `input_tokens` leaves out what was read from or written to the cache, so that the three
 * add up to all the model read. Every member that the published API requires is present; one that the service does not
 * report is null. https://docs.anthropic.com/en/api/messages
 */
import type { Figure, Usage } from '../../core/usage.ts';

/** The usage of `message_delta`, which is a part of a whole message's. */
export interface DeltaUsage {
  readonly input_tokens: number;
  /** Present even if 0: several clients add them up without a check. */
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly output_tokens: number;
  readonly server_tool_use: { readonly web_search_requests: number; readonly web_fetch_requests: number } | null;
  readonly output_tokens_details: { readonly thinking_tokens: number } | null;
}

export interface WireUsage extends DeltaUsage, ServiceUsage {}

interface ServiceUsage {
  /** Tokens written to the cache, by how long they stay there. */
  readonly cache_creation: null;
  readonly inference_geo: null;
  readonly service_tier: 'standard';
  readonly speed: null;
}

/** The service has one tier. It reports neither lifetimes of the cache, nor regions, nor speeds. */
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
  const read = toCount(usage.cacheReadTokens);
  const written = toCount(usage.cacheWriteTokens);
  return {
    input_tokens: Math.max(0, toCount(usage.inputTokens) - read - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: toCount(usage.outputTokens),
    server_tool_use: usage.webSearches ? { web_search_requests: usage.webSearches, web_fetch_requests: 0 } : null,
    output_tokens_details: usage.reasoningTokens ? { thinking_tokens: toCount(usage.reasoningTokens) } : null,
  };
}

/** Before the model has said anything. Some clients add up the output counts of both events, so this one is 0. */
export function toStartUsage(inputTokens: Figure): WireUsage {
  return {
    input_tokens: toCount(inputTokens),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: 0,
    server_tool_use: null,
    output_tokens_details: null,
    ...SERVICE_USAGE,
  };
}

/** Derived figures may be fractions. */
function toCount(figure: Figure | undefined): number {
  return Math.round(figure?.value ?? 0);
}
