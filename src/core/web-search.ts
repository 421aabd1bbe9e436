/**
 * A web search that the gateway runs because the client requested its vendor's own. To the model it is a
 * regular tool; to the client it is a block of the reply, sent back unchanged in later requests.
 */
import { isoTime } from './times.ts';

export interface WebSearchOption {
  /** Path of the option in the client's request. */
  readonly at: string;
  /** Maximum number of searches per reply; undefined for no limit. */
  readonly maxUses: number | undefined;
  /** Restricts results to these domains and their subdomains; empty for no restriction. */
  readonly allowedDomains: readonly string[];
  readonly blockedDomains: readonly string[];
  /** True if the model must search. */
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

/** A place in the reply's text that cites a search result. */
export interface Citation {
  readonly url: string;
  readonly title: string;
  /** The search result's text about the page. */
  readonly citedText: string;
  /** Offset from the start of its text block, in Unicode characters. */
  readonly start: number;
  readonly end: number;
}

/** The tool's name, unless the client has a tool of the same name. */
export const WEB_SEARCH_TOOL = 'web_search';

/** The largest time value of a JavaScript Date. */
const MAX_TIME_MS = 8.64e15;

/** A time of publication in milliseconds since 1970, undefined unless it is a number that a Date can hold. */
export function publicationTime(value: unknown): number | undefined {
  return typeof value === 'number' && Math.abs(value) <= MAX_TIME_MS ? value : undefined;
}

/**
 * The search result as the model reads it. Equal outcomes give equal text, whether the search just ran or the client
 * sent it back in a later request, so that the prompt prefix stays the same.
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
