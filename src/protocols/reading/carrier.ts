/**
 * `encrypted_content`: state that a client stores and sends back with the next request. For reasoning it is the text
 * with the service's signature, or the redacted data; for a compaction, the summary. It is opaque to clients but not
 * secret: it contains only what they have sent or received.
 */
import { parseJsonObject } from '../../core/json.ts';

export type Carried =
  | { readonly type: 'reasoning'; readonly text: string; readonly signature?: string }
  | { readonly type: 'redacted'; readonly data: string }
  | { readonly type: 'summary'; readonly text: string };

/** Nine bytes, so that its base64 is a prefix of the encoded content. */
const PREFIX = Buffer.from('dragoman:').toString('base64');

export function carry(carried: Carried): string {
  return PREFIX + Buffer.from(JSON.stringify(carried)).toString('base64');
}

/** undefined for another service's content, and for content that was changed. */
export function openCarrier(content: string | null | undefined): Carried | undefined {
  if (!content?.startsWith(PREFIX)) return undefined;
  const value = parseJsonObject(Buffer.from(content.slice(PREFIX.length), 'base64').toString('utf8'));
  return value && readCarried(value);
}

function readCarried({ type, text, data, signature }: { readonly [key: string]: unknown }): Carried | undefined {
  if (type === 'redacted' && typeof data === 'string') return { type, data };
  if (typeof text !== 'string') return undefined;
  if (type === 'summary') return { type, text };
  if (type !== 'reasoning') return undefined;
  return { type, text, ...(typeof signature === 'string' ? { signature } : {}) };
}
