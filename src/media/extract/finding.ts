/** The result of reading a document. Plain data, because the worker thread sends it as a message. */
export type Finding =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'encrypted' }
  | { readonly type: 'too-large'; readonly why: string }
  /** Readable, but without text, such as scanned pages. */
  | { readonly type: 'no-text' }
  | { readonly type: 'broken'; readonly why: string };

/** More than any model's context window holds. */
export const MAX_TEXT_CHARACTERS = 4_000_000;

export function textFinding(text: string): Finding {
  if (text.length > MAX_TEXT_CHARACTERS)
    return { type: 'too-large', why: `it has more than ${MAX_TEXT_CHARACTERS} characters of text` };
  return text.trim() === '' ? { type: 'no-text' } : { type: 'text', text };
}
