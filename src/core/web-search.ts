/**
 * A web search which the gateway runs for the model, because the client asked for its vendor's own. To the model it is a
 * tool like any other; to the client it is a block of the reply, which comes back in later requests as what it was.
 */
import { isoTime } from './times.ts';

export interface WebSearchOption {
  /** Where the client asked for it. */
  readonly at: string;
  /** Most searches in one reply; undefined: the client sets no limit. */
  readonly maxUses: number | undefined;
  /** Results from these domains and their subdomains alone; empty: from anywhere. */
  readonly allowedDomains: readonly string[];
  readonly blockedDomains: readonly string[];
  /** The client wants a search in any case. */
  readonly isRequired: boolean;
}

export interface WebResult {
  readonly url: string;
  readonly title: string;
  readonly snippet: string | undefined;
  readonly publishedAtMs: number | undefined;
}

export type WebSearchOutcome =
  | { readonly type: 'found'; readonly results: readonly WebResult[] }
  | { readonly type: 'failed'; readonly reason: WebSearchFailure };

/** `bad-input`: the model's call had no query. */
export type WebSearchFailure = 'unavailable' | 'throttled' | 'max-uses' | 'bad-input';

/** A place in the reply's text which names a page that a search has found. */
export interface Citation {
  readonly url: string;
  readonly title: string;
  /** What the search said of the page. */
  readonly citedText: string;
  /** Unicode characters from the beginning of its text block, and to its end. */
  readonly start: number;
  readonly end: number;
}

/** The name under which the model knows it, unless the client has a tool of that name. */
export const WEB_SEARCH_TOOL = 'web_search';

/**
 * What the model reads of a search. The same for the same outcome, whether the search was run just now or the client
 * sends it back in a later request: what was sent once must not change.
 */
export function searchResultText(outcome: WebSearchOutcome): string {
  if (outcome.type === 'failed') return FAILURES[outcome.reason];
  if (outcome.results.length === 0) return 'The search found nothing.';
  const found = outcome.results.map(({ title, url, snippet, publishedAtMs }, index) => {
    const date = publishedAtMs === undefined ? '' : ` (${isoTime(publishedAtMs).slice(0, 10)})`;
    return `${index + 1}. ${title}${date}\n${url}${snippet === undefined ? '' : `\n${snippet}`}`;
  });
  return `${found.join('\n\n')}\n\nWhere the answer uses a result, name it as a Markdown link: [title](url).`;
}

const FAILURES: Record<WebSearchFailure, string> = {
  unavailable: 'The search is not available at the moment. Answer without it, and say so.',
  throttled: 'There were too many searches just now. Answer without this one, and say so.',
  'max-uses': 'No more searches are allowed for this answer. Answer with what there is.',
  'bad-input': 'The search needs a query: {"query":"…"}.',
};
