/** The bytes of images and files. They are carried as they came: what they really are is found out later. */
import type { DocumentPart, ImagePart } from '../../core/conversation.ts';
import { refuse } from '../shape.ts';

export type MediaPart = ImagePart | DocumentPart;

/** Bytes as base64, as a data URL or by their address, in a field that is not bound to one of the three. */
export function readBytes(
  bytes: string,
  declaredType: string | undefined,
  name: string | undefined,
  partAt: string,
  at: string,
): MediaPart {
  if (WEB_ADDRESS.test(bytes)) return linked(bytes, declaredType ?? typeByName(name), name, partAt, at);
  if (bytes.startsWith('data:')) {
    const { mediaType, data } = readDataUrl(bytes, at);
    return mediaPart(mediaType || (declaredType ?? typeByBytes(data)), data, name, partAt);
  }
  const data = readBase64(bytes, at);
  return mediaPart(declaredType?.toLowerCase() ?? typeByBytes(data), data, name, partAt);
}

/** The type that the first bytes show, for blocks that declare none. */
export function typeByBytes(base64: string): string {
  return SIGNATURES.find(([start]) => base64.startsWith(start))?.[1] ?? UNKNOWN_TYPE;
}

const UNKNOWN_TYPE = 'application/octet-stream';

/** The first bytes of each format in base64. */
const SIGNATURES: readonly (readonly [string, string])[] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
  ['JVBERi0', 'application/pdf'],
];

/** `at` is the path of the URL itself, `partAt` that of the part it belongs to. */
export function readImageUrl(url: string, partAt: string, at: string): MediaPart {
  if (WEB_ADDRESS.test(url)) return linked(url, 'image/*', undefined, partAt, at);
  const { mediaType, data } = readDataUrl(url, at);
  return mediaPart(mediaType || UNKNOWN_TYPE, data, undefined, partAt);
}

/** `fileData` is a data URL, or bare base64 whose type the file's name must tell. */
export function readFileData(fileData: string, name: string | undefined, partAt: string, at: string): MediaPart {
  if (WEB_ADDRESS.test(fileData)) return linked(fileData, typeByName(name), name, partAt, at);
  const { mediaType, data } = fileData.startsWith('data:')
    ? readDataUrl(fileData, at)
    : { mediaType: '', data: readBase64(fileData, at) };
  const isVague = mediaType === '' || mediaType === UNKNOWN_TYPE;
  return mediaPart(isVague ? typeByName(name) : mediaType, data, name, partAt);
}

const WEB_ADDRESS = /^https?:/i;

/** Fetched later, if fetching is allowed; until then nobody knows what is there. */
function linked(url: string, mediaType: string, name: string | undefined, partAt: string, at: string): DocumentPart {
  return { type: 'document', at: partAt, name, mediaType, source: { type: 'url', url, at } };
}

function mediaPart(mediaType: string, data: string, name: string | undefined, at: string): MediaPart {
  if (mediaType.startsWith('image/')) return { type: 'image', at, mediaType, data };
  return { type: 'document', at, name, mediaType, source: { type: 'base64', data } };
}

/** RFC 2397: `data:image/png;base64,…`. Only base64 ones. */
function readDataUrl(url: string, at: string): { readonly mediaType: string; readonly data: string } {
  const head = /^data:([^;,]*)((?:;[^;,]*)*),/i.exec(url.slice(0, MAX_HEAD_CHARACTERS));
  const [all = '', mediaType = '', parameters = ''] = head ?? [];
  if (!head || !/;\s*base64$/i.test(parameters))
    throw refuse(at, 'expected a data URL with base64 (data:<media type>;base64,<data>).');
  return { mediaType: mediaType.trim().toLowerCase(), data: readBase64(url.slice(all.length), at) };
}

const MAX_HEAD_CHARACTERS = 500;

/** Standard base64 with its padding, whichever of the two alphabets came. */
function readBase64(text: string, at: string): string {
  const unwrapped = /\s/.test(text) ? text.replaceAll(/\s+/g, '') : text;
  const standard = /[-_]/.test(unwrapped) ? unwrapped.replaceAll('-', '+').replaceAll('_', '/') : unwrapped;
  const bare = standard.replace(/={1,2}$/, '');
  if (bare === '' || bare.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(bare))
    throw refuse(at, 'the data is no valid base64.');
  return bare + '='.repeat((4 - (bare.length % 4)) % 4);
}

function typeByName(name: string | undefined): string {
  const extension = /\.([^.]+)$/.exec(name ?? '')?.[1]?.toLowerCase() ?? '';
  return TYPES.get(extension) ?? UNKNOWN_TYPE;
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['pdf', 'application/pdf'],
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['csv', 'text/csv'],
  ['html', 'text/html'],
  ['doc', 'application/msword'],
  ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['xls', 'application/vnd.ms-excel'],
  ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
]);
