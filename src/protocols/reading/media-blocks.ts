/** Reads images and files in the blocks of every dialect. Throws `invalid_request` for a block without usable bytes. */
import type { TextPart } from '../../core/conversation.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Notes } from '../notes.ts';
import { refuse, refuseUnsupported } from '../shape.ts';
import { type MediaPart, readBytes, readFileData, readImageUrl } from './media.ts';
import type { Dialect } from './reading.ts';

/** Reads OpenAI's `image_url`: an object with the URL in Chat Completions, a string in Responses and many clients. */
export function readImageUrlBlock(block: JsonObject, at: string, notes: Notes): MediaPart {
  const { image_url: image } = block;
  if (typeof image === 'string' && image !== '') return readImageUrl(image, at, `${at}.image_url`);
  if (isJsonObject(image)) {
    if (image.detail !== 'auto') notes.addUnknown(image, IMAGE_URL_KEYS, 'image_url', `${at}.image_url`);
    return readImageUrl(textOf(image, 'url', `${at}.image_url.url`), at, `${at}.image_url.url`);
  }
  if (typeof block.file_id === 'string' && block.file_id !== '') throw noFileStore(`${at}.file_id`, 'image_url');
  if (typeof block.url === 'string') return readImageUrl(block.url, at, `${at}.url`);
  throw refuse(`${at}.image_url`, MISSING);
}

const IMAGE_URL_KEYS = new Set(['url']);

/** Reads `input_image`, and the screenshot in the output of a computer call. */
export function readInputImage(block: JsonObject, at: string, notes: Notes): MediaPart {
  // `auto` and `original` are the default behaviour.
  const { detail } = block;
  if (detail === 'low' || detail === 'high') notes.add('parameter-ignored', `${at}.detail`, detail);
  return readImageUrlBlock(block, at, notes);
}

/** The dialect of an `image` block, by the field with the bytes. */
export function dialectOfImage(block: JsonObject): Dialect {
  if (isJsonObject(block.source)) return 'anthropic';
  if (typeof block.data === 'string') return 'mcp';
  return block.image === undefined ? 'openai-chat' : 'ai-sdk';
}

export function readImageBlock(block: JsonObject, at: string, notes: Notes): MediaPart {
  const { source, data, image } = block;
  if (isJsonObject(source)) return readSource(source, undefined, at, `${at}.source`, 'image/*');
  const type = declaredType(block);
  if (typeof source === 'string') return readBytes(source, type, undefined, at, `${at}.source`);
  if (typeof data === 'string') return readBytes(data, type, undefined, at, `${at}.data`);
  if (typeof image === 'string') return readBytes(image, type, undefined, at, `${at}.image`);
  if (isJsonObject(image)) return readImageObject(image, at, `${at}.image`);
  if (block.image_url !== undefined || block.url !== undefined) return readImageUrlBlock(block, at, notes);
  throw refuse(`${at}.source`, MISSING);
}

function readImageObject(image: JsonObject, partAt: string, at: string): MediaPart {
  for (const key of ['url', 'data', 'base64', 'bytes'] as const) {
    const bytes = image[key];
    if (typeof bytes === 'string') return readBytes(bytes, declaredType(image), undefined, partAt, `${at}.${key}`);
  }
  throw refuse(`${at}.url`, MISSING);
}

/** Reads the `source` of Anthropic's images and documents: bytes or a link. */
export function readSource(
  source: JsonObject,
  name: string | undefined,
  partAt: string,
  at: string,
  linkedType: 'image/*' | 'application/*',
): MediaPart {
  const { type } = source;
  const isLinked = type === 'url' || (type === undefined && source.data === undefined);
  if (isLinked) return readSourceUrl(textOf(source, 'url', `${at}.url`), name, partAt, `${at}.url`, linkedType);
  if (type !== undefined && type !== 'base64') {
    const kind = linkedType === 'image/*' ? 'image' : 'document';
    throw refuseUnsupported(
      at,
      `${kind} sources of type "${String(type).slice(0, 64)}" are not supported; send the ${kind} as base64 or as a URL.`,
    );
  }
  const data = textOf(source, 'data', `${at}.data`);
  if (data === '') throw refuse(`${at}.data`, 'must not be empty.');
  return readBytes(data, declaredType(source), name, partAt, `${at}.data`);
}

function readSourceUrl(
  url: string,
  name: string | undefined,
  partAt: string,
  at: string,
  linkedType: string,
): MediaPart {
  if (url.startsWith('data:')) return readBytes(url, undefined, name, partAt, at);
  return { type: 'document', at: partAt, name, mediaType: linkedType, source: { type: 'url', url, at } };
}

/** The dialect of a `file` block: OpenAI's holds an object, the AI SDK's the fields themselves. */
export function dialectOfFile(block: JsonObject): Dialect {
  return isJsonObject(block.file) ? 'openai-chat' : 'ai-sdk';
}

export function readFileBlock(block: JsonObject, at: string): MediaPart {
  const { file } = block;
  if (isJsonObject(file)) return readFileFields(file, at, `${at}.file`);
  if (isJsonObject(block.source)) return readSource(block.source, nameOf(block), at, `${at}.source`, 'application/*');
  for (const key of ['data', 'url', 'file_data', 'file_url'] as const) {
    const bytes = block[key];
    if (typeof bytes === 'string') return readBytes(bytes, declaredType(block), nameOf(block), at, `${at}.${key}`);
  }
  return readFileFields(block, at, at);
}

/** Reads `input_file`, and the object in OpenAI's `file`. */
export function readFileFields(file: JsonObject, partAt: string, at: string): MediaPart {
  const { file_data: data, file_url: url, file_id: id } = file;
  if (typeof data === 'string' && data !== '') return readFileData(data, nameOf(file), partAt, `${at}.file_data`);
  if (typeof url === 'string' && url !== '') return readFileData(url, nameOf(file), partAt, `${at}.file_url`);
  if (typeof id === 'string' && id !== '') throw noFileStore(`${at}.file_id`, 'file_data');
  throw refuse(`${at}.file_data`, MISSING);
}

/** Reads Gemini's `inlineData` and `fileData`, in camelCase or snake_case. */
export function readGeminiMedia(block: JsonObject, at: string): MediaPart {
  for (const key of ['inlineData', 'inline_data', 'fileData', 'file_data'] as const) {
    const media = block[key];
    if (!isJsonObject(media)) continue;
    const bytes = media.data ?? media.fileUri ?? media.file_uri;
    if (typeof bytes === 'string') return readBytes(bytes, declaredType(media), undefined, at, `${at}.${key}`);
  }
  throw refuse(at, 'expected text, an image or a file.');
}

/** Reads the text or the bytes of MCP's embedded resource. */
export function readResource(block: JsonObject, at: string): TextPart | MediaPart {
  const { resource } = block;
  if (!isJsonObject(resource)) throw refuse(`${at}.resource`, MISSING);
  const name = typeof resource.uri === 'string' ? resource.uri.slice(resource.uri.lastIndexOf('/') + 1) : '';
  if (typeof resource.text === 'string') return { type: 'text', at: `${at}.resource.text`, text: resource.text };
  const blob = textOf(resource, 'blob', `${at}.resource.blob`);
  return readBytes(blob, declaredType(resource), name || undefined, at, `${at}.resource.blob`);
}

/** The declared media type, such as `image/png`, under the names of each dialect. */
function declaredType(block: JsonObject): string | undefined {
  const type = block.media_type ?? block.mediaType ?? block.mimeType ?? block.mime_type;
  return typeof type === 'string' && type.includes('/') ? type : undefined;
}

function nameOf(file: JsonObject): string | undefined {
  const name: JsonValue | undefined = file.filename ?? file.name ?? file.title;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function textOf(object: JsonObject, key: string, at: string): string {
  const value = object[key];
  if (typeof value === 'string') return value;
  throw refuse(at, value === undefined || value === null ? MISSING : 'expected a string.');
}

function noFileStore(at: string, instead: string) {
  return refuseUnsupported(at, `dragoman stores no files; send the file itself in ${instead}, as a data URL.`);
}

export const MISSING = 'a required field is missing.';
