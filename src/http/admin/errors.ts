/** The error format of the admin API. */
import { ERROR_RULES, type ErrorCode, type GatewayError } from '../../core/errors.ts';
import type { AdminError } from './contract/common.ts';

/** `/v2` and everything below it. */
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
 * A request about one account fails with 409 if that account is signed out or at its limit: the gateway works, and trying
 * again later is not the answer.
 */
function statusOf(code: ErrorCode): number {
  const { status, blame } = ERROR_RULES[code];
  return blame === 'account' ? CONFLICT : status;
}

const CONFLICT = 409;
