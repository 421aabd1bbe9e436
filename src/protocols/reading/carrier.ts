/**
 * `encrypted_content`: what a client keeps for us and gives back with the next request. For reasoning that is its text
 * with the service's signature, or what the service redacted; for a compaction the summary. It is opaque to clients,
 * not secret from them: nothing is in it which they had not been sent or had not written themselves.
 */
import { isJsonObject } from '../../core/json.ts';

export type Carried =
  | { readonly type: 'reasoning'; readonly text: string; readonly signature?: string }
  | { readonly type: 'redacted'; readonly data: string }
  | { readonly type: 'summary'; readonly text: string };

/** Nine bytes, so that its base64 is a prefix of the whole's base64. */
const PREFIX = Buffer.from('dragoman:').toString('base64');

export function carry(carried: Carried): string {
  return PREFIX + Buffer.from(JSON.stringify(carried)).toString('base64');
}

/** Undefined for what another service wrote, and for what was changed on the way. */
export function openCarrier(content: string | null | undefined): Carried | undefined {
  if (!content?.startsWith(PREFIX)) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(content.slice(PREFIX.length), 'base64').toString());
    return isJsonObject(value) ? readCarried(value) : undefined;
  } catch {
    return undefined;
  }
}

function readCarried({ type, text, data, signature }: { readonly [key: string]: unknown }): Carried | undefined {
  if (type === 'redacted' && typeof data === 'string') return { type, data };
  if (typeof text !== 'string') return undefined;
  if (type === 'summary') return { type, text };
  if (type !== 'reasoning') return undefined;
  return { type, text, ...(typeof signature === 'string' ? { signature } : {}) };
}
