/** Reads the vendors' web search tools. The gateway runs the search with the service's own. */
import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import type { WebSearchOption } from '../../core/web-search.ts';
import { check, listOf } from '../shape.ts';
import type { Reading } from './reading.ts';

const domains = listOf(z.string()).nullish();

/** Anthropic's tool has its domains at the top level, OpenAI's in `filters`. */
const webSearchTool = z.looseObject({
  max_uses: z.int().positive().nullish(),
  allowed_domains: domains,
  blocked_domains: domains,
  filters: z.looseObject({ allowed_domains: domains, blocked_domains: domains }).nullish(),
});

/** Throws for unreadable limits, because a search without them would exceed what the client allows. */
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

/** Notes the location and the context size, which have no effect. */
export function noteSearchOptions(options: JsonObject, at: string, { notes }: Reading): void {
  for (const field of ['user_location', 'search_context_size'] as const)
    if (options[field] !== undefined && options[field] !== null) notes.add('parameter-ignored', `${at}.${field}`);
}
