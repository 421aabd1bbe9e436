/**
 * Decides for one document whether it is valid, and whether it is sent as it is or as its text. Depends only on the
 * document, the model and the wire profile, so that the document is sent the same way in every turn.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import { Attachment } from '../../core/attachment.ts';
import type { DocumentPart, ImagePart } from '../../core/conversation.ts';
import { GatewayError } from '../../core/errors.ts';
import {
  type BinaryDocumentFormat,
  DOCUMENT_MEDIA_TYPES,
  type DocumentFormat,
  declaredFormat,
  type TextFormat,
} from '../../core/file-format.ts';
import type { ReadDocument } from '../ports.ts';
import { mediaAdjustment } from './rules.ts';
import { decodeText } from './text-encoding.ts';

export interface DocumentScope {
  readonly read: ReadDocument;
  /** Largest document that is sent as it is; undefined: documents are sent as text. */
  readonly nativeBytes: number | undefined;
  readonly adjustments: Adjustment[];
}

type FileDocument = DocumentPart & { readonly source: { readonly type: 'attachment' } };

/** Throws GatewayError `invalid_request` naming the part. Returns an image that was declared as a document as an image. */
export async function prepareDocument(part: DocumentPart, scope: DocumentScope): Promise<DocumentPart | ImagePart> {
  if (!isFile(part)) return part;
  const { format } = part.source.attachment;
  switch (format) {
    case 'png':
    case 'jpeg':
    case 'gif':
    case 'webp':
      return asImage(part, scope);
    case 'encrypted-office':
      throw refuse(part, 'encrypted', 'The document specified is password protected. Send it without its password.');
    case 'unknown':
      throw refuseUnknown(part);
    case 'pdf':
    case 'docx':
    case 'xlsx':
      return prepareReadable(part, format, scope);
    case 'doc':
    case 'xls':
      return prepareLegacy(part, format, scope);
    case 'text':
      return prepareText(part, scope);
  }
}

function isFile(part: DocumentPart): part is FileDocument {
  return part.source.type === 'attachment';
}

function asImage({ at, source, mediaType, cachePoint }: FileDocument, { adjustments }: DocumentScope): ImagePart {
  const { attachment } = source;
  const detected = `image/${attachment.format}`;
  if (mediaType !== detected && !mediaType.endsWith('/*'))
    adjustments.push(mediaAdjustment('attachment-type', at, mediaType, detected));
  return { type: 'image', at, mediaType: detected, attachment, ...(cachePoint ? { cachePoint } : {}) };
}

function fitsAsIs({ size }: Attachment, { nativeBytes }: DocumentScope): boolean {
  return nativeBytes !== undefined && size <= nativeBytes;
}

async function prepareReadable(
  part: FileDocument,
  format: 'pdf' | 'docx' | 'xlsx',
  scope: DocumentScope,
): Promise<DocumentPart> {
  const { at, source } = part;
  const { attachment } = source;
  if (fitsAsIs(attachment, scope)) {
    await scope.read({ attachment, format, at }, 'check');
    return typed(part, format, scope);
  }
  const text = await scope.read({ attachment, format, at }, 'text');
  scope.adjustments.push(mediaAdjustment('document-extracted', at, format, `${text.length} characters`));
  return { ...part, mediaType: DOCUMENT_MEDIA_TYPES[format], source: { type: 'text', text } };
}

/** Word and Excel files in the format before 2007, which only the service itself can read. */
function prepareLegacy(part: FileDocument, format: 'doc' | 'xls', scope: DocumentScope): DocumentPart {
  if (fitsAsIs(part.source.attachment, scope)) return typed(part, format, scope);
  const name = format.toUpperCase();
  throw refuse(
    part,
    'format',
    `This model does not support ${name} input. Save the document as .${format}x and send that.`,
  );
}

async function prepareText(part: FileDocument, scope: DocumentScope): Promise<DocumentPart> {
  const declared = declaredFormat(part.mediaType, part.name);
  if (isBinary(declared)) throw refuseUnknown(part);
  const decoded = decodeText(part.source.attachment.decode());
  if (!decoded) {
    const message = `The document is declared as ${part.mediaType} but is not UTF-8 text. Save it as UTF-8 and send that.`;
    throw refuse(part, 'format', message);
  }
  const { text, encoding } = decoded;
  const isUtf8 = encoding === 'utf-8';
  if (!isUtf8) scope.adjustments.push(mediaAdjustment('document-encoding', part.at, encoding, 'utf-8'));
  const attachment = isUtf8 ? part.source.attachment : Attachment.fromBytes(Buffer.from(text));
  // Source code, for example, has media types for which the service has no format.
  const format: TextFormat = declared ?? 'txt';
  if (declared !== undefined && fitsAsIs(attachment, scope))
    return typed({ ...part, source: { type: 'attachment', attachment } }, format, scope);
  if (format !== 'html') return { ...part, source: { type: 'text', text } };
  const words = await scope.read({ attachment, format, at: part.at }, 'text');
  scope.adjustments.push(mediaAdjustment('document-extracted', part.at, format, `${words.length} characters`));
  return { ...part, source: { type: 'text', text: words } };
}

function isBinary(format: DocumentFormat | undefined): format is BinaryDocumentFormat {
  return format !== undefined && format !== 'csv' && format !== 'html' && format !== 'md' && format !== 'txt';
}

function typed(part: FileDocument, format: DocumentFormat, { adjustments }: DocumentScope): DocumentPart {
  const mediaType = DOCUMENT_MEDIA_TYPES[format];
  if (mediaType === part.mediaType) return part;
  const declared = declaredFormat(part.mediaType, undefined);
  if (declared !== undefined && declared !== format)
    adjustments.push(mediaAdjustment('attachment-type', part.at, part.mediaType, mediaType));
  return { ...part, mediaType };
}

function refuseUnknown(part: DocumentPart): GatewayError {
  const declared = declaredFormat(part.mediaType, part.name);
  if (declared === 'pdf')
    return refuse(part, 'broken', 'The PDF specified was not valid: it does not start with a PDF header.');
  if (isBinary(declared))
    return refuse(part, 'broken', `The document specified was not valid: it does not start like a .${declared} file.`);
  const message = `Documents of type ${part.mediaType} are not supported. Send a PDF, .docx, .xlsx, CSV, HTML, Markdown or text.`;
  return refuse(part, 'format', message);
}

function refuse({ at }: DocumentPart, why: string, message: string): GatewayError {
  return new GatewayError('invalid_request', `${at}: ${message}`, { param: at, rule: `document-${why}` });
}
