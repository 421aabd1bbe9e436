/** Error messages as the ledger keeps them: without what they quote of the request or the reply. */
import type { ErrorCode, GatewayError } from '../../core/errors.ts';

const MAX_CHARACTERS = 500;

/** Their messages may quote the client's or the model's text. All others consist of dragoman's and the service's words. */
const QUOTING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'invalid_request',
  'unsupported_parameter',
  'upstream_refused',
  'upstream_unexpected',
  'output_invalid',
  'tool_use_truncated',
]);

/** From the first quotation mark to the last: what stands between may have quotation marks of its own. */
const QUOTED = /(?:["“”`«]|(?<!\w)'|'(?!\w)).*(?:["“”`»]|(?<!\w)'|'(?!\w))/s;

export function errorText(error: GatewayError): string {
  const { code, message } = error;
  const text = QUOTING.has(code) ? message.replace(QUOTED, '…') : message;
  return text.slice(0, MAX_CHARACTERS);
}
