/** Where a text names pages which a search has found: as the Markdown links it was asked for, or by the bare address. */
import type { Citation, WebResult } from '../../core/web-search.ts';

/** In the order of the text. */
export function citationsIn(text: string, results: ReadonlyMap<string, WebResult>): readonly Citation[] {
  const found: { readonly from: number; readonly to: number; readonly result: WebResult }[] = [];
  for (const result of results.values()) {
    const { url } = result;
    for (let at = text.indexOf(url); at >= 0; at = text.indexOf(url, at + url.length)) {
      // A longer address begins with this one.
      if (/^[\w/%#?&=~-]/.test(text.slice(at + url.length))) continue;
      found.push({ ...linkAround(text, at, at + url.length), result });
    }
  }
  found.sort((a, b) => a.from - b.from);
  return found.map(({ from, to, result: { url, title, snippet = '' } }) => {
    const start = characters(text.slice(0, from));
    return { url, title, citedText: excerpt(snippet), start, end: start + characters(text.slice(from, to)) };
  });
}

/** `[words](address)`, if the address stands in one. */
function linkAround(text: string, from: number, to: number): { readonly from: number; readonly to: number } {
  const bracket = text.lastIndexOf('[', from);
  const isLink = bracket >= 0 && text.slice(0, from).endsWith('](') && text.startsWith(')', to);
  if (!isLink || text.slice(bracket, from).includes('\n')) return { from, to };
  return { from: bracket, to: to + 1 };
}

/** Unicode characters; UTF-16 counts those beyond the first plane twice. */
export function characters(text: string): number {
  let count = 0;
  for (const _character of text) count += 1;
  return count;
}

/** As much as Anthropic's API quotes. */
const EXCERPT_CHARACTERS = 150;

function excerpt(snippet: string): string {
  return [...snippet].slice(0, EXCERPT_CHARACTERS).join('');
}
