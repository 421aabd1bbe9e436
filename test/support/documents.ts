/** Small documents of every format, valid, broken and encrypted, built byte by byte instead of checked in. */
import { strToU8, type ZippableFile, zipSync } from 'fflate';

export interface PdfOptions {
  /** Encrypted with an unknown password. */
  readonly encrypted?: boolean;
  /** Content of every page, deflated, in place of the texts. */
  readonly pageStream?: Buffer;
}

/** One page per text. */
export function pdf(pages: readonly string[], { encrypted = false, pageStream }: PdfOptions = {}): Buffer {
  const objects: string[] = [];
  const add = (body: string): number => objects.push(body);
  const font = add('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>');
  const tree = pages.length * 2 + 2;
  const kids = pages.map((text) => {
    const drawing = text === '' ? '' : `BT /F1 12 Tf 72 720 Td (${text.replaceAll(/[()\\]/g, '\\$&')}) Tj ET`;
    const stream = pageStream?.toString('latin1') ?? drawing;
    const filter = pageStream ? '/Filter /FlateDecode ' : '';
    const content = add(`<< /Length ${stream.length} ${filter}>>\nstream\n${stream}\nendstream`);
    const resources = `/Resources << /Font << /F1 ${font} 0 R >> >>`;
    return add(`<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 612 792] ${resources} /Contents ${content} 0 R >>`);
  });
  add(`<< /Type /Pages /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] /Count ${kids.length} >>`);
  const catalog = add(`<< /Type /Catalog /Pages ${tree} 0 R >>`);
  let text = '%PDF-1.4\n';
  const offsets = objects.map((body, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${body}\nendobj\n`;
    return offset;
  });
  const start = text.length;
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const secret = `<${'ab'.repeat(32)}>`;
  const lock = `/Encrypt << /Filter /Standard /V 1 /R 2 /O ${secret} /U ${secret} /P -4 >> /ID [<01> <01>]`;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}`;
  text += `trailer\n<< /Size ${objects.length + 1} /Root ${catalog} 0 R ${encrypted ? lock : ''} >>\n`;
  return Buffer.from(`${text}startxref\n${start}\n%%EOF\n`, 'latin1');
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

function relationships(...entries: readonly (readonly [id: string, kind: string, target: string])[]): string {
  const rows = entries.map(
    ([id, kind, target]) => `<Relationship Id="${id}" Type="${OFFICE}/${kind}" Target="${target}"/>`,
  );
  return `${XML}<Relationships xmlns="${PACKAGE}/relationships">${rows.join('')}</Relationships>`;
}

export function archive(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const entries = Object.entries(files).map(([name, content]): [string, ZippableFile] => {
    const bytes = typeof content === 'string' ? strToU8(content) : content;
    // Compressing takes a table of 192 KiB for each part, even for an empty one.
    return [name, [bytes, { level: bytes.length === 0 ? 0 : 6 }]];
  });
  return Buffer.from(zipSync(Object.fromEntries(entries)));
}

/** Paragraphs, followed by a table. */
export function docx(
  paragraphs: readonly string[],
  table: readonly (readonly string[])[] = [],
  more: Readonly<Record<string, Uint8Array>> = {},
): Buffer {
  const paragraph = (text: string): string => `<w:p><w:r><w:t>${escaped(text)}</w:t></w:r></w:p>`;
  const rows = table.map((row) => `<w:tr>${row.map((cell) => `<w:tc>${paragraph(cell)}</w:tc>`).join('')}</w:tr>`);
  const body = paragraphs.map(paragraph).join('') + (rows.length > 0 ? `<w:tbl>${rows.join('')}</w:tbl>` : '');
  const main = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml';
  return archive({
    '[Content_Types].xml': `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="${main}"/></Types>`,
    '_rels/.rels': relationships(['r1', 'officeDocument', 'word/document.xml']),
    'word/document.xml': `${XML}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`,
    ...more,
  });
}

/** Sheet name → rows of texts and numbers. */
export function xlsx(sheets: Readonly<Record<string, readonly (readonly (string | number)[])[]>>): Buffer {
  const names = Object.keys(sheets);
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const cell = (value: string | number): string =>
    typeof value === 'number' ? `<c><v>${value}</v></c>` : `<c t="inlineStr"><is><t>${escaped(value)}</t></is></c>`;
  const rows = (table: readonly (readonly (string | number)[])[]): string =>
    table
      .map((row, at) => {
        const cells = row.map((value, column) => cell(value).replace('<c', `<c r="${'ABCDEFG'[column]}${at + 1}"`));
        return `<row r="${at + 1}">${cells.join('')}</row>`;
      })
      .join('');
  return archive({
    '[Content_Types].xml': `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>`,
    '_rels/.rels': relationships(['r1', 'officeDocument', 'xl/workbook.xml']),
    'xl/workbook.xml': `${XML}<workbook xmlns="${main}" xmlns:r="${OFFICE}"><sheets>${names
      .map((name, at) => `<sheet name="${escaped(name)}" sheetId="${at + 1}" r:id="s${at + 1}"/>`)
      .join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relationships(
      ...names.map((_name, at) => [`s${at + 1}`, 'worksheet', `worksheets/sheet${at + 1}.xml`] as const),
    ),
    ...Object.fromEntries(
      Object.values(sheets).map((table, at) => [
        `xl/worksheets/sheet${at + 1}.xml`,
        `${XML}<worksheet xmlns="${main}"><sheetData>${rows(table)}</sheetData></worksheet>`,
      ]),
    ),
  });
}

/** A password-protected Office document: MS-OFFCRYPTO's streams in a compound file, as far as the reader checks them. */
export function encryptedOffice(): Buffer {
  const magic = Buffer.from('d0cf11e0a1b11ae1', 'hex');
  const directory = Buffer.from('EncryptionInfo\0EncryptedPackage\0', 'utf16le');
  return Buffer.concat([magic, Buffer.alloc(1016), directory, Buffer.alloc(448)]);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
