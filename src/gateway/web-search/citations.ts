/** Finds citations in a text: Markdown links to pages that a search has found, or their bare URLs. */
import type { Citation, WebResult } from '../../core/web-search.ts';

/** In the order of the text. */
export function citationsIn(text: string, results: ReadonlyMap<string, WebResult>): readonly Citation[] {
  const citations: { readonly from: number; readonly to: number; readonly result: WebResult }[] = [];
  for (const result of results.values()) {
    const { url } = result;
    for (let at = text.indexOf(url); at >= 0; at = text.indexOf(url, at + url.length)) {
      // This is only the beginning of a longer URL.
      if (/^[\w/%#?&=~-]/.test(text.slice(at + url.length))) continue;
      citations.push({ ...linkAround(text, at, at + url.length), result });
    }
  }
  citations.sort((a, b) => a.from - b.from);
  return citations.map(({ from, to, result: { url, title, snippet = '' } }) => {
    const start = characters(text.slice(0, from));
    return { url, title, citedText: excerpt(snippet), start, end: start + characters(text.slice(from, to)) };
  });
}

/** The span of the Markdown link `[text](url)` around the URL, or of the URL itself if it is not in a link. */
function linkAround(text: string, from: number, to: number): { readonly from: number; readonly to: number } {
  const bracket = text.lastIndexOf('[', from);
  const isLink = bracket >= 0 && text.slice(0, from).endsWith('](') && text.startsWith(')', to);
  if (!isLink || text.slice(bracket, from).includes('\n')) return { from, to };
  return { from: bracket, to: to + 1 };
}

/** Number of Unicode code points: `length` counts those outside the basic plane twice. */
export function characters(text: string): number {
  let count = 0;
  for (const _character of text) count += 1;
  return count;
}

/** The same length as in Anthropic's API. */
const EXCERPT_CHARACTERS = 150;

function excerpt(snippet: string): string {
  return [...snippet].slice(0, EXCERPT_CHARACTERS).join('');
}
