/** What takes the place of each kind of value: in a capsule, in one with its text, and where two captures are compared. */
import { formatOf, isImageFormat } from '../../core/file-format.ts';
import { imageSize } from '../../core/image-size.ts';
import { blankImage } from './blank-image.ts';
import { fillerBetweenMarkers, fillerOf } from './filler.ts';
import type { Names } from './names.ts';
import { isErrorWord } from './words.ts';

export interface Replacements {
  text(text: string): string;
  /** A message of the service or the gateway. */
  message(text: string): string;
  /** Of a tool, a property, a schema, a file, a header. */
  name(name: string): string;
  id(id: string): string;
  /** A regular expression. */
  pattern(text: string): string;
  /** An unreadable text of the service, which clients return unchanged. */
  opaque(text: string): string;
  /** A file in base64. */
  file(base64: string): string;
  number(digits: string): string;
}

/** Removes everything that a user wrote or named. Lengths, forms and structure stay. */
export function redacting(names: Names): Replacements {
  return {
    text: fillerBetweenMarkers,
    message: (text) =>
      text.replaceAll(/[\p{L}\p{N}]+|[^\p{L}\p{N}]+/gu, (word) => (isErrorWord(word) ? word : fillerOf(word))),
    name: (name) => names.of(name),
    id: (id) => names.ofId(id),
    pattern: validPattern,
    opaque: (text) => names.of(text),
    file: blankFile,
    number: fillerOf,
  };
}

/** Leaves texts and names, and removes ids of accounts and persons. */
export function keepingText(names: Names): Replacements {
  const same = (text: string) => text;
  const replaced = redacting(names);
  return { ...replaced, text: same, message: same, name: same, pattern: same, opaque: same, file: same, number: same };
}

/**
 * The same for a capture and for what became of it: a redacted one, and the replay of a redacted one. Names and ids are
 * numbered as they first occur, so what matters is where the same one stands again; files are only measured.
 */
export function comparing(): Replacements {
  const numbers = new Map<string, string>();
  const numbered = (name: string): string => {
    const number = numbers.get(name) ?? `#${numbers.size + 1}`;
    numbers.set(name, number);
    return number;
  };
  return {
    text: fillerOf,
    message: fillerOf,
    name: numbered,
    id: numbered,
    pattern: validPattern,
    opaque: numbered,
    file(base64) {
      const bytes = Buffer.from(base64, 'base64');
      const { width, height } = imageSize(bytes) ?? { width: 0, height: 0 };
      return `${formatOf(bytes)} ${width}×${height}`;
    },
    number: fillerOf,
  };
}

/** The same for captures with their text. */
export function comparingWithText(): Replacements {
  const same = (text: string) => text;
  const { id } = comparing();
  return { text: same, message: same, name: same, id, pattern: same, opaque: same, file: same, number: same };
}

/** The filler between escapes; where that is not an expression, letters without syntax. */
function validPattern(text: string): string {
  const filler = text.replaceAll(/(\\[dDwWsSbBnrtfv])|[^\\]+|\\/g, (part, kept?: string) => kept ?? fillerOf(part));
  if (isPattern(filler)) return filler;
  // Quotes take as much of JSON as backslashes.
  return fillerOf(text).replaceAll(/[!-~]/g, (char) => (char === '\\' || char === '"' ? '"' : 'x'));
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u').source !== '';
  } catch {
    return false;
  }
}

function blankFile(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  const format = formatOf(bytes);
  if (isImageFormat(format) && imageSize(bytes)) return blankImage(bytes, format).toString('base64');
  if (format === 'text') return Buffer.from(fillerOf(bytes.toString('utf8'))).toString('base64');
  if (format === 'pdf') return blankPdf(bytes.length).toString('base64');
  // Only its length and what its kind is recognised by.
  const blank = Buffer.alloc(bytes.length);
  bytes.copy(blank, 0, 0, SIGNATURE_BYTES);
  return blank.toString('base64');
}

const SIGNATURE_BYTES = 8;

/** One empty page, in as many bytes if it fits. */
function blankPdf(length: number): Buffer {
  const head = '%PDF-1.4\n';
  const objects = [
    '1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n',
    '2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n',
    '3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>\nendobj\n',
  ];
  let body = head;
  let table = 'xref\n0 4\n0000000000 65535 f \n';
  for (const object of objects) {
    table += `${String(body.length).padStart(10, '0')} 00000 n \n`;
    body += object;
  }
  const end = (at: number) => `${table}trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n${at}\n%%EOF\n`;
  const padding = Math.max(0, length - body.length - end(body.length).length - 12);
  const padded = `${body}%${' '.repeat(padding)}\n`;
  return Buffer.from(padded + end(padded.length), 'latin1');
}
