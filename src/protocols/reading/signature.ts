/**
 * Signatures of thinking blocks. The upstream's are passed through unchanged. If it sends none, or if the client wants
 * the thinking omitted, the block gets an opaque signature that dragoman recognizes when the client sends it back. So a
 * client that never saw the reasoning still returns it, and no foreign signature is sent upstream.
 */
import { parseJsonObject } from '../../core/json.ts';

/** Nine bytes, so that its base64 is a prefix of the encoded signature. */
const PREFIX = Buffer.from('dragoman:').toString('base64');

export interface SignedReasoning {
  readonly text: string;
  /** The upstream's signature. */
  readonly signature: string | undefined;
}

/** The signature of a block with visible text. */
export function visibleSignature(upstreamSignature: string | undefined): string {
  return upstreamSignature || PREFIX;
}

/** The signature of a block with omitted text, which contains that text. */
export function sealedSignature({ text, signature }: SignedReasoning): string {
  return PREFIX + Buffer.from(JSON.stringify({ text, signature: signature || undefined })).toString('base64');
}

/** The text and the upstream signature of a client's thinking block, unwrapped from dragoman's signature. */
export function readSignature(text: string, signature: string | undefined): SignedReasoning {
  if (!signature) return { text, signature: undefined };
  if (!signature.startsWith(PREFIX)) return { text, signature };
  const sealed = unseal(signature.slice(PREFIX.length));
  return sealed && text === '' ? sealed : { text, signature: undefined };
}

function unseal(base64: string): SignedReasoning | undefined {
  const value = parseJsonObject(Buffer.from(base64, 'base64').toString('utf8'));
  // Without a text, it has dragoman's prefix but was truncated or changed.
  if (typeof value?.text !== 'string') return undefined;
  return { text: value.text, signature: typeof value.signature === 'string' ? value.signature : undefined };
}
