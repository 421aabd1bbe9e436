/**
 * The service's known failures, in the order in which they are matched: by reason and message first, then by status.
 * The first matching row decides.
 * Source: the exceptions and reasons of the published streaming client, and messages its users have reported.
 */
import type { ErrorCode, UpstreamFailure } from '../../core/errors.ts';

/** `status` is the one the exception's name stands for, else the HTTP status. */

export interface FailureRow {
  readonly id: string;
  readonly code: ErrorCode;
  readonly when: (failure: UpstreamFailure) => boolean;
  /** What happened, why, and what to do. */
  readonly explanation: string;
  /** The account's cooldown if the response does not name one. */
  readonly restMs?: number;
}

export const FAILURE_ROWS: readonly FailureRow[] = [
  // Exhausted limits. Status 402 always means one, except for the limit of a conversation.
  {
    id: 'conversation-limit',
    code: 'context_too_long',
    when: reason('CONVERSATION_LIMIT_EXCEEDED'),
    explanation: 'This conversation has reached its limit at the service. Compact it or start a new one.',
  },
  {
    id: 'daily-limit',
    code: 'daily_limit',
    when: reason('DAILY_REQUEST_COUNT'),
    explanation: 'The account has reached its daily limit.',
  },
  {
    id: 'quota',
    code: 'quota_exhausted',
    when: either(
      reason(
        'HOURLY_REQUEST_COUNT',
        'WEEKLY_REQUEST_COUNT',
        'MONTHLY_REQUEST_COUNT',
        'USAGE_LIMIT_REACHED',
        'OVERAGE_REQUEST_LIMIT_EXCEEDED',
      ),
      says(/maximum request reached for this month|reached the limit for overages/i),
      status(402),
    ),
    explanation: 'The account’s plan is used up until its next reset.',
  },

  // Faults in the request body, whatever the status.
  {
    id: 'context-too-long',
    code: 'context_too_long',
    when: either(
      reason('CONTENT_LENGTH_EXCEEDS_THRESHOLD', 'PROMPT_TOO_LONG'),
      named(/^ContentLengthExceeded/),
      says(/input is too long|prompt is too long|exceeded max chat context length/i),
    ),
    explanation: 'The conversation is too long for this model. Shorten or compact it, or choose a larger window.',
  },
  {
    id: 'signature-invalid',
    code: 'signature_invalid',
    when: either(reason('THINKING_SIGNATURE_INVALID'), says(/invalid .{0,10}signature.{0,20}thinking/i)),
    explanation:
      'The service does not recognise the reasoning sent back in the history. Leave it out or start a new conversation.',
  },
  {
    id: 'thinking-required',
    code: 'thinking_required',
    when: both(status(400), says(/\bthinking\b.{0,40}\bdisabled\b/i)),
    explanation: 'This model cannot turn reasoning off. Leave reasoning on, or choose another model.',
  },
  {
    id: 'model-unknown',
    code: 'unknown_model',
    when: either(reason('INVALID_MODEL_ID'), says(/^invalid model\b/i)),
    explanation: 'The service does not offer this model to the account. GET /v1/models lists the available models.',
  },
  {
    id: 'tools',
    code: 'upstream_refused',
    when: either(reason(/^TOOL_/), says(/expected toolresult blocks|invalid tool use format|^input_schema does not/i)),
    explanation: 'The service refused the request’s tools, tool calls or tool results.',
  },
  {
    id: 'images',
    code: 'invalid_request',
    when: reason(/^IMAGE_/),
    explanation: 'The service refused an image: there are too many, or its size, dimensions or format is not accepted.',
  },
  {
    id: 'document-password',
    code: 'invalid_request',
    when: reason(/^DOCUMENT_PASSWORD/),
    explanation:
      'The service refused a document because it is password-protected. Remove the password and send it again.',
  },
  {
    id: 'documents',
    code: 'documents_refused',
    when: reason(/^DOCUMENT_/),
    explanation:
      'The service refused a document: there are too many, its size, name or page count is not accepted, or the model reads no documents.',
  },
  {
    id: 'body',
    code: 'upstream_refused',
    when: reason(/^REQUEST_BODY_/, 'INVALID_CONVERSATION_ID'),
    explanation: 'The service refused the request as malformed. The log lists the adjustments made to it.',
  },

  // Something the account lacks.
  {
    id: 'profile-required',
    code: 'profile_required',
    when: says(/profilearn is required/i),
    explanation: 'The service needs this account’s profile ARN. Set it on the account or sign in again.',
  },
  {
    id: 'encryption-key',
    code: 'permission_denied',
    when: reason('INVALID_KMS_GRANT'),
    explanation:
      'The service cannot use the encryption key of the account’s organisation. Ask its administrator to fix the key.',
  },
  {
    id: 'suspended',
    code: 'account_suspended',
    when: either(
      reason('TEMPORARILY_SUSPENDED'),
      says(/temporarily (?:is )?suspended|suspended.*locked your account/i),
      status(423),
    ),
    explanation: 'The service has suspended the account. Its owner can ask the vendor to lift the suspension.',
  },
  {
    id: 'feature',
    code: 'feature_not_supported',
    when: either(reason('FEATURE_NOT_SUPPORTED'), says(/builder id is not supported/i)),
    explanation: 'The account’s kind or plan does not include this feature.',
  },
  {
    id: 'token',
    code: 'token_rejected',
    when: both(
      status(401, 403),
      either(named(/^ExpiredToken/), says(/\btoken\b.*\b(?:invalid|expired)|(?:invalid|expired)\b.*\btoken\b/i)),
    ),
    explanation: 'The service refused the account’s access token.',
  },
  {
    id: 'permission',
    code: 'permission_denied',
    when: both(status(401, 403), either(reason(/^UNAUTHORIZED_/), says(/not authorized|not permitted|access denied/i))),
    explanation: 'The account is not allowed to do this: wrong profile or region, or no subscription.',
  },

  // Problems of the service itself.
  {
    id: 'overloaded',
    code: 'upstream_overloaded',
    when: either(
      reason(
        'INSUFFICIENT_MODEL_CAPACITY',
        'INSUFFICIENT_THROUGHPUT',
        'MODEL_TEMPORARILY_UNAVAILABLE',
        'SERVICE_REQUEST_RATE_EXCEEDED',
      ),
      says(/unexpectedly high load|high (?:volume of )?traffic/i),
      status(503),
    ),
    explanation: 'The service has no capacity for this model at the moment. Try again shortly, or use another model.',
  },
  {
    id: 'suspicious-activity',
    code: 'account_throttled',
    when: says(/suspicious activity/i),
    explanation: 'The service considers this account’s use suspicious and limits it temporarily.',
    // Retrying soon is what gets accounts locked.
    restMs: 600_000,
  },
  {
    id: 'credit-rate',
    code: 'account_throttled',
    when: either(reason('CREDIT_CONSUMPTION_RATE_EXCEEDED'), says(/credit limit exceeded/i)),
    explanation: 'The account uses its credits faster than the service allows. Wait, or use another account.',
    restMs: 300_000,
  },
  {
    id: 'request-rate',
    code: 'account_throttled',
    when: reason('USER_REQUEST_RATE_EXCEEDED'),
    explanation: 'The account sends requests faster than the service allows. Wait, or use another account.',
    restMs: 120_000,
  },
  {
    id: 'throttled',
    code: 'upstream_throttled',
    when: status(429),
    explanation: 'The service is throttling requests. Try again in a moment.',
  },

  // By status alone.
  {
    id: 'unauthenticated',
    code: 'token_rejected',
    when: status(401, 403),
    explanation: 'The service refused the account’s access token, or the account itself.',
  },
  {
    id: 'not-found',
    code: 'upstream_not_found',
    when: status(404, 405),
    explanation: 'The service found nothing at this address. Another wire profile may work.',
  },
  {
    id: 'conflict',
    code: 'upstream_conflict',
    when: status(409),
    explanation:
      'The service reports a conflict with the account’s settings, such as its organisation’s encryption key.',
  },
  {
    id: 'too-large',
    code: 'context_too_long',
    when: status(413),
    explanation:
      'The request is larger than the service accepts. Shorten or compact the conversation, or send fewer images.',
  },
  {
    id: 'timeout',
    code: 'upstream_timeout',
    when: status(504, 524),
    explanation: 'The service did not answer in time.',
  },
  {
    id: 'request-timeout',
    code: 'upstream_broken',
    when: status(408),
    explanation: 'The service did not receive the request in time.',
  },
  {
    id: 'refused',
    code: 'upstream_refused',
    when: ({ status }) => status >= 400 && status < 500,
    explanation: 'The service refused the request without giving a reason. The log lists the adjustments made to it.',
  },
  {
    id: 'broken',
    code: 'upstream_broken',
    when: () => true,
    explanation: 'The service failed. Try again.',
  },
];

export function findRow(failure: UpstreamFailure): FailureRow {
  const row = FAILURE_ROWS.find(({ when }) => when(failure));
  if (!row) throw new TypeError('the last row of the table matches every failure');
  return row;
}

type Condition = FailureRow['when'];

function either(...conditions: readonly Condition[]): Condition {
  return (failure) => conditions.some((condition) => condition(failure));
}

function both(one: Condition, other: Condition): Condition {
  return (failure) => one(failure) && other(failure);
}

function reason(...patterns: readonly (string | RegExp)[]): Condition {
  return ({ reason: actual }) =>
    actual !== undefined &&
    patterns.some((pattern) => (typeof pattern === 'string' ? actual === pattern : pattern.test(actual)));
}

function named(pattern: RegExp): Condition {
  return ({ name }) => name !== undefined && pattern.test(name);
}

function says(pattern: RegExp): Condition {
  return ({ message }) => message !== undefined && pattern.test(message);
}

function status(...statuses: readonly number[]): Condition {
  return (failure) => statuses.includes(failure.status);
}
