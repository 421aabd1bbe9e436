/** Lint rules on images and documents: number, size and format. */
import { Attachment } from '../../../core/attachment.ts';
import type { DocumentPart, ImagePart } from '../../../core/conversation.ts';
import { DOCUMENT_MEDIA_TYPES } from '../../../core/file-format.ts';
import type { DocumentBlock, ImageBlock } from '../wire.ts';
import type { LintInput } from './rules.ts';

const DOCUMENT_FORMATS: ReadonlySet<string> = new Set(Object.keys(DOCUMENT_MEDIA_TYPES));
const DOCUMENT_NAME = /^[a-zA-Z0-9()[\] -]{1,200}$/;

export function lintMedia(input: LintInput): void {
  const names = new Set<string>();
  for (const [index, message] of input.messages.entries()) {
    if (!('userInputMessage' in message)) continue;
    const { images = [], documents = [] } = message.userInputMessage;
    if (images.length > 0) lintImages(images, index, input);
    if (documents.length > 0) lintDocuments(documents, index, names, input);
  }
}

function lintImages(images: readonly ImageBlock[], index: number, input: LintInput): void {
  const { profile, report } = input;
  const { imagesPerMessage, imageBytes, imagePixels } = profile.limits;
  if (images.length > imagesPerMessage) {
    const message = `A message has ${images.length} images; the maximum is ${imagesPerMessage}.`;
    report('images-count', message, pathOf(input, index, 'image', 0));
  }
  for (const [number, { format, source }] of images.entries()) {
    const at = pathOf(input, index, 'image', number);
    const attachment = attachmentOf(input, index, 'image', number, source.bytes);
    if (attachment?.format !== format) {
      report('image-format', `An image is declared as ${format}, but its bytes have another format.`, at);
    }
    const { width, height } = attachment?.pixels ?? { width: 0, height: 0 };
    if (Math.max(width, height) > imagePixels) {
      const message = `The image has ${width} × ${height} pixels; the maximum is ${imagePixels} on either side.`;
      report('image-dimensions', `${message} Scale it down.`, at);
    }
    const size = attachment?.size ?? source.bytes.length;
    if (size > imageBytes) report('image-bytes', tooLarge('image', size, imageBytes), at);
  }
}

function lintDocuments(documents: readonly DocumentBlock[], index: number, names: Set<string>, input: LintInput): void {
  const { profile, report } = input;
  const { documentsPerMessage, documentBytes } = profile.limits;
  const first = pathOf(input, index, 'document', 0);
  if (!profile.accepts.documents)
    report('document-format', `The wire profile ${profile.id} does not accept documents.`, first);
  if (documents.length > documentsPerMessage) {
    const message = `A message has ${documents.length} documents; the maximum is ${documentsPerMessage}.`;
    report('documents-count', message, first);
  }
  for (const [number, { name, format, source }] of documents.entries()) {
    const at = pathOf(input, index, 'document', number);
    if (!DOCUMENT_FORMATS.has(format))
      report('document-format', `The service does not accept documents in the format ${format}.`, at);
    if (!DOCUMENT_NAME.test(name) || names.has(name)) {
      report('document-name', 'A document name is used twice or has characters that the service refuses.', at);
    }
    names.add(name);
    const size = attachmentOf(input, index, 'document', number, source.bytes)?.size ?? source.bytes.length;
    if (size > documentBytes) report('document-bytes', tooLarge('document', size, documentBytes), at);
  }
}

function partOf(
  { conversation }: LintInput,
  index: number,
  type: MediaPart['type'],
  number: number,
): MediaPart | undefined {
  const parts = conversation?.turns[index]?.parts.filter((part) => part.type === type);
  const part = parts?.[number];
  return part?.type === 'image' || part?.type === 'document' ? part : undefined;
}

type MediaPart = ImagePart | DocumentPart;

function pathOf(input: LintInput, index: number, type: MediaPart['type'], number: number): string | undefined {
  return partOf(input, index, type, number)?.at ?? input.conversation?.turns[index]?.at;
}

/** The attachment that the block was written from, if known: its bytes are not decoded again. */
function attachmentOf(
  input: LintInput,
  index: number,
  type: MediaPart['type'],
  number: number,
  base64: string,
): Attachment | undefined {
  const part = partOf(input, index, type, number);
  const source = part?.type === 'document' ? part.source : part;
  const known = source && 'attachment' in source ? source.attachment : undefined;
  return known?.base64 === base64 ? known : Attachment.fromBase64(base64);
}

function tooLarge(what: string, size: number, most: number): string {
  return `The ${what} has ${size} bytes; the maximum is ${most}. Make it smaller.`;
}
