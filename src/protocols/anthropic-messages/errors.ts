/**
 * Errors in Anthropic's format. Types and statuses: https://docs.anthropic.com/en/api/errors. Claude Code and the
 * official SDKs follow `retry-after` and `x-should-retry`; agents compact their history when they see the vendor's own
 * message about an overlong prompt.
 */
import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { WrittenError } from '../protocol.ts';

type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'conflict_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'api_error'
  | 'timeout_error'
  | 'overloaded_error';

interface Spelling {
  readonly type: ErrorType;
  readonly status: number;
  /** `never`: retrying cannot help, and the response says so. */
  readonly retry: 'later' | 'never';
}

const SPELLINGS: Record<ErrorCode, Spelling> = {
  invalid_request: { type: 'invalid_request_error', status: 400, retry: 'never' },
  unsupported_parameter: { type: 'invalid_request_error', status: 400, retry: 'never' },
  context_too_long: { type: 'invalid_request_error', status: 400, retry: 'never' },
  upstream_refused: { type: 'invalid_request_error', status: 400, retry: 'never' },
  signature_invalid: { type: 'invalid_request_error', status: 400, retry: 'never' },
  thinking_required: { type: 'invalid_request_error', status: 400, retry: 'never' },
  documents_refused: { type: 'invalid_request_error', status: 400, retry: 'never' },
  unauthorized: { type: 'authentication_error', status: 401, retry: 'never' },
  forbidden: { type: 'permission_error', status: 403, retry: 'never' },
  unknown_model: { type: 'not_found_error', status: 404, retry: 'never' },
  not_found: { type: 'not_found_error', status: 404, retry: 'never' },
  method_not_allowed: { type: 'invalid_request_error', status: 405, retry: 'never' },
  request_too_large: { type: 'request_too_large', status: 413, retry: 'never' },
  client_closed: { type: 'invalid_request_error', status: 499, retry: 'never' },
  client_stalled: { type: 'invalid_request_error', status: 499, retry: 'never' },
  rate_limited: { type: 'rate_limit_error', status: 429, retry: 'later' },
  budget_exhausted: { type: 'rate_limit_error', status: 429, retry: 'never' },

  token_rejected: { type: 'api_error', status: 503, retry: 'later' },
  credential_rejected: { type: 'api_error', status: 503, retry: 'never' },
  credential_unavailable: { type: 'api_error', status: 503, retry: 'later' },
  account_suspended: { type: 'api_error', status: 503, retry: 'never' },
  profile_required: { type: 'api_error', status: 503, retry: 'never' },
  quota_exhausted: { type: 'rate_limit_error', status: 429, retry: 'never' },
  daily_limit: { type: 'rate_limit_error', status: 429, retry: 'never' },
  account_throttled: { type: 'rate_limit_error', status: 429, retry: 'later' },
  // 400 instead of 403, because a 403 makes Claude Code ask its user to log in, which would not help.
  permission_denied: { type: 'invalid_request_error', status: 400, retry: 'never' },
  feature_not_supported: { type: 'invalid_request_error', status: 400, retry: 'never' },

  upstream_throttled: { type: 'rate_limit_error', status: 429, retry: 'later' },
  upstream_overloaded: { type: 'overloaded_error', status: 529, retry: 'later' },
  upstream_broken: { type: 'api_error', status: 502, retry: 'later' },
  upstream_unexpected: { type: 'api_error', status: 502, retry: 'never' },
  tool_use_truncated: { type: 'api_error', status: 502, retry: 'later' },
  empty_reply: { type: 'api_error', status: 502, retry: 'later' },
  output_invalid: { type: 'api_error', status: 502, retry: 'never' },
  upstream_timeout: { type: 'timeout_error', status: 504, retry: 'later' },
  upstream_conflict: { type: 'conflict_error', status: 409, retry: 'later' },
  upstream_not_found: { type: 'not_found_error', status: 404, retry: 'never' },

  no_account: { type: 'api_error', status: 503, retry: 'later' },
  accounts_busy: { type: 'rate_limit_error', status: 429, retry: 'later' },
  storage_unavailable: { type: 'overloaded_error', status: 529, retry: 'later' },
  gateway_busy: { type: 'overloaded_error', status: 529, retry: 'later' },
  shutting_down: { type: 'overloaded_error', status: 529, retry: 'later' },
  internal: { type: 'api_error', status: 500, retry: 'later' },
};

export function writeError(error: GatewayError, requestId: string): WrittenError {
  const { type, status } = SPELLINGS[error.code];
  return {
    status,
    headers: headersOf(error),
    body: { type: 'error', error: { type, message: messageOf(error), ...detailsOf(error) }, request_id: requestId },
  };
}

/**
 * The data of an `error` event inside a stream. Without a status, clients decide by the type whether to retry; the only
 * transient type that all of them retry is `overloaded_error`.
 */
export function writeStreamError(error: GatewayError): unknown {
  const type: ErrorType = SPELLINGS[error.code].retry === 'later' ? 'overloaded_error' : 'invalid_request_error';
  return { type: 'error', error: { type, message: messageOf(error), ...detailsOf(error) } };
}

/** Rule id, and the `error_code` that makes the SDK's tool runner send the whole history instead. */
const THREADS_UNSUPPORTED = 'thread_unsupported_request';

/** The error for server-side message threads. */
export function threadsUnsupported(): GatewayError {
  return new GatewayError('unsupported_parameter', 'Message threads are not supported.', {
    param: 'thread',
    rule: THREADS_UNSUPPORTED,
  });
}

function detailsOf(error: GatewayError): object {
  if (error.rule !== THREADS_UNSUPPORTED) return {};
  return { details: { error_code: THREADS_UNSUPPORTED, unsupported: ['thread'] } };
}

function messageOf(error: GatewayError): string {
  const { code, param, message, tokens } = error;
  // Exactly the vendor's message: agents parse both numbers to size their compaction.
  if (code === 'context_too_long')
    return `prompt is too long: ${tokens?.actual ?? UNKNOWN_WINDOW + 1} tokens > ${tokens?.maximum ?? UNKNOWN_WINDOW} maximum`;
  if (code === 'signature_invalid' && !SIGNATURE_WORDING.test(message))
    return `Invalid \`signature\` in \`thinking\` block. ${message}`.trim();
  if (message === '') return `${SPELLINGS[code].type}: ${code}`;
  // The vendor's errors have no field for the path, so the message names it.
  return param === undefined || message.includes(param) ? message : `${param}: ${message}`;
}

/** In tokens: the smallest context window of all models, used if the service reports no figures. */
const UNKNOWN_WINDOW = 200_000;

/** On this message, Claude Code sends its history without thinking blocks. */
const SIGNATURE_WORDING = /invalid `signature` in `thinking` block/i;

function headersOf(error: GatewayError): Record<string, string> {
  const { status } = SPELLINGS[error.code];
  const retry = retryOf(error);
  const { retryAfterMs } = error;
  const headers: Record<string, string> = {};
  if (retry === 'never') headers['x-should-retry'] = 'false';
  if (retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
    headers['retry-after-ms'] = String(Math.max(1, Math.ceil(retryAfterMs)));
  } else if (retry === 'later' && WAITING_STATUSES.has(status)) {
    headers['retry-after'] = String(DEFAULT_RETRY_AFTER_S);
  }
  return headers;
}

/** `no_account` can be retried only if an account becomes available again, which sets a time. */
function retryOf({ code, retryAfterMs }: GatewayError): Spelling['retry'] {
  return code === 'no_account' && retryAfterMs === undefined ? 'never' : SPELLINGS[code].retry;
}

/** Some clients give up at once if one of these comes without `retry-after`. */
const WAITING_STATUSES: ReadonlySet<number> = new Set([429, 503, 529]);
const DEFAULT_RETRY_AFTER_S = 5;
