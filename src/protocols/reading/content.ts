/**
 * Reads the `content` of messages and results: a string, or blocks in any dialect, each read by its type. Blocks that
 * only messages have (calls, results, reasoning) are read in parts.ts.
 */
import type { DocumentPart, Part, TextPart, ToolResultPart, ToolUsePart } from '../../core/conversation.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { refuse, refuseUnsupported } from '../shape.ts';
import { type MediaPart, readFileData } from './media.ts';
import {
  dialectOfFile,
  dialectOfImage,
  MISSING,
  readFileBlock,
  readFileFields,
  readGeminiMedia,
  readImageBlock,
  readImageUrlBlock,
  readInputImage,
  readResource,
  readSource,
} from './media-blocks.ts';
import { type ForeignContent, readData, readForeign } from './readable.ts';
import { type Reading, shortName } from './reading.ts';

/** Content that both messages and results may have. */
export type ContentPart = TextPart | MediaPart;

export type BlockReader<P extends Part> = (block: JsonObject, at: string, reading: Reading) => readonly P[];

/** How one kind of content reads its blocks. */
export interface ContentReaders<P extends Part> {
  /** The reader of a type of block that only this kind of content holds. */
  special(type: string): BlockReader<P> | undefined;
  /** Reads blocks of unknown types, and blocks in the history that their own reader rejects. */
  readonly other: BlockReader<ContentPart>;
}

export function readContent(content: unknown, at: string, reading: Reading): ContentPart[] {
  return readBlocks<ContentPart>(content, at, reading, CONTENT);
}

const CONTENT: ContentReaders<ContentPart> = { special: () => undefined, other: readForeignBlock };

/** Null and missing content is empty. */
export function readBlocks<P extends Part>(
  content: unknown,
  at: string,
  reading: Reading,
  readers: ContentReaders<P>,
): (P | ContentPart)[] {
  if (content === null || content === undefined || content === '') return [];
  if (typeof content === 'string') return [{ type: 'text', at, text: content }];
  if (Array.isArray(content) || isJsonObject(content)) {
    reading.enter(at);
    try {
      return Array.isArray(content)
        ? readList(content, at, reading, readers)
        : [...readBlock(content, at, reading, readers)];
    } finally {
      reading.leave();
    }
  }
  if (reading.isCurrentTurn) throw refuse(at, 'expected a string or a list of content parts.');
  return [{ type: 'text', at, text: String(content) }];
}

function readList<P extends Part>(
  blocks: readonly unknown[],
  at: string,
  reading: Reading,
  readers: ContentReaders<P>,
): (P | ContentPart)[] {
  const parts: (P | ContentPart)[] = [];
  for (let index = 0; index < blocks.length; index++) {
    const read = readBlock(blocks[index], `${at}[${index}]`, reading, readers);
    for (let part = 0; part < read.length; part++) parts.push(read[part] as P | ContentPart); // within its bounds
  }
  return parts;
}

function readBlock<P extends Part>(
  value: unknown,
  at: string,
  reading: Reading,
  readers: ContentReaders<P>,
): readonly (P | ContentPart)[] {
  if (value === null) {
    reading.notes.add('block-ignored', at, 'null');
    return [];
  }
  if (!isJsonObject(value)) return reading.tolerate(at, 'list', () => readBlocks(value, at, reading, readers)) ?? [];
  const type = typeof value.type === 'string' ? value.type : untypedKind(value);
  const reader = readers.special(type) ?? CONTENT_BLOCKS.get(type);
  if (!reader) return readers.other(value, at, reading);
  try {
    return reader(value, at, reading);
  } catch (error) {
    if (!reading.tolerates(error)) throw error;
    return readers.other(value, at, reading);
  }
}

/** Whether `readContent` recognizes the value; false for the data of a program. */
export function isKnownBlock(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  if (typeof value.type === 'string') return CONTENT_BLOCKS.has(value.type);
  const kind = untypedKind(value);
  return kind === 'text' ? Object.keys(value).every((key) => TEXT_KEYS.has(key)) : CONTENT_BLOCKS.has(kind);
}

/** Recognizes Gemini's parts, which have no type, by their fields. */
function untypedKind(block: JsonObject): string {
  if (typeof block.text === 'string') return 'text';
  if (block.functionCall !== undefined) return 'functionCall';
  if (block.functionResponse !== undefined) return 'functionResponse';
  return GEMINI_MEDIA.some((key) => isJsonObject(block[key])) ? 'inlineData' : 'unknown';
}

const GEMINI_MEDIA = ['inlineData', 'inline_data', 'fileData', 'file_data'] as const;

/** Whether there is a cache mark of either vendor. */
export function isCachePoint(block: JsonObject): boolean {
  return Boolean(block.cache_control || block.prompt_cache_breakpoint);
}

/** The same as a member. */
export function cachePoint(block: JsonObject): { readonly cachePoint?: true } {
  return isCachePoint(block) ? { cachePoint: true } : {};
}

/** The part with the block's cache mark. */
export function marked<P extends TextPart | ToolUsePart | ToolResultPart>(part: P, block: JsonObject): P {
  return isCachePoint(block) ? { ...part, cachePoint: true } : part;
}

function readText(block: JsonObject, at: string, { notes }: Reading): readonly TextPart[] {
  const { text } = block;
  notes.addUnknown(block, TEXT_KEYS, 'text', at);
  if (text === null) notes.add('block-ignored', at, 'text without words');
  else if (typeof text !== 'string') throw refuse(`${at}.text`, text === undefined ? MISSING : 'expected a string.');
  return text === null || text === '' ? [] : [marked({ type: 'text', at, text }, block)];
}

const TEXT_KEYS = new Set([
  'type',
  'text',
  /** The sources of a reply's text, which are in the blocks before it. */
  'citations',
  'annotations',
  'logprobs',
  'cache_control',
  'prompt_cache_breakpoint',
]);

function readResponsesText(block: JsonObject, at: string, reading: Reading): readonly TextPart[] {
  reading.spelled('openai-responses', String(block.type), at);
  return readText(block, at, reading);
}

function readRefusal(block: JsonObject, at: string): readonly TextPart[] {
  const text = block.refusal ?? block.text;
  if (typeof text !== 'string') throw refuse(`${at}.refusal`, MISSING);
  return text === '' ? [] : [{ type: 'text', at, text, ...cachePoint(block) }];
}

/** A document's `context` precedes it as text; the images of a composed document follow it. */
function readDocument(block: JsonObject, at: string, reading: Reading): readonly ContentPart[] {
  reading.spelled('anthropic', 'document', at);
  reading.notes.addUnknown(block, DOCUMENT_KEYS, 'document', at);
  noteCitations(block, at, reading);
  const { source, context } = block;
  const name = typeof block.title === 'string' ? block.title : undefined;
  const about: ContentPart[] =
    typeof context === 'string' && context !== '' ? [{ type: 'text', at: `${at}.context`, text: context }] : [];
  if (!isJsonObject(source)) return [...about, { ...readFileBlock(block, at), ...cachePoint(block) }];
  const parts = readDocumentSource(source, name, at, reading);
  return [...about, ...parts].map((part) => ({ ...part, ...cachePoint(block) }));
}

/** The model does not report which words of the reply a document supports. */
function noteCitations({ citations }: JsonObject, at: string, { notes }: Reading): void {
  if (isJsonObject(citations) && citations.enabled === true) notes.add('parameter-ignored', `${at}.citations`);
}

const DOCUMENT_KEYS = new Set(['type', 'source', 'title', 'context', 'cache_control', 'citations']);

function readDocumentSource(
  source: JsonObject,
  name: string | undefined,
  at: string,
  reading: Reading,
): readonly ContentPart[] {
  if (source.type === 'text') {
    if (typeof source.data !== 'string') throw refuse(`${at}.source.data`, MISSING);
    const mediaType = typeof source.media_type === 'string' ? source.media_type : 'text/plain';
    return [{ type: 'document', at, name, mediaType, source: { type: 'text', text: source.data } }];
  }
  if (source.type !== 'content') return [readSource(source, name, at, `${at}.source`, 'application/*')];
  const parts = readContent(source.content, `${at}.source.content`, reading);
  const text = parts.flatMap((part) => (part.type === 'text' ? part.text : [])).join('\n\n');
  const document: DocumentPart = {
    type: 'document',
    at,
    name,
    mediaType: 'text/plain',
    source: { type: 'text', text },
  };
  return [document, ...parts.filter(({ type }) => type !== 'text')];
}

function readSearchResult(block: JsonObject, at: string, reading: Reading): readonly ContentPart[] {
  reading.spelled('anthropic', 'search_result', at);
  reading.notes.addUnknown(block, SEARCH_RESULT_KEYS, 'search_result', at);
  noteCitations(block, at, reading);
  const { title, source } = block;
  const content = readContent(block.content, `${at}.content`, reading);
  const texts = content.flatMap((part) => (part.type === 'text' ? part.text : []));
  const text = [String(title ?? ''), String(source ?? ''), '', ...texts].join('\n');
  return [{ type: 'text', at, text, ...cachePoint(block) }, ...content.filter((part) => part.type !== 'text')];
}

const SEARCH_RESULT_KEYS = new Set(['type', 'source', 'title', 'content', 'cache_control', 'citations']);

function readToolReference(block: JsonObject, at: string, reading: Reading): readonly TextPart[] {
  const { tool_name: name } = block;
  if (typeof name !== 'string' || name === '') throw refuse(`${at}.tool_name`, MISSING);
  reading.toolChanges.load(name);
  return [{ type: 'text', at, text: `The tool ${name} is loaded.`, ...cachePoint(block) }];
}

function refuseSound(block: JsonObject, at: string): never {
  const kind = /video/.test(String(block.type)) ? 'video' : 'audio';
  throw refuseUnsupported(at, `${kind} input is not supported by any model of the service.`);
}

/** Reads a block of an unknown type. Images stay images; base64 never becomes text. */
export function readForeignBlock(block: JsonObject, at: string, reading: Reading): readonly ContentPart[] {
  const parts = readForeign(block, at);
  return noted(parts, shortName(block.type), at, reading).map((part) => ({ ...part, ...cachePoint(block) }));
}

/** Reads JSON in a tool result. JSON with a type and images is read as a block. */
export function readDataBlock(value: JsonValue, at: string, reading: Reading): readonly ContentPart[] {
  const data = readData(value, at);
  const isTyped = isJsonObject(value) && typeof value.type === 'string';
  if (isTyped && data.media.length > 0) return readForeignBlock(value, at, reading);
  return noted(data, isTyped ? shortName(value.type) : 'json', at, reading);
}

function noted({ text, media }: ForeignContent, kind: string, at: string, { notes }: Reading): readonly ContentPart[] {
  const isEmpty = text === undefined && media.length === 0;
  notes.add(isEmpty ? 'block-ignored' : 'block-as-text', at, kind);
  return text === undefined ? media : [{ type: 'text', at, text }, ...media];
}

/** Wraps the reader of one image or file, which carries the block's cache mark. */
function media(read: (block: JsonObject, at: string, reading: Reading) => ContentPart): BlockReader<ContentPart> {
  return (block, at, reading) => [{ ...read(block, at, reading), ...cachePoint(block) }];
}

const CONTENT_BLOCKS: ReadonlyMap<string, BlockReader<ContentPart>> = new Map<string, BlockReader<ContentPart>>([
  ['text', readText],
  ['input_text', readResponsesText],
  ['output_text', readResponsesText],
  ['summary_text', readResponsesText],
  ['reasoning_text', readResponsesText],
  ['refusal', readRefusal],
  [
    'image_url',
    media((block, at, reading) => {
      reading.spelled('openai-chat', 'image_url', at);
      return readImageUrlBlock(block, at, reading.notes);
    }),
  ],
  [
    'input_image',
    media((block, at, reading) => {
      reading.spelled('openai-responses', 'input_image', at);
      return readInputImage(block, at, reading.notes);
    }),
  ],
  ['computer_screenshot', media((block, at, reading) => readInputImage(block, at, reading.notes))],
  [
    'image',
    media((block, at, reading) => {
      const dialect = dialectOfImage(block);
      reading.spelled(dialect, 'image', at);
      if (dialect === 'anthropic') reading.notes.addUnknown(block, IMAGE_KEYS, 'image', at);
      return readImageBlock(block, at, reading.notes);
    }),
  ],
  [
    'file',
    media((block, at, reading) => {
      reading.spelled(dialectOfFile(block), 'file', at);
      return readFileBlock(block, at);
    }),
  ],
  [
    'input_file',
    media((block, at, reading) => {
      reading.spelled('openai-responses', 'input_file', at);
      return readFileFields(block, at, at);
    }),
  ],
  ['document', readDocument],
  [
    'resource',
    media((block, at, reading) => {
      reading.spelled('mcp', 'resource', at);
      return readResource(block, at);
    }),
  ],
  [
    'inlineData',
    media((block, at, reading) => {
      reading.spelled('gemini', 'inlineData', at);
      return readGeminiMedia(block, at);
    }),
  ],
  // The AI SDK's parts of tool output.
  ...['media', 'image-data', 'image-url', 'file-data', 'file-url'].map(
    (type) => [type, media((block, at, reading) => readAiSdkMedia(block, at, type, reading))] as const,
  ),
  ['search_result', readSearchResult],
  ['tool_reference', readToolReference],
  ['input_audio', refuseSound],
  ['audio', refuseSound],
  ['audio_url', refuseSound],
  ['input_video', refuseSound],
  ['video_url', refuseSound],
]);

/** Whether a block of this type holds user content, wherever it occurs. */
export function isContentBlock(type: string): boolean {
  return CONTENT_BLOCKS.has(type);
}

const IMAGE_KEYS = new Set(['type', 'source', 'cache_control']);

function readAiSdkMedia(block: JsonObject, at: string, type: string, reading: Reading): ContentPart {
  reading.spelled('ai-sdk', type, at);
  return type.startsWith('image') ? readImageBlock(block, at, reading.notes) : readFileBlock(block, at);
}

/** Reads Ollama's `images` field: a list of base64 without a media type. */
export function readOllamaImages(images: unknown, at: string, reading: Reading): readonly ContentPart[] {
  if (!Array.isArray(images)) return [];
  return images.flatMap((image: unknown, i) => {
    const path = `${at}[${i}]`;
    if (typeof image !== 'string') return [];
    reading.spelled('ollama', 'images', path);
    return reading.tolerate(path, 'image', () => readFileData(image, 'image.png', path, path)) ?? [];
  });
}
