/** The vendors' web search among the tools. The gateway runs it, by the service's own search. */
import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import type { WebSearchOption } from '../../core/web-search.ts';
import { check, listOf } from '../shape.ts';
import type { Reading } from './reading.ts';

const domains = listOf(z.string()).nullish();

/** Anthropic's has its domains at its top, OpenAI's within `filters`. */
const webSearchTool = z.looseObject({
  max_uses: z.int().positive().nullish(),
  allowed_domains: domains,
  blocked_domains: domains,
  filters: z.looseObject({ allowed_domains: domains, blocked_domains: domains }).nullish(),
});

/** Throws for limits that cannot be read: a search without them would not be the one the client allows. */
export function readWebSearchTool(value: unknown, at: string): WebSearchOption {
  const { max_uses: maxUses, filters, ...tool } = check(webSearchTool, value, at);
  return {
    at,
    maxUses: maxUses ?? undefined,
    allowedDomains: tool.allowed_domains ?? filters?.allowed_domains ?? [],
    blockedDomains: tool.blocked_domains ?? filters?.blocked_domains ?? [],
    isRequired: false,
  };
}

/** Where the search looks from, and how much of the pages the model reads, is not for the client to say here. */
export function noteSearchOptions(options: JsonObject, at: string, { notes }: Reading): void {
  for (const field of ['user_location', 'search_context_size'] as const)
    if (options[field] !== undefined && options[field] !== null) notes.add('parameter-ignored', `${at}.${field}`);
}
