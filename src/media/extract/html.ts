/** HTML as the text that a reader sees: without markup and scripts, with table columns and link addresses. */
import { convert } from 'html-to-text';
import { MAX_TEXT_CHARACTERS } from './finding.ts';

export function htmlToText(html: string): string {
  return convert(html, {
    wordwrap: false,
    selectors: [
      { selector: 'img', format: 'skip' },
      { selector: 'svg', format: 'skip' },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
      { selector: 'table', format: 'dataTable', options: { uppercaseHeaderCells: false, maxColumnWidth: 200 } },
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true, ignoreHref: false, noAnchorUrl: true } },
    ],
    limits: { maxInputLength: 4 * MAX_TEXT_CHARACTERS, maxDepth: 200 },
  });
}
