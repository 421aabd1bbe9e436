/** Word documents as text with headings, lists and tables; Excel workbooks as one CSV per sheet. */
import mammoth from 'mammoth';
import readWorkbook from 'read-excel-file/universal';
import { ArchiveEncrypted, ArchiveTooLarge, checkedArchive } from './archive.ts';
import { type Finding, textFinding } from './finding.ts';
import { htmlToText } from './html.ts';

export async function readWord(bytes: Uint8Array, purpose: 'check' | 'text'): Promise<Finding> {
  return catchProblems(async () => {
    const archive = checkedArchive(bytes, 'word/document.xml');
    if (purpose === 'check') return { type: 'text', text: '' };
    const { value: html } = await mammoth.convertToHtml(
      { buffer: Buffer.from(archive.buffer) },
      { externalFileAccess: false, convertImage: mammoth.images.imgElement(async () => ({ src: '' })) },
    );
    return textFinding(htmlToText(html));
  });
}

export async function readExcel(bytes: Uint8Array, purpose: 'check' | 'text'): Promise<Finding> {
  return catchProblems(async () => {
    const archive = checkedArchive(bytes, 'xl/workbook.xml');
    if (purpose === 'check') return { type: 'text', text: '' };
    const sheets = await readWorkbook(archive.buffer);
    if (sheets.every(({ data }) => data.length === 0)) return { type: 'no-text' };
    const texts = sheets.map(({ sheet, data }) => `[Sheet ${JSON.stringify(sheet)}]\n${data.map(csvRow).join('\n')}`);
    return textFinding(texts.join('\n\n'));
  });
}

async function catchProblems(read: () => Promise<Finding>): Promise<Finding> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof ArchiveEncrypted) return { type: 'encrypted' };
    if (cause instanceof ArchiveTooLarge) return { type: 'too-large', why: cause.message };
    return { type: 'broken', why: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** RFC 4180. */
function csvRow(cells: readonly unknown[]): string {
  return cells.map((cell) => csvCell(cell)).join(',');
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const isDate = value instanceof Date && !Number.isNaN(value.getTime());
  const text = isDate ? value.toISOString().replace('T00:00:00.000Z', '') : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
