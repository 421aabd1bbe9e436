/**
 * Errors in the format that OpenAI's APIs share: https://platform.openai.com/docs/guides/error-codes. The official SDKs
 * follow `retry-after`, `retry-after-ms` and `x-should-retry`; agents compact their history when they see the vendor's
 * own message about an overlong conversation.
 */
import { ERROR_RULES, type ErrorCode, type GatewayError } from '../core/errors.ts';
import type { WrittenError } from './protocol.ts';

interface Spelling {
  readonly type: 'invalid_request_error' | 'requests' | 'insufficient_quota' | 'server_error';
  readonly code: string | null;
  /** `never`: retrying cannot help, and the response says so. */
  readonly retry: 'later' | 'never';
}

const REFUSED: Spelling = { type: 'invalid_request_error', code: null, retry: 'never' };
const THROTTLED: Spelling = { type: 'requests', code: 'rate_limit_exceeded', retry: 'later' };
const USED_UP: Spelling = { type: 'insufficient_quota', code: 'insufficient_quota', retry: 'never' };
const FAILED: Spelling = { type: 'server_error', code: null, retry: 'later' };
const FAILED_FOR_GOOD: Spelling = { ...FAILED, retry: 'never' };

const SPELLINGS: Record<ErrorCode, Spelling> = {
  invalid_request: REFUSED,
  unsupported_parameter: { ...REFUSED, code: 'unsupported_parameter' },
  context_too_long: { ...REFUSED, code: 'context_length_exceeded' },
  upstream_refused: REFUSED,
  signature_invalid: REFUSED,
  thinking_required: REFUSED,
  documents_refused: REFUSED,
  unauthorized: { ...REFUSED, code: 'invalid_api_key' },
  forbidden: REFUSED,
  unknown_model: { ...REFUSED, code: 'model_not_found' },
  not_found: REFUSED,
  method_not_allowed: REFUSED,
  request_too_large: REFUSED,
  client_closed: REFUSED,
  client_stalled: REFUSED,
  rate_limited: THROTTLED,
  budget_exhausted: USED_UP,

  token_rejected: FAILED,
  credential_rejected: FAILED_FOR_GOOD,
  credential_unavailable: FAILED,
  account_suspended: FAILED_FOR_GOOD,
  profile_required: FAILED_FOR_GOOD,
  quota_exhausted: USED_UP,
  daily_limit: USED_UP,
  account_throttled: THROTTLED,
  permission_denied: REFUSED,
  feature_not_supported: REFUSED,

  upstream_throttled: THROTTLED,
  upstream_overloaded: FAILED,
  upstream_broken: FAILED,
  upstream_unexpected: FAILED_FOR_GOOD,
  tool_use_truncated: FAILED,
  empty_reply: FAILED,
  output_invalid: { ...FAILED_FOR_GOOD, code: 'output_invalid' },
  upstream_timeout: FAILED,
  upstream_conflict: FAILED,
  upstream_not_found: FAILED_FOR_GOOD,

  no_account: FAILED,
  accounts_busy: THROTTLED,
  storage_unavailable: FAILED,
  gateway_busy: FAILED,
  shutting_down: FAILED,
  internal: FAILED,
};

/** Rule for an unsupported value of a known parameter; clients see the code `unsupported_value`. */
export const RULE_VALUE = 'unsupported-value';

/** Rule for a missing previous response. */
export const RULE_PREVIOUS = 'previous-response';

/** Rules for which the vendor has a more specific code. */
const CODES_BY_RULE: ReadonlyMap<string, string> = new Map([
  [RULE_VALUE, 'unsupported_value'],
  [RULE_PREVIOUS, 'previous_response_not_found'],
  ['attachment-url', 'invalid_image_url'],
]);

export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** An API's message about an overlong conversation; agents recognize the vendor's wording. */
export interface OverlongWords {
  /** The field that is too long. */
  readonly param: string;
  message(tokens: GatewayError['tokens']): string;
}

export interface ErrorWords {
  writeError(error: GatewayError): WrittenError;
  /** The error inside a stream, without status and headers. */
  toErrorBody(error: GatewayError): ErrorBody;
}

export function errorWords(overlong: OverlongWords): ErrorWords {
  const toErrorBody = (error: GatewayError): ErrorBody => {
    const { type, code } = SPELLINGS[error.code];
    const specificCode = error.rule === undefined ? undefined : CODES_BY_RULE.get(error.rule);
    const message = error.code === 'context_too_long' ? overlong.message(error.tokens) : messageOf(error);
    return { error: { message, type, param: paramOf(error, overlong), code: specificCode ?? code } };
  };
  return {
    toErrorBody,
    writeError: (error) => ({
      status: ERROR_RULES[error.code].status,
      headers: headersOf(error),
      body: toErrorBody(error),
    }),
  };
}

function messageOf({ code, message }: GatewayError): string {
  // Clients that validate the body take an empty message for a missing error body.
  return message.trim() === '' ? `The request failed: ${code}.` : message;
}

function paramOf({ code, param }: GatewayError, overlong: OverlongWords): string | null {
  if (code === 'context_too_long') return param ?? overlong.param;
  if (code === 'unknown_model') return param ?? 'model';
  return param ?? null;
}

function headersOf(error: GatewayError): Record<string, string> {
  const { code, retryAfterMs } = error;
  const headers: Record<string, string> = {};
  if (!canRetry(error)) headers['x-should-retry'] = 'false';
  if (retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
    headers['retry-after-ms'] = String(Math.max(1, Math.ceil(retryAfterMs)));
  } else if (canRetry(error) && WAITING_STATUSES.has(ERROR_RULES[code].status)) {
    headers['retry-after'] = String(DEFAULT_RETRY_AFTER_S);
  }
  return headers;
}

/** `no_account` can be retried only if an account becomes available again, which sets a time. */
function canRetry({ code, retryAfterMs }: GatewayError): boolean {
  if (code === 'no_account') return retryAfterMs !== undefined;
  return SPELLINGS[code].retry === 'later';
}

/** Some agents give up at once if one of these comes without `retry-after`. */
const WAITING_STATUSES: ReadonlySet<number> = new Set([429, 503]);
const DEFAULT_RETRY_AFTER_S = 5;
