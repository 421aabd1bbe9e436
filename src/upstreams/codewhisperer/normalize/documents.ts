/**
 * Documents: what is text goes into the message as text under its title; what is not goes to the service's own
 * document field under a name it takes, unique in the conversation.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation, DocumentPart, ImagePart, TextPart } from '../../../core/conversation.ts';
import { GatewayError } from '../../../core/errors.ts';
import { takesDocuments } from '../media-limits.ts';
import type { DocumentFormat } from '../wire.ts';
import { standardBase64 } from './images.ts';
import { mapParts, type Passed, type Scope, withTurns } from './pass.ts';
import { note } from './rules.ts';

const FORMATS: Record<DocumentFormat, { readonly mediaType: string; readonly isText: boolean }> = {
  pdf: { mediaType: 'application/pdf', isText: false },
  csv: { mediaType: 'text/csv', isText: true },
  doc: { mediaType: 'application/msword', isText: false },
  docx: { mediaType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', isText: false },
  xls: { mediaType: 'application/vnd.ms-excel', isText: false },
  xlsx: { mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', isText: false },
  html: { mediaType: 'text/html', isText: true },
  txt: { mediaType: 'text/plain', isText: true },
  md: { mediaType: 'text/markdown', isText: true },
};

type Content = TextPart | ImagePart | DocumentPart;

export function documents(conversation: Conversation, { profile, model }: Scope): Passed {
  const adjustments: Adjustment[] = [];
  const names = new Set<string>();
  const takesThem = takesDocuments(profile, model);
  const settle = (part: Content): readonly Content[] => {
    if (part.type !== 'document') return [part];
    if (part.source.type === 'url') throw new TypeError('a document should have been fetched by now');
    const format = documentFormat(part);
    if (part.source.type === 'base64' && format !== undefined && takesThem) {
      return named(part, part.source.data, format, names, adjustments);
    }
    const text = part.source.type === 'text' ? part.source.text : decodedText(part, part.source.data, format);
    adjustments.push(note('document-inlined', part.at, part.mediaType, 'text'));
    return [inlined(part, text)];
  };
  const turns = mapParts(conversation.turns, (part) => {
    if (part.type === 'document') return settle(part);
    if (part.type !== 'tool-result' || !part.content.some((inner) => inner.type === 'document')) return part;
    const content = part.content.flatMap(settle);
    const same = content.length === part.content.length && content.every((inner, i) => inner === part.content[i]);
    return same ? part : { ...part, content };
  });
  return { conversation: withTurns(conversation, turns), adjustments };
}

/** By media type, else by the name's extension, else by the PDF signature. */
export function documentFormat({ mediaType, name, source }: DocumentPart): DocumentFormat | undefined {
  const declared = mediaType.toLowerCase().split(';')[0]?.trim();
  const extension = name?.toLowerCase().split('.').at(-1);
  for (const [format, { mediaType: known }] of formats()) if (declared === known) return format;
  for (const [format] of formats()) if (extension === format) return format;
  return source.type === 'base64' && source.data.startsWith('JVBERi') ? 'pdf' : undefined;
}

function formats(): [DocumentFormat, { readonly mediaType: string; readonly isText: boolean }][] {
  // Object.entries forgets that the keys of FORMATS are document formats.
  return Object.entries(FORMATS) as [DocumentFormat, (typeof FORMATS)[DocumentFormat]][];
}

function inlined(part: DocumentPart, text: string): TextPart {
  const title = part.name === undefined ? '' : ` title=${JSON.stringify(part.name)}`;
  return {
    type: 'text',
    at: part.at,
    text: `<document${title}>\n${text}\n</document>`,
    ...(part.cachePoint ? { cachePoint: true } : {}),
  };
}

const TEXTUAL = /^text\/|[/+](?:json|xml|yaml|x-yaml|toml|javascript|typescript|x-sh|sql|graphql)$/;

function decodedText(part: DocumentPart, data: string, format: DocumentFormat | undefined): string {
  const isText = format === undefined ? TEXTUAL.test(part.mediaType.toLowerCase()) : FORMATS[format].isText;
  if (isText) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(data, 'base64'));
    } catch (cause) {
      const message = `The document at ${part.at} is declared as ${part.mediaType} but is no UTF-8 text.`;
      throw new GatewayError('invalid_request', message, { param: part.at, rule: 'document-format', cause });
    }
  }
  const what = format === undefined ? part.mediaType : format.toUpperCase();
  throw new GatewayError(
    'invalid_request',
    `This model does not support ${what} input (${part.at}). Send the document's text or images of its pages instead.`,
    { param: part.at, rule: 'document-format' },
  );
}

/** When a name had to change, a text mark tells the model the real one. */
function named(
  part: DocumentPart,
  data: string,
  format: DocumentFormat,
  names: Set<string>,
  adjustments: Adjustment[],
): readonly (TextPart | DocumentPart)[] {
  const base = wireName(part.name);
  let name = base;
  for (let count = 2; names.has(name); count += 1) name = `${base}-${count}`;
  names.add(name);
  const source = { type: 'base64', data: standardBase64(data) } as const;
  const { mediaType } = FORMATS[format];
  if (name === part.name && source.data === data && mediaType === part.mediaType) return [part];
  const document: DocumentPart = { ...part, name, mediaType, source };
  if (name === part.name) return [document];
  adjustments.push(note('document-name', part.at, undefined, name));
  if (part.name === undefined || part.name === `${name}.${format}`) return [document];
  const mark = `[Document ${JSON.stringify(part.name)} is attached as ${JSON.stringify(name)}.]`;
  return [document, { type: 'text', at: part.at, text: mark }];
}

/** Letters, digits, single blanks, hyphens, parentheses and brackets, as Bedrock's document blocks take them. */
function wireName(name: string | undefined): string {
  const plain = (name ?? '')
    .replace(/\.[a-zA-Z0-9]{1,5}$/, '')
    .replaceAll(/[^a-zA-Z0-9()[\] -]+/g, '-')
    .replaceAll(/ {2,}/g, ' ')
    .replaceAll(/-{2,}/g, '-')
    .slice(0, 100)
    .replaceAll(/^[- ]+|[- ]+$/g, '');
  return plain || 'document';
}
