/** The rules of the adjustments recorded for web search, and what each means. */
import { type Adjustment, adjustment } from '../../core/adjustments.ts';

export const WEB_SEARCH_RULES = {
  'web-search-emulated': "The model was offered the service's own web search, and dragoman runs the searches for it.",
  'web-search-unavailable': 'No web search was offered: this account has none, or web search is disabled.',
  'web-search-query-shortened': 'A query was longer than the service accepts; only its beginning was searched for.',
} as const satisfies Record<string, string>;

export function webSearchAdjustment(rule: keyof typeof WEB_SEARCH_RULES, path: string): Adjustment {
  return adjustment(rule, path);
}
