/** Classifies failures to obtain an account's access token or signing keys before a request is sent. */
import { GatewayError } from '../core/errors.ts';
import { MAX_THROTTLE_WAIT_MS } from '../core/times.ts';

/** A connection that broke or a busy token endpoint may work again at once; the pause grows with each attempt. */
const FIRST_PAUSE_MS = 1_000;

/**
 * As `credential_unavailable`, unless the failure says something else: that the credential is dead, that the database
 * fails, that the account or the client is gone. `retryAfterMs` is the first pause where waiting may help.
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
