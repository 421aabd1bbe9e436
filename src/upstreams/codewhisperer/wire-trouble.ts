/**
 * Which refusals may be about the way the service is spoken to (region, host, body, headers, user agent) rather than
 * about the account or the client's request: those for which another region or wire profile is worth a try.
 */
import type { GatewayError } from '../../core/errors.ts';

/** Never about the account's plan, its limits or the model: those hold whatever the wire profile is. */
export function suggestsOtherWireProfile({ code, upstream, cause }: GatewayError): boolean {
  switch (code) {
    // Hosts that look at the user agent or at headers say these, and so does the host of a wrong region.
    case 'permission_denied':
      return upstream?.reason === undefined;
    case 'token_rejected':
    case 'credential_rejected':
      return upstream !== undefined;
    case 'profile_required':
      return true;
    case 'upstream_not_found':
      // Something other than the operation is missing.
      return upstream?.name !== 'ResourceNotFoundException';
    case 'upstream_refused':
      return isAboutForm(upstream);
    case 'upstream_broken':
      return isUnknownHost(cause);
    default:
      return false;
  }
}

/** A region refuses the accounts of the other one with 403, as an account without access or as a bad token. */
export function suggestsOtherRegion({ code, upstream }: GatewayError): boolean {
  return upstream?.status === 403 && (code === 'permission_denied' || code === 'token_rejected');
}

function isAboutForm(upstream: GatewayError['upstream']): boolean {
  if (!upstream) return false;
  const { status, name, reason } = upstream;
  return reason?.startsWith('REQUEST_BODY_INVALID') === true || status === 415 || name === 'UnknownOperationException';
}

/** The host does not exist (any more), or something else answers in its place. */
function isUnknownHost(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && UNKNOWN_HOST.test(code);
}

const UNKNOWN_HOST = /^(?:ENOTFOUND|EAI_NONAME|EAI_NODATA|ECONNREFUSED|ERR_TLS_CERT_ALTNAME_INVALID)$/;
