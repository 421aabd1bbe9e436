/** What reading a document comes to. Plain data: it travels from the worker thread. */
export type Finding =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'encrypted' }
  | { readonly type: 'too-large'; readonly why: string }
  /** Whole, but there are no words in it: scanned pages. */
  | { readonly type: 'no-text' }
  | { readonly type: 'broken'; readonly why: string };

/** More characters than any model's window holds. */
export const MAX_TEXT_CHARACTERS = 4_000_000;

export function textFinding(text: string): Finding {
  if (text.length > MAX_TEXT_CHARACTERS)
    return { type: 'too-large', why: `it has more than ${MAX_TEXT_CHARACTERS} characters of text` };
  return text.trim() === '' ? { type: 'no-text' } : { type: 'text', text };
}
