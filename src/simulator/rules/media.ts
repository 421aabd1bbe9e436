/** Rules for images and documents: number, size, and whether the bytes match the format. */
import type { UserInputMessage } from '../../upstreams/codewhisperer/wire.ts';
import { IMPROPERLY_FORMED, validation } from '../refusal.ts';
import { imageSize, sniffImage } from './image-bytes.ts';
import { type CheckedChat, firstFault, isUser, type Rule } from './rule.ts';

const IMAGE_FORMATS = ['png', 'jpeg', 'gif', 'webp'];
const MAX_IMAGES = 10;
const MAX_IMAGE_BYTES = 10_000_000;
const MAX_IMAGE_PIXELS = 8_000;
const DOCUMENT_FORMATS = ['pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md'];
const MAX_DOCUMENTS = 5;
const MAX_DOCUMENT_BYTES = 4_500_000;
const DOCUMENT_NAME = /^[a-zA-Z0-9\s()[\]-]{1,200}$/;

export const MEDIA_RULES: readonly Rule<CheckedChat>[] = [
  {
    id: 'image-count',
    says: 'A message has at most 10 images.',
    refusal: invalid('IMAGE_COUNT_EXCEEDED'),
    broken: (input) => eachUser(input, ({ images = [] }) => images.length > MAX_IMAGES),
  },
  {
    id: 'image-format',
    says: 'An image is png, jpeg, gif or webp.',
    refusal: invalid('IMAGE_FORMAT_UNSUPPORTED'),
    broken: (input) =>
      eachUser(input, ({ images = [] }) => images.some(({ format }) => !IMAGE_FORMATS.includes(format))),
  },
  {
    id: 'image-mime',
    says: 'The bytes of an image are of the format it says.',
    refusal: invalid('IMAGE_MIME_MISMATCH'),
    broken: (input) =>
      eachUser(input, ({ images = [] }) =>
        images.some(({ format, source }) => sniffImage(head(source.bytes)) !== format),
      ),
  },
  {
    id: 'image-size',
    says: 'An image has at most 10,000,000 bytes.',
    refusal: invalid('IMAGE_SIZE_EXCEEDED'),
    broken: (input) =>
      eachUser(input, ({ images = [] }) => images.some(({ source }) => bytesOf(source.bytes) > MAX_IMAGE_BYTES)),
  },
  {
    id: 'image-dimension',
    says: 'An image has at most 8,000 pixels on either side.',
    refusal: invalid('IMAGE_DIMENSION_EXCEEDED'),
    broken: (input) =>
      eachUser(input, ({ images = [] }) =>
        images.some(({ source }) => Math.max(...(imageSize(head(source.bytes)) ?? [0])) > MAX_IMAGE_PIXELS),
      ),
  },
  {
    id: 'image-model',
    says: 'The model takes images.',
    refusal: IMPROPERLY_FORMED,
    broken: ({ current, model }) =>
      current.images && model && !model.supportedInputTypes.includes('IMAGE') ? model.modelId : undefined,
  },
  {
    id: 'document-count',
    says: 'A message has at most 5 documents.',
    refusal: invalid('DOCUMENT_COUNT_EXCEEDED'),
    broken: (input) => eachUser(input, ({ documents = [] }) => documents.length > MAX_DOCUMENTS),
  },
  {
    id: 'document-format',
    says: 'A document is pdf, csv, doc, docx, xls, xlsx, html, txt or md, and has a plain name.',
    refusal: IMPROPERLY_FORMED,
    broken: (input) =>
      eachUser(input, ({ documents = [] }) =>
        documents.some(({ format, name }) => !DOCUMENT_FORMATS.includes(format) || !DOCUMENT_NAME.test(name)),
      ),
  },
  {
    id: 'document-size',
    says: 'A document has at most 4,500,000 bytes.',
    refusal: invalid('DOCUMENT_SIZE_EXCEEDED'),
    broken: (input) =>
      eachUser(input, ({ documents = [] }) =>
        documents.some(({ source }) => bytesOf(source.bytes) > MAX_DOCUMENT_BYTES),
      ),
  },
  {
    id: 'document-duplicate',
    says: 'No two documents of a request have the same name.',
    refusal: invalid('DOCUMENT_DUPLICATE_NAME'),
    broken: ({ messages }) => {
      const names = messages.flatMap((message) =>
        isUser(message) ? (message.userInputMessage.documents ?? []).map(({ name }) => name) : [],
      );
      return names.find((name, index) => names.indexOf(name) < index);
    },
  },
  {
    id: 'document-model',
    says: 'The model takes documents.',
    refusal: invalid('DOCUMENT_MODEL_NOT_SUPPORTED'),
    broken: ({ current, model }) =>
      current.documents && model && !model.supportedInputTypes.includes('IMAGE') ? model.modelId : undefined,
  },
];

function invalid(reason: string) {
  return validation('Improperly formed request.', reason);
}

function eachUser({ messages }: CheckedChat, isBroken: (message: UserInputMessage) => boolean): string | undefined {
  return firstFault(messages, (message, index) =>
    isUser(message) && isBroken(message.userInputMessage) ? `message ${index}` : undefined,
  );
}

/** Enough to detect the format and, in most files, the size. */
function head(base64: string): Buffer {
  return Buffer.from(base64.slice(0, 64 * 1024), 'base64');
}

function bytesOf(base64: string): number {
  return (base64.length / 4) * 3 - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0);
}
