/** Classifies failures to obtain an account's access token or signing keys before a request is sent. */
import { GatewayError } from '../core/errors.ts';
import { MAX_THROTTLE_WAIT_MS } from '../core/times.ts';

/** A network failure or a busy token endpoint may be over in a moment; the pause grows with each attempt. */
const FIRST_PAUSE_MS = 1_000;

/**
 * Returns `credential_unavailable`, unless the failure has another cause: a rejected credential, a failing database, a
 * removed account or a disconnected client. `retryAfterMs` is the first pause, if waiting may help.
 */
export function credentialFailure(cause: unknown): GatewayError {
  const error = GatewayError.from(cause);
  const { code, message, retryAfterMs = 0, upstream } = error;
  switch (code) {
    case 'upstream_broken':
    case 'upstream_timeout':
    case 'upstream_throttled':
    case 'upstream_overloaded':
      return new GatewayError('credential_unavailable', message, {
        retryAfterMs: Math.min(MAX_THROTTLE_WAIT_MS, Math.max(FIRST_PAUSE_MS, retryAfterMs)),
        upstream,
        cause: error,
      });
    case 'credential_rejected':
    case 'storage_unavailable':
    case 'no_account':
    case 'client_closed':
    case 'internal':
      return error;
    default:
      return new GatewayError('credential_unavailable', message, { upstream, cause: error });
  }
}
