/**
 * What a file really is, from its bytes. Signatures: ISO 32000 (PDF), APPNOTE.TXT and ECMA-376 (Word, Excel), MS-CFB
 * and MS-OFFCRYPTO (their predecessors, and documents with a password). What has no signature is text, or nothing we know.
 */
import { imageFormat } from '../../core/image-size.ts';

export type FileType = 'image' | 'pdf' | 'docx' | 'xlsx' | 'doc' | 'xls' | 'encrypted-office' | TextType | 'unknown';
export type TextType = 'csv' | 'html' | 'md' | 'txt';

export const MEDIA_TYPES: Record<Exclude<FileType, 'image' | 'encrypted-office' | 'unknown'>, string> = {
  pdf: 'application/pdf',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  doc: 'application/msword',
  xls: 'application/vnd.ms-excel',
  csv: 'text/csv',
  html: 'text/html',
  md: 'text/markdown',
  txt: 'text/plain',
};

export function fileType(bytes: Buffer, mediaType: string, name: string | undefined): FileType {
  if (imageFormat(bytes.subarray(0, 64)) !== undefined) return 'image';
  // Readers allow for some bytes of rubbish before the signature.
  if (bytes.subarray(0, 1024).includes('%PDF-')) return 'pdf';
  if (bytes.subarray(0, 4).equals(ZIP)) return officeType(bytes);
  if (bytes.subarray(0, 8).equals(COMPOUND)) return compoundType(bytes);
  if (!looksLikeText(bytes)) return 'unknown';
  return declaredText(mediaType, name);
}

/** As declared by the media type, or else by the name's extension. */
export function declaredType(mediaType: string, name: string | undefined): keyof typeof MEDIA_TYPES | undefined {
  const bare = mediaType.toLowerCase().split(';')[0]?.trim();
  const extension = /\.([a-z0-9]+)$/i.exec(name ?? '')?.[1]?.toLowerCase();
  for (const [type, known] of types()) if (bare === known) return type;
  for (const [type] of types()) if (extension === type) return type;
  return extension === 'htm' ? 'html' : undefined;
}

const ZIP = Buffer.from('PK\x03\x04', 'latin1');
const COMPOUND = Buffer.from('d0cf11e0a1b11ae1', 'hex');
/** An archive's directory stands at its end and names its parts. */
const DIRECTORY_BYTES = 256 * 1024;

function officeType(bytes: Buffer): FileType {
  const directory = bytes.subarray(-DIRECTORY_BYTES);
  if (directory.includes('word/document.xml')) return 'docx';
  return directory.includes('xl/workbook.xml') ? 'xlsx' : 'unknown';
}

/** Names of streams are UTF-16; those of spreadsheets say `Workbook`, older ones `Book`. */
function compoundType(bytes: Buffer): FileType {
  if (bytes.includes(Buffer.from('EncryptedPackage', 'utf16le'))) return 'encrypted-office';
  if (bytes.includes(Buffer.from('WordDocument', 'utf16le'))) return 'doc';
  return bytes.includes(Buffer.from('Book\0', 'utf16le')) || bytes.includes(Buffer.from('Workbook', 'utf16le'))
    ? 'xls'
    : 'unknown';
}

function looksLikeText(bytes: Buffer): boolean {
  return hasUtf16Mark(bytes) || !bytes.subarray(0, 8192).includes(0);
}

function hasUtf16Mark(bytes: Buffer): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

function declaredText(mediaType: string, name: string | undefined): TextType {
  const declared = declaredType(mediaType, name);
  return declared === 'csv' || declared === 'html' || declared === 'md' ? declared : 'txt';
}

function types(): [keyof typeof MEDIA_TYPES, string][] {
  // Object.entries forgets what the keys of MEDIA_TYPES are.
  return Object.entries(MEDIA_TYPES) as [keyof typeof MEDIA_TYPES, string][];
}

export interface DecodedText {
  readonly text: string;
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be';
}

/** Undefined: neither UTF-8 nor marked as UTF-16. Which of the older encodings it could be, nobody can tell. */
export function decodeText(bytes: Buffer): DecodedText | undefined {
  const encoding = hasUtf16Mark(bytes) ? (bytes[0] === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8';
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), encoding };
  } catch {
    return undefined;
  }
}
