/** The bytes of images and files, which become attachments here. */
import { Attachment } from '../../core/attachment.ts';
import type { DocumentPart, ImagePart } from '../../core/conversation.ts';
import { DOCUMENT_MEDIA_TYPES, declaredFormat, isImageFormat } from '../../core/file-format.ts';
import { imageFormat } from '../../core/image-size.ts';
import { refuse } from '../shape.ts';

export type MediaPart = ImagePart | DocumentPart;

/** Reads a field that may hold base64, a data URL or a link. */
export function readBytes(
  bytes: string,
  declaredType: string | undefined,
  name: string | undefined,
  partAt: string,
  at: string,
): MediaPart {
  if (WEB_ADDRESS.test(bytes)) return linked(bytes, declaredType ?? typeByName(name), name, partAt, at);
  if (bytes.startsWith('data:')) {
    const { mediaType, attachment } = readDataUrl(bytes, at);
    return mediaPart(mediaType || (declaredType ?? typeByBytes(attachment)), attachment, name, partAt);
  }
  const attachment = readBase64(bytes, at);
  return mediaPart(declaredType?.toLowerCase() ?? typeByBytes(attachment), attachment, name, partAt);
}

/** For blocks that declare no type. */
function typeByBytes({ format }: Attachment): string {
  if (isImageFormat(format)) return `image/${format}`;
  return format === 'pdf' ? DOCUMENT_MEDIA_TYPES.pdf : UNKNOWN_TYPE;
}

const UNKNOWN_TYPE = 'application/octet-stream';

/** Whether a text may be an image in base64, by its first bytes. */
export function startsLikeImage(base64: string): boolean {
  return imageFormat(Buffer.from(base64.slice(0, 64), 'base64')) !== undefined;
}

/** `at`: the path of the URL. `partAt`: the path of its part. */
export function readImageUrl(url: string, partAt: string, at: string): MediaPart {
  if (WEB_ADDRESS.test(url)) return linked(url, 'image/*', undefined, partAt, at);
  const { mediaType, attachment } = readDataUrl(url, at);
  return mediaPart(mediaType || UNKNOWN_TYPE, attachment, undefined, partAt);
}

/** `fileData`: a data URL, or base64 whose type comes from the file name. */
export function readFileData(fileData: string, name: string | undefined, partAt: string, at: string): MediaPart {
  if (WEB_ADDRESS.test(fileData)) return linked(fileData, typeByName(name), name, partAt, at);
  const { mediaType, attachment } = fileData.startsWith('data:')
    ? readDataUrl(fileData, at)
    : { mediaType: '', attachment: readBase64(fileData, at) };
  const isVague = mediaType === '' || mediaType === UNKNOWN_TYPE;
  return mediaPart(isVague ? typeByName(name) : mediaType, attachment, name, partAt);
}

const WEB_ADDRESS = /^https?:/i;

/** Fetched later, if fetching is allowed. */
function linked(url: string, mediaType: string, name: string | undefined, partAt: string, at: string): DocumentPart {
  return { type: 'document', at: partAt, name, mediaType, source: { type: 'url', url, at } };
}

function mediaPart(mediaType: string, attachment: Attachment, name: string | undefined, at: string): MediaPart {
  if (mediaType.startsWith('image/')) return { type: 'image', at, mediaType, attachment };
  return { type: 'document', at, name, mediaType, source: { type: 'attachment', attachment } };
}

/** RFC 2397: `data:image/png;base64,…`. Only base64 ones. */
function readDataUrl(url: string, at: string): { readonly mediaType: string; readonly attachment: Attachment } {
  const head = /^data:([^;,]*)((?:;[^;,]*)*),/i.exec(url.slice(0, MAX_HEAD_CHARACTERS));
  const [all = '', mediaType = '', parameters = ''] = head ?? [];
  if (!head || !/;\s*base64$/i.test(parameters))
    throw refuse(at, 'expected a data URL with base64 (data:<media type>;base64,<data>).');
  return { mediaType: mediaType.trim().toLowerCase(), attachment: readBase64(url.slice(all.length), at) };
}

const MAX_HEAD_CHARACTERS = 500;

function readBase64(text: string, at: string): Attachment {
  const attachment = Attachment.fromBase64(text);
  if (!attachment) throw refuse(at, 'the data is not valid base64.');
  return attachment;
}

function typeByName(name: string | undefined): string {
  const format = declaredFormat('', name);
  if (format) return DOCUMENT_MEDIA_TYPES[format];
  return IMAGE_TYPES.get(/\.([^.]+)$/.exec(name ?? '')?.[1]?.toLowerCase() ?? '') ?? UNKNOWN_TYPE;
}

const IMAGE_TYPES: ReadonlyMap<string, string> = new Map([
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
]);
