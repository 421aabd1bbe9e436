/** The adjustments made to images and documents before encoding, and what each means. */
import { type Adjustment, adjustment } from '../../core/adjustments.ts';

export const MEDIA_RULES = {
  'attachment-fetched': 'The file at a URL in the request was fetched and sent in place of the URL.',
  'attachment-type': 'The declared type of a file did not match its bytes; the type found in the bytes was used.',
  'attachment-unreadable':
    'An image or document of the history or of a tool’s result cannot be read; a line of text takes its place, because an error would end the session.',
  'document-encoding': 'A text document was not in UTF-8 and was converted.',
  'document-extracted':
    'The text of a document was sent instead, because this model or account does not accept the document itself, or not at that size.',
  'image-scaled': 'An image was larger than the service accepts and was scaled down or compressed.',
} as const satisfies Record<string, string>;

export function mediaAdjustment(
  rule: keyof typeof MEDIA_RULES,
  path: string,
  before?: string,
  after?: string,
): Adjustment {
  return adjustment(rule, path, before, after);
}
