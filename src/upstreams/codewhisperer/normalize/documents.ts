/**
 * Documents: text goes into the message under its title; files go into the service's document field under an acceptable
 * name, unique in the conversation.
 */
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Attachment } from '../../../core/attachment.ts';
import type { Conversation, DocumentPart, ImagePart, TextPart } from '../../../core/conversation.ts';
import { GatewayError } from '../../../core/errors.ts';
import { DOCUMENT_MEDIA_TYPES, type DocumentFormat, declaredFormat } from '../../../core/file-format.ts';
import { takesDocuments } from '../media-limits.ts';
import { FreeNames } from './free-names.ts';
import { mapParts, type Passed, type Scope, withTurns } from './pass.ts';
import { note } from './rules.ts';

const TEXT_FORMATS: ReadonlySet<DocumentFormat> = new Set(['csv', 'html', 'txt', 'md']);

type Content = TextPart | ImagePart | DocumentPart;

export function documents(conversation: Conversation, { profile, model }: Scope): Passed {
  const adjustments: Adjustment[] = [];
  const names = new FreeNames();
  const supported = takesDocuments(profile, model);
  const convert = (part: Content): readonly Content[] => {
    if (part.type !== 'document') return [part];
    if (part.source.type === 'url') throw new TypeError('documents are fetched before they are encoded');
    const format = documentFormat(part);
    if (part.source.type === 'attachment' && format !== undefined && supported) {
      return named(part, format, names, adjustments);
    }
    const text = part.source.type === 'text' ? part.source.text : decodedText(part, part.source.attachment, format);
    adjustments.push(note('document-inlined', part.at, part.mediaType, 'text'));
    return [inlined(part, text)];
  };
  const turns = mapParts(conversation.turns, (part) => {
    if (part.type === 'document') return convert(part);
    if (part.type !== 'tool-result' || !part.content.some((inner) => inner.type === 'document')) return part;
    const content = part.content.flatMap(convert);
    const same = content.length === part.content.length && content.every((inner, i) => inner === part.content[i]);
    return same ? part : { ...part, content };
  });
  return { conversation: withTurns(conversation, turns), adjustments };
}

/** The declared format, else the signature of a PDF. */
export function documentFormat({ mediaType, name, source }: DocumentPart): DocumentFormat | undefined {
  const isPdf = source.type === 'attachment' && source.attachment.format === 'pdf';
  return declaredFormat(mediaType, name) ?? (isPdf ? 'pdf' : undefined);
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

function decodedText(part: DocumentPart, attachment: Attachment, format: DocumentFormat | undefined): string {
  const isText = format === undefined ? TEXTUAL.test(part.mediaType.toLowerCase()) : TEXT_FORMATS.has(format);
  if (isText) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(attachment.decode());
    } catch (cause) {
      const message = `The document at ${part.at} is declared as ${part.mediaType} but is not UTF-8 text.`;
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

/** If the name has to change, a text mark gives the model the original. */
function named(
  part: DocumentPart,
  format: DocumentFormat,
  names: FreeNames,
  adjustments: Adjustment[],
): readonly (TextPart | DocumentPart)[] {
  const base = wireName(part.name);
  const name = names.take(base, (count) => `${base}-${count}`);
  const mediaType = DOCUMENT_MEDIA_TYPES[format];
  if (name === part.name && mediaType === part.mediaType) return [part];
  const document: DocumentPart = { ...part, name, mediaType };
  if (name === part.name) return [document];
  adjustments.push(note('document-name', part.at, undefined, name));
  if (part.name === undefined || part.name === `${name}.${format}`) return [document];
  const mark = `[Document ${JSON.stringify(part.name)} is attached as ${JSON.stringify(name)}.]`;
  return [document, { type: 'text', at: part.at, text: mark }];
}

/** Letters, digits, single spaces, hyphens, parentheses and brackets, as in Bedrock's document blocks. */
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
