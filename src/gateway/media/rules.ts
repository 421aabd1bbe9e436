/** Every adjustment which seeing to images and documents can make, and what each means. */
import { type Adjustment, adjustment } from '../../core/adjustments.ts';

export const MEDIA_RULES = {
  'attachment-fetched': 'What an address in the request points at was fetched and sent in its place.',
  'attachment-type': 'A file was declared as something else than its bytes are; the bytes decided.',
  'document-encoding': 'A text document was not in UTF-8 and was encoded again.',
  'document-extracted':
    'The text of a document was sent in its place, because this model or account does not take the document itself, or not at its size.',
  'image-scaled': 'An image was larger than the service takes and was scaled down or compressed.',
} as const satisfies Record<string, string>;

export function note(rule: keyof typeof MEDIA_RULES, path: string, before?: string, after?: string): Adjustment {
  return adjustment(rule, path, before, after);
}
