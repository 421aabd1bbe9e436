/** How the admin API says what went wrong. */
import { ERROR_RULES, type ErrorCode, type GatewayError } from '../../core/errors.ts';
import type { AdminError } from './contract/common.ts';

/** `/v2/…`, whatever stands behind it. */
export function isAdminPath(url: string): boolean {
  return /^\/v2(?:[/?#]|$)/.test(url);
}

export const adminErrors = {
  writeError(error: GatewayError) {
    const { code, message, param = null, retryAfterMs } = error;
    const body: AdminError = {
      error: { code, message, param },
    };
    const headers: Record<string, string> = {};
    if (retryAfterMs !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
    return { status: statusOf(code), headers, body };
  },
};

/**
 * Whoever administers asked about one account: that it is signed out or at its limit is a fact about that account, and
 * no reason to take the gateway for broken or to come back later.
 */
function statusOf(code: ErrorCode): number {
  const { status, blame } = ERROR_RULES[code];
  return blame === 'account' ? CONFLICT : status;
}

const CONFLICT = 409;
