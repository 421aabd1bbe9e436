/**
 * Which failures may be caused by the region or wire profile (host, body, headers, user agent) rather than by the
 * account or the client's request, so that another region or wire profile is worth trying.
 */
import type { GatewayError } from '../../core/errors.ts';

/** Never for the account's plan, its limits or the model, which do not depend on the wire profile. */
export function suggestsOtherWireProfile({ code, upstream, cause }: GatewayError): boolean {
  switch (code) {
    // Hosts that check the user agent or headers return these, and so does the host of a wrong region.
    case 'permission_denied':
      return upstream?.reason === undefined;
    case 'token_rejected':
    case 'credential_rejected':
      return upstream !== undefined;
    case 'profile_required':
      return true;
    case 'upstream_not_found':
      // Not the operation itself is missing.
      return upstream?.name !== 'ResourceNotFoundException';
    case 'upstream_refused':
      return isAboutForm(upstream);
    case 'upstream_broken':
      return isUnknownHost(cause);
    default:
      return false;
  }
}

/** A region refuses the other region's accounts with 403, as lacking access or as a bad token. */
export function suggestsOtherRegion({ code, upstream }: GatewayError): boolean {
  return upstream?.status === 403 && (code === 'permission_denied' || code === 'token_rejected');
}

function isAboutForm(upstream: GatewayError['upstream']): boolean {
  if (!upstream) return false;
  const { status, name, reason, message } = upstream;
  if (reason !== undefined) return reason.startsWith('REQUEST_BODY_INVALID');
  return status === 410 || status === 415 || FORM_ERRORS.has(name ?? '') || UNKNOWN_MEMBER.test(message ?? '');
}

/** Errors of AWS's protocols, before the service looks at the request: https://smithy.io/2.0/aws/protocols/index.html */
const FORM_ERRORS: ReadonlySet<string> = new Set([
  'UnknownOperationException',
  'SerializationException',
  'UnsupportedMediaTypeException',
]);

const UNKNOWN_MEMBER = /\b(?:unknown|unrecogni[sz]ed) (?:field|member|propert)/i;

/** The host does not exist (any more), or another server answers in its place. */
function isUnknownHost(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && UNKNOWN_HOST.test(code);
}

const UNKNOWN_HOST = /^(?:ENOTFOUND|EAI_NONAME|EAI_NODATA|ECONNREFUSED|ERR_TLS_CERT_ALTNAME_INVALID)$/;
