/** Images, documents and search results. Their bytes are carried as they came: what they really are is found out later. */
import type { z } from 'zod';
import type { DocumentPart, ImagePart, TextPart } from '../../core/conversation.ts';
import { check, refuseUnsupported } from '../shape.ts';
import * as wire from './wire.ts';

/** What may stand in a tool result. */
export type ContentPart = TextPart | ImagePart | DocumentPart;

export function readImage(block: z.output<typeof wire.imageBlock>, at: string): ImagePart | DocumentPart {
  const source = readSource(block.source, `${at}.source`, 'image');
  if (source.type === 'url') return { type: 'document', at, name: undefined, mediaType: 'image/*', source };
  return { type: 'image', at, mediaType: source.mediaType, data: source.data };
}

/** A document's `context` is told as text before it, and the images of composed documents follow it. */
export function readDocument(block: z.output<typeof wire.documentBlock>, at: string): ContentPart[] {
  const name = block.title ?? undefined;
  const about: ContentPart[] = block.context ? [{ type: 'text', at: `${at}.context`, text: block.context }] : [];
  const { source } = block;
  switch (source.type) {
    case 'text': {
      const { data, media_type } = check(wire.textSource, source, `${at}.source`);
      const mediaType = media_type ?? 'text/plain';
      return [...about, { type: 'document', at, name, mediaType, source: { type: 'text', text: data } }];
    }
    case 'content':
      return [...about, ...readComposedDocument(source, name, at)];
    default: {
      const read = readSource(source, `${at}.source`, 'document');
      if (read.type === 'url')
        return [...about, { type: 'document', at, name, mediaType: 'application/*', source: read }];
      const { mediaType, data } = read;
      return [...about, { type: 'document', at, name, mediaType, source: { type: 'base64', data } }];
    }
  }
}

function readComposedDocument(source: unknown, name: string | undefined, at: string): ContentPart[] {
  const path = `${at}.source.content`;
  const { content } = check(wire.contentSource, source, `${at}.source`);
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  const texts: string[] = [];
  const images: (ImagePart | DocumentPart)[] = [];
  for (const [i, block] of blocks.entries()) {
    if (block.type === 'image') images.push(readImage(check(wire.imageBlock, block, `${path}[${i}]`), `${path}[${i}]`));
    else texts.push(check(wire.textBlock, block, `${path}[${i}]`).text);
  }
  const text = texts.join('\n\n');
  return [{ type: 'document', at, name, mediaType: 'text/plain', source: { type: 'text', text } }, ...images];
}

export function readSearchResult(block: z.output<typeof wire.searchResultBlock>, at: string): TextPart {
  const lines = [block.title, block.source, '', ...block.content.map(({ text }) => text)];
  return { type: 'text', at, text: lines.join('\n') };
}

type Source =
  | { readonly type: 'bytes'; readonly mediaType: string; readonly data: string }
  | { readonly type: 'url'; readonly url: string; readonly at: string };

/** Bytes within the request (base64, or a data URL wherever it was put), or an address to be fetched later. */
function readSource(source: { readonly type: string }, at: string, kind: 'image' | 'document'): Source {
  if (source.type === 'base64') {
    const { media_type, data } = check(wire.base64Source, source, at);
    return readDataUrl(data) ?? { type: 'bytes', mediaType: media_type, data };
  }
  if (source.type === 'url') {
    const { url } = check(wire.urlSource, source, at);
    return readDataUrl(url) ?? { type: 'url', url, at: `${at}.url` };
  }
  throw refuseUnsupported(
    at,
    `${kind} sources of type "${source.type}" are not supported; send the ${kind} as base64 or by its address.`,
  );
}

function readDataUrl(url: string): Extract<Source, { type: 'bytes' }> | undefined {
  if (!url.startsWith('data:')) return undefined;
  const comma = url.indexOf(',');
  const [mediaType = '', ...parameters] = url.slice('data:'.length, comma).split(';');
  if (comma <= 0 || !parameters.includes('base64')) return undefined;
  return { type: 'bytes', mediaType, data: url.slice(comma + 1) };
}
