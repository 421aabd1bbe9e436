/**
 * One document: what it really is, whether it is whole, and whether it goes as it is or as its text. Depends on the
 * document, the model and the wire profile alone, so that it goes the same way turn after turn.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import type { DocumentPart, ImagePart } from '../../core/conversation.ts';
import { GatewayError } from '../../core/errors.ts';
import { imageFormat, imageHead } from '../../core/image-size.ts';
import type { DocumentFormat, ReadDocument } from '../ports.ts';
import { declaredType, decodeText, type FileType, fileType, MEDIA_TYPES, type TextType } from './file-type.ts';
import { note } from './rules.ts';

export interface DocumentScope {
  readonly read: ReadDocument;
  /** Most bytes of a document which goes as it is; undefined: none does. */
  readonly nativeBytes: number | undefined;
  readonly notes: Adjustment[];
}

type Base64Document = DocumentPart & { readonly source: { readonly type: 'base64' } };

/** Throws GatewayError `invalid_request` naming the part. An image in disguise comes back as an image. */
export async function settleDocument(part: DocumentPart, scope: DocumentScope): Promise<DocumentPart | ImagePart> {
  if (!isBase64(part)) return part;
  const bytes = Buffer.from(part.source.data, 'base64');
  const type = fileType(bytes, part.mediaType, part.name);
  switch (type) {
    case 'image':
      return asImage(part, scope);
    case 'encrypted-office':
      throw refuse(part, 'encrypted', 'The document specified is password protected. Send it without its password.');
    case 'unknown':
      throw refuseUnknown(part);
    case 'pdf':
    case 'docx':
    case 'xlsx':
      return settleReadable(part, bytes, type, scope);
    case 'doc':
    case 'xls':
      return settleOld(part, bytes, type, scope);
    default:
      return settleText(part, bytes, type, scope);
  }
}

function isBase64(part: DocumentPart): part is Base64Document {
  return part.source.type === 'base64';
}

function asImage({ at, source, mediaType, cachePoint }: Base64Document, { notes }: DocumentScope): ImagePart {
  const found = `image/${imageFormat(imageHead(source.data))}`;
  if (mediaType !== found && !mediaType.endsWith('/*')) notes.push(note('attachment-type', at, mediaType, found));
  return { type: 'image', at, mediaType: found, data: source.data, ...(cachePoint ? { cachePoint } : {}) };
}

async function settleReadable(
  part: Base64Document,
  bytes: Buffer,
  type: Exclude<DocumentFormat, 'html'>,
  scope: DocumentScope,
): Promise<DocumentPart> {
  const { at } = part;
  if (scope.nativeBytes !== undefined && bytes.length <= scope.nativeBytes) {
    await scope.read({ bytes, format: type, at }, 'check');
    return typed(part, type, scope);
  }
  const text = await scope.read({ bytes, format: type, at }, 'text');
  scope.notes.push(note('document-extracted', at, type, `${text.length} characters`));
  return { ...part, mediaType: MEDIA_TYPES[type], source: { type: 'text', text } };
}

/** Word and Excel files from before 2007: only the service itself can read them. */
function settleOld(part: Base64Document, bytes: Buffer, type: 'doc' | 'xls', scope: DocumentScope): DocumentPart {
  if (scope.nativeBytes !== undefined && bytes.length <= scope.nativeBytes) return typed(part, type, scope);
  const what = type.toUpperCase();
  throw refuse(
    part,
    'format',
    `This model does not support ${what} input. Save the document as .${type}x and send that.`,
  );
}

async function settleText(
  part: Base64Document,
  bytes: Buffer,
  type: TextType,
  scope: DocumentScope,
): Promise<DocumentPart> {
  const declared = declaredType(part.mediaType, part.name);
  if (declared !== undefined && BINARY.has(declared)) throw refuseUnknown(part);
  const decoded = decodeText(bytes);
  if (!decoded) {
    const message = `The document is declared as ${part.mediaType} but is no UTF-8 text. Save it as UTF-8 and send that.`;
    throw refuse(part, 'format', message);
  }
  const { text, encoding } = decoded;
  if (encoding !== 'utf-8') scope.notes.push(note('document-encoding', part.at, encoding, 'utf-8'));
  const utf8 = encoding === 'utf-8' ? bytes : Buffer.from(text);
  // Program text and the like have types of their own, for which the service has no word.
  if (declared !== undefined && scope.nativeBytes !== undefined && utf8.length <= scope.nativeBytes) {
    const data = encoding === 'utf-8' ? part.source.data : utf8.toString('base64');
    return typed({ ...part, source: { type: 'base64', data } }, type, scope);
  }
  if (type !== 'html') return { ...part, source: { type: 'text', text } };
  const words = await scope.read({ bytes: utf8, format: type, at: part.at }, 'text');
  scope.notes.push(note('document-extracted', part.at, type, `${words.length} characters`));
  return { ...part, source: { type: 'text', text: words } };
}

const BINARY: ReadonlySet<FileType> = new Set<FileType>(['pdf', 'docx', 'xlsx', 'doc', 'xls']);

function typed(part: Base64Document, type: keyof typeof MEDIA_TYPES, { notes }: DocumentScope): DocumentPart {
  const mediaType = MEDIA_TYPES[type];
  if (mediaType === part.mediaType) return part;
  const declared = declaredType(part.mediaType, undefined);
  if (declared !== undefined && declared !== type)
    notes.push(note('attachment-type', part.at, part.mediaType, mediaType));
  return { ...part, mediaType };
}

function refuseUnknown(part: DocumentPart): GatewayError {
  const declared = declaredType(part.mediaType, part.name);
  if (declared === 'pdf')
    return refuse(part, 'broken', 'The PDF specified was not valid: it does not begin as a PDF does.');
  if (declared !== undefined && BINARY.has(declared))
    return refuse(
      part,
      'broken',
      `The document specified was not valid: it does not begin as a .${declared} file does.`,
    );
  const message = `Documents of type ${part.mediaType} are not supported. Send a PDF, .docx, .xlsx, CSV, HTML, Markdown or text.`;
  return refuse(part, 'format', message);
}

function refuse({ at }: DocumentPart, why: string, message: string): GatewayError {
  return new GatewayError('invalid_request', `${at}: ${message}`, { param: at, rule: `document-${why}` });
}
