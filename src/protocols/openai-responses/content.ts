/** The `content` of a message and the `output` of a call: a string, or parts of which each is read by its own shape. */
import type { DocumentPart, ImagePart, TextPart } from '../../core/conversation.ts';
import type { Notes } from '../notes.ts';
import { readFileData, readImageUrl } from '../openai-media.ts';
import { readableText } from '../readable.ts';
import { check, refuse, refuseUnsupported } from '../shape.ts';
import * as wire from './wire.ts';

export type ContentPart = TextPart | ImagePart | DocumentPart;

/** `at` is the path of the content. Null or missing content is none. */
export function readContent(content: unknown, at: string, notes: Notes): ContentPart[] {
  if (content === null || content === undefined || content === '') return [];
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

function readPart(value: unknown, at: string, notes: Notes): ContentPart[] {
  const part = check(wire.anyPart, value, at);
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'summary_text':
    case 'reasoning_text': {
      const { text, prompt_cache_breakpoint: breakpoint, cache_control: mark } = check(wire.textPart, value, at);
      return text === '' ? [] : [{ type: 'text', at, text, ...(breakpoint || mark ? { cachePoint: true } : {}) }];
    }
    case 'refusal':
      return [{ type: 'text', at, text: check(wire.refusalPart, value, at).refusal }];
    case 'input_image':
    case 'computer_screenshot':
      return [readImage(value, at, notes)];
    case 'input_file':
      return [readFile(value, at)];
    case 'input_audio':
      throw refuseUnsupported(at, 'audio input is not supported: no model behind this service takes it.');
    default:
      return readForeignPart(part, at, notes);
  }
}

function readImage(value: unknown, at: string, notes: Notes): ImagePart | DocumentPart {
  const part = check(wire.imagePart, value, at);
  if (part.image_url) {
    // `auto` and `original` ask for what happens anyhow.
    if (part.detail === 'low' || part.detail === 'high') notes.add('parameter-ignored', `${at}.detail`, part.detail);
    return readImageUrl(part.image_url, at, `${at}.image_url`);
  }
  if (part.file_id) throw noFileStore(`${at}.file_id`, 'image_url');
  throw refuse(`${at}.image_url`, 'a required field is missing.');
}

function readFile(value: unknown, at: string): ImagePart | DocumentPart {
  const part = check(wire.filePart, value, at);
  const name = part.filename || undefined;
  if (part.file_data) return readFileData(part.file_data, name, at, `${at}.file_data`);
  if (part.file_url) return readFileData(part.file_url, name, at, `${at}.file_url`);
  if (part.file_id) throw noFileStore(`${at}.file_id`, 'file_data');
  throw refuse(`${at}.file_data`, 'a required field is missing.');
}

function noFileStore(at: string, instead: string) {
  return refuseUnsupported(at, `there is no file store here; send the file itself in ${instead}, as a data URL.`);
}

function readForeignPart(part: { type: string; text?: unknown }, at: string, notes: Notes): TextPart[] {
  const text = readableText(part);
  notes.add(text === undefined ? 'block-ignored' : 'block-as-text', at, part.type.slice(0, 64));
  return text === undefined ? [] : [{ type: 'text', at, text }];
}
