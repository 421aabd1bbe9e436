/**
 * Signatures of thinking blocks. The upstream's own are passed through untouched. Where it gave none, or where the
 * client wants the thinking omitted, the block carries an opaque one of ours, recognised when it comes back: so that a
 * client which was never shown the reasoning still returns it whole, and no foreign signature is ever sent upstream.
 */
import { isJsonObject } from '../../core/json.ts';

/** Nine bytes, so that its base64 is a prefix of the whole's base64. */
const PREFIX = Buffer.from('dragoman:').toString('base64');

export interface SignedReasoning {
  readonly text: string;
  /** The upstream's. */
  readonly signature: string | undefined;
}

/** The signature of a block whose text the client is shown. */
export function visibleSignature(upstreamSignature: string | undefined): string {
  return upstreamSignature || PREFIX;
}

/** The signature of a block whose text the client is not shown: it holds that text. */
export function sealedSignature({ text, signature }: SignedReasoning): string {
  return PREFIX + Buffer.from(JSON.stringify({ text, signature: signature || undefined })).toString('base64');
}

/** What a client's thinking block says, with our own placeholder taken off again. */
export function readSignature(text: string, signature: string | undefined): SignedReasoning {
  if (!signature) return { text, signature: undefined };
  if (!signature.startsWith(PREFIX)) return { text, signature };
  const sealed = unseal(signature.slice(PREFIX.length));
  return sealed && text === '' ? sealed : { text, signature: undefined };
}

function unseal(base64: string): SignedReasoning | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString());
    if (!isJsonObject(value) || typeof value.text !== 'string') return undefined;
    return { text: value.text, signature: typeof value.signature === 'string' ? value.signature : undefined };
  } catch {
    return undefined; // ours by its prefix, but cut or changed on the way
  }
}
