/**
 * What a file is, from its bytes: the one place that decides it. Files without a signature are text, or of no known
 * kind; which kind of text is a matter of how the client declares it.
 * Sources: ISO 32000 (PDF), APPNOTE.TXT and ECMA-376 (Word, Excel), MS-CFB and MS-OFFCRYPTO (their predecessors, and
 * documents with a password); image-size.ts for images.
 */
import { type ImageFormat, imageFormat } from './image-size.ts';

export type TextFormat = 'csv' | 'html' | 'md' | 'txt';
export type BinaryDocumentFormat = 'pdf' | 'docx' | 'xlsx' | 'doc' | 'xls';
/** As which a document is sent. */
export type DocumentFormat = BinaryDocumentFormat | TextFormat;
export type FileFormat = ImageFormat | BinaryDocumentFormat | 'encrypted-office' | 'text' | 'unknown';

export const DOCUMENT_MEDIA_TYPES: Readonly<Record<DocumentFormat, string>> = {
  pdf: 'application/pdf',
  csv: 'text/csv',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  html: 'text/html',
  txt: 'text/plain',
  md: 'text/markdown',
};

export function formatOf(bytes: Buffer): FileFormat {
  const image = imageFormat(bytes.subarray(0, 64));
  if (image) return image;
  // Readers accept some bytes of rubbish before the signature.
  if (bytes.subarray(0, 1024).includes('%PDF-')) return 'pdf';
  if (bytes.subarray(0, 4).equals(ZIP)) return officeFormat(bytes);
  if (bytes.subarray(0, 8).equals(COMPOUND)) return compoundFormat(bytes);
  return looksLikeText(bytes) ? 'text' : 'unknown';
}

export function isImageFormat(format: FileFormat): format is ImageFormat {
  return format === 'png' || format === 'jpeg' || format === 'gif' || format === 'webp';
}

/** As declared by the media type, or else by the name's extension. Undefined: neither names a document format. */
export function declaredFormat(mediaType: string, name: string | undefined): DocumentFormat | undefined {
  const bare = mediaType.toLowerCase().split(';')[0]?.trim();
  const extension = /\.([a-z0-9]+)$/i.exec(name ?? '')?.[1]?.toLowerCase();
  for (const [format, known] of mediaTypes()) if (bare === known) return format;
  for (const [format] of mediaTypes()) if (extension === format) return format;
  return extension === 'htm' ? 'html' : undefined;
}

export function hasUtf16Mark(bytes: Uint8Array): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

const ZIP = Buffer.from('PK\x03\x04', 'latin1');
const COMPOUND = Buffer.from('d0cf11e0a1b11ae1', 'hex');
/** An archive's directory stands at its end and names its parts. */
const DIRECTORY_BYTES = 256 * 1024;

function officeFormat(bytes: Buffer): FileFormat {
  const directory = bytes.subarray(-DIRECTORY_BYTES);
  if (directory.includes('word/document.xml')) return 'docx';
  return directory.includes('xl/workbook.xml') ? 'xlsx' : 'unknown';
}

/** Names of streams are UTF-16. Spreadsheets have a `Workbook`, older ones a `Book`. */
function compoundFormat(bytes: Buffer): FileFormat {
  const has = (stream: string) => bytes.includes(Buffer.from(stream, 'utf16le'));
  if (has('EncryptedPackage')) return 'encrypted-office';
  if (has('WordDocument')) return 'doc';
  return has('Book\0') || has('Workbook') ? 'xls' : 'unknown';
}

function looksLikeText(bytes: Buffer): boolean {
  return hasUtf16Mark(bytes) || !bytes.subarray(0, 8192).includes(0);
}

function mediaTypes(): [DocumentFormat, string][] {
  // Object.entries returns plain strings as keys.
  return Object.entries(DOCUMENT_MEDIA_TYPES) as [DocumentFormat, string][];
}
