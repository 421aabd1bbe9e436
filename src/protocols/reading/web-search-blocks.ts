/**
 * Web searches in the format of the Messages API: a `server_tool_use` block and a `web_search_tool_result` block, and
 * citations in the text. https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/web-search-tool
 *
 * The API's `encrypted_content` is opaque to clients. dragoman's holds the rest of the text that the model saw, so that
 * a search sent back in a later request reads the same.
 */
import { isJsonObject, parseJsonObject } from '../../core/json.ts';
import type { TextCitation } from '../../core/reply.ts';
import {
  publicationTime,
  type WebResult,
  type WebSearchFailure,
  type WebSearchOutcome,
} from '../../core/web-search.ts';

/** Always the model: programs that call tools run only on Anthropic's servers. */
export const DIRECT_CALLER = { type: 'direct' } as const;

export function serverToolUse(id: string, input: object): object {
  return { type: 'server_tool_use', id, caller: DIRECT_CALLER, name: 'web_search', input };
}

export function searchResultBlock(searchId: string, outcome: WebSearchOutcome): object {
  const content =
    outcome.type === 'found'
      ? outcome.results.map(toWireResult)
      : { type: 'web_search_tool_result_error', error_code: ERROR_CODES[outcome.reason] };
  return { type: 'web_search_tool_result', tool_use_id: searchId, caller: DIRECT_CALLER, content };
}

const ERROR_CODES: Record<WebSearchFailure, string> = {
  unavailable: 'unavailable',
  throttled: 'too_many_requests',
  'max-uses': 'max_uses_exceeded',
  'bad-input': 'invalid_tool_input',
};

function toWireResult({ url, title, snippet, publishedAtMs }: WebResult): object {
  return {
    type: 'web_search_result',
    url,
    title,
    encrypted_content: Buffer.from(JSON.stringify({ snippet, publishedAtMs })).toString('base64'),
    page_age: publishedAtMs === undefined ? null : pageAge(publishedAtMs),
  };
}

let pageAgeFormat: Intl.DateTimeFormat | undefined;

/** `November 29, 2026`. The first format of a process loads the locales' data, 15 ms that no start should pay for. */
function pageAge(publishedAtMs: number): string {
  pageAgeFormat ??= new Intl.DateTimeFormat('en-US', { dateStyle: 'long', timeZone: 'UTC' });
  return pageAgeFormat.format(publishedAtMs);
}

export function wireCitation({ citation }: TextCitation): object {
  const { url, title, citedText } = citation;
  const index = Buffer.from(JSON.stringify({ url })).toString('base64');
  return { type: 'web_search_result_location', url, title, cited_text: citedText, encrypted_index: index };
}

/** The reverse of the above. Of searches that the vendor's servers ran, only title and URL are readable. */
export function readSearchOutcome(content: unknown): WebSearchOutcome {
  if (!Array.isArray(content)) {
    const code = isJsonObject(content) ? content.error_code : undefined;
    const known = Object.entries(ERROR_CODES).find(([, name]) => name === code)?.[0];
    // The keys of ERROR_CODES are WebSearchFailure values.
    return { type: 'failed', reason: (known ?? 'unavailable') as WebSearchFailure };
  }
  return { type: 'found', results: content.filter(isJsonObject).flatMap(readResult) };
}

function readResult({ url, title, encrypted_content: hidden }: Readonly<Record<string, unknown>>): WebResult[] {
  if (typeof url !== 'string') return [];
  const { snippet, publishedAtMs } = typeof hidden === 'string' ? openContent(hidden) : {};
  return [
    {
      url,
      title: typeof title === 'string' ? title : url,
      snippet: typeof snippet === 'string' ? snippet : undefined,
      publishedAtMs: publicationTime(publishedAtMs),
    },
  ];
}

function openContent(hidden: string): Readonly<Record<string, unknown>> {
  return parseJsonObject(Buffer.from(hidden, 'base64').toString('utf8')) ?? {};
}
