/** A message's `content`: a string, or parts of which each is read by its own shape. */
import type { z } from 'zod';
import type { DocumentPart, ImagePart, TextPart } from '../../core/conversation.ts';
import type { Notes } from '../notes.ts';
import { readFileData, readImageUrl } from '../openai-media.ts';
import { readableText } from '../readable.ts';
import { check, refuse, refuseUnsupported } from '../shape.ts';
import * as wire from './wire.ts';

export type ContentPart = TextPart | ImagePart | DocumentPart;

/** `at` is the path of the content. Null or missing content is none. */
export function readContent(content: unknown, at: string, notes: Notes): ContentPart[] {
  if (content === null || content === undefined) return [];
  if (typeof content === 'string') return [{ type: 'text', at, text: content }];
  if (!Array.isArray(content)) throw refuse(at, 'expected a string or a list of content parts.');
  return content.flatMap((value: unknown, i) => readPart(value, `${at}[${i}]`, notes));
}

/** For roles whose messages hold nothing but text. */
export function readTexts(content: unknown, at: string, role: string, notes: Notes): TextPart[] {
  return readContent(content, at, notes).map((part) => {
    if (part.type === 'text') return part;
    throw refuse(part.at, `${role} messages hold text only; send the ${part.type} in a user message.`);
  });
}

/** A cache mark of either vendor's kind. */
export function cachePoint(marked: { readonly cache_control?: unknown; readonly prompt_cache_breakpoint?: unknown }): {
  readonly cachePoint?: true;
} {
  return marked.cache_control || marked.prompt_cache_breakpoint ? { cachePoint: true } : {};
}

function readPart(value: unknown, at: string, notes: Notes): ContentPart[] {
  const part = check(wire.anyPart, value, at);
  switch (part.type) {
    case 'text': {
      const { text } = check(wire.textPart, value, at);
      notes.addUnknown(part, TEXT_KEYS, 'text', at);
      return [{ type: 'text', at, text, ...cachePoint(part) }];
    }
    case 'refusal':
      return [{ type: 'text', at, text: check(wire.refusalPart, value, at).refusal, ...cachePoint(part) }];
    case 'image_url':
      return [{ ...readImage(value, at, notes), ...cachePoint(part) }];
    case 'file':
      return [{ ...readFile(value, at), ...cachePoint(part) }];
    case 'input_audio':
      throw refuseUnsupported(at, 'audio input is not supported: no model behind this service takes it.');
    default:
      return readForeignPart(part, at, notes);
  }
}

const TEXT_KEYS = new Set(Object.keys(wire.textPart.shape));

function readImage(value: unknown, at: string, notes: Notes): ImagePart | DocumentPart {
  const { image_url: image } = check(wire.imagePart, value, at);
  if (typeof image === 'string') return readImageUrl(image, at, `${at}.image_url`);
  if (image.detail !== 'auto') notes.addUnknown(image, IMAGE_KEYS, 'image_url', `${at}.image_url`);
  return readImageUrl(image.url, at, `${at}.image_url.url`);
}

const IMAGE_KEYS = new Set(['url']);

function readFile(value: unknown, at: string): ImagePart | DocumentPart {
  const { file_data: data, file_id: id, filename } = check(wire.filePart, value, at).file;
  if (data) return readFileData(data, filename || undefined, at, `${at}.file.file_data`);
  if (id)
    throw refuseUnsupported(
      `${at}.file.file_id`,
      'there is no file store here; send the file itself in file.file_data, as a data URL.',
    );
  throw refuse(`${at}.file.file_data`, 'a required field is missing.');
}

function readForeignPart(part: z.output<typeof wire.anyPart>, at: string, notes: Notes): TextPart[] {
  const text = readableText(part);
  notes.add(text === undefined ? 'block-ignored' : 'block-as-text', at, part.type.slice(0, 64));
  return text === undefined ? [] : [{ type: 'text', at, text, ...cachePoint(part) }];
}
