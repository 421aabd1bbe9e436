/** PDF documents: checks that one can be opened, and extracts the text of its pages. */
import { extractText, getDocumentProxy } from 'unpdf';
import { type Finding, textFinding } from './finding.ts';

const MAX_PAGES = 2_000;

export async function readPdf(bytes: Uint8Array, purpose: 'check' | 'text'): Promise<Finding> {
  try {
    const pdf = await getDocumentProxy(bytes, { useSystemFonts: false });
    if (pdf.numPages > MAX_PAGES)
      return { type: 'too-large', why: `it has ${pdf.numPages} pages; at most ${MAX_PAGES}` };
    if (purpose === 'check') return { type: 'text', text: '' };
    const { text: pages } = await extractText(pdf, { mergePages: false });
    if (pages.every((page) => page.trim() === '')) return { type: 'no-text' };
    return textFinding(pages.map((page, index) => `[Page ${index + 1}]\n${page.trim()}`).join('\n\n'));
  } catch (cause) {
    const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
    return name === 'PasswordException' ? { type: 'encrypted' } : { type: 'broken', why: message };
  }
}
