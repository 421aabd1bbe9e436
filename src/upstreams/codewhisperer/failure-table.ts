/**
 * The known failures of the service, in the order in which they are recognised: by reason and words first, then by the
 * status. The first row that fits decides.
 * Source: the exceptions and reasons of the published streaming client, and texts its users have reported.
 */
import type { ErrorCode, UpstreamFailure } from '../../core/errors.ts';

/** `status` is what the exception's name stands for, else the HTTP status. */
export type Failure = UpstreamFailure;

export interface FailureRow {
  readonly id: string;
  readonly code: ErrorCode;
  readonly when: (failure: Failure) => boolean;
  /** What happened, whose fault it is, what to do. */
  readonly explanation: string;
  /** Cooldown of the account when the answer does not name one. */
  readonly restMs?: number;
}

export const FAILURE_ROWS: readonly FailureRow[] = [
  // Limits that are used up. Status 402 always means that, except for the limit of a conversation.
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
    explanation: 'The account has reached its limit for today.',
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

  // Faults of the request's body, under whatever status they are reported.
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
    explanation: 'The service does not recognise the reasoning sent back in the history. Leave it out or start anew.',
  },
  {
    id: 'thinking-required',
    code: 'thinking_required',
    when: both(status(400), says(/\bthinking\b.{0,40}\bdisabled\b/i)),
    explanation: 'This model always thinks. Leave reasoning on, or choose another model.',
  },
  {
    id: 'model-unknown',
    code: 'unknown_model',
    when: either(reason('INVALID_MODEL_ID'), says(/^invalid model\b/i)),
    explanation: 'The service does not offer this model to the account. GET /v1/models lists those it does.',
  },
  {
    id: 'tools',
    code: 'upstream_refused',
    when: either(reason(/^TOOL_/), says(/expected toolresult blocks|invalid tool use format|^input_schema does not/i)),
    explanation: 'The service refused the tools, tool calls or tool results of the request.',
  },
  {
    id: 'images',
    code: 'invalid_request',
    when: reason(/^IMAGE_/),
    explanation: 'The service refused an image of the request: its number, size, dimensions or format.',
  },
  {
    id: 'document-password',
    code: 'invalid_request',
    when: reason(/^DOCUMENT_PASSWORD/),
    explanation: 'The service refused a document of the request because it is protected by a password. Remove that.',
  },
  {
    id: 'documents',
    code: 'documents_refused',
    when: reason(/^DOCUMENT_/),
    explanation:
      'The service refused a document of the request: its number, size, name or pages, or the model reads none.',
  },
  {
    id: 'body',
    code: 'upstream_refused',
    when: reason(/^REQUEST_BODY_/, 'INVALID_CONVERSATION_ID'),
    explanation: 'The service refused the form of the request. The log has the adjustments made to it.',
  },

  // What the account lacks.
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
      'The encryption key of the account’s organisation cannot be used. Its administrator has to repair that.',
  },
  {
    id: 'suspended',
    code: 'account_suspended',
    when: either(
      reason('TEMPORARILY_SUSPENDED'),
      says(/temporarily (?:is )?suspended|suspended.*locked your account/i),
      status(423),
    ),
    explanation: 'The service has suspended the account. Its owner can ask the vendor to lift that.',
  },
  {
    id: 'feature',
    code: 'feature_not_supported',
    when: either(reason('FEATURE_NOT_SUPPORTED'), says(/builder id is not supported/i)),
    explanation: 'The account’s kind or plan does not include this.',
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
    explanation: 'The account may not do this: wrong profile or region, or no subscription.',
  },

  // What the service itself suffers from.
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
    explanation: 'The service has no capacity for this model at the moment. Try again shortly, or another model.',
  },
  {
    id: 'suspicious-activity',
    code: 'account_throttled',
    when: says(/suspicious activity/i),
    explanation: 'The service finds this account’s use suspicious and limits it for a while.',
    // Asking again soon is what gets accounts locked.
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
    explanation: 'The service asks for fewer requests. Try again in a moment.',
  },

  // Nothing but the status is left.
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
    explanation: 'The service does not know what was asked for at this address; another wire profile may.',
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
      'The request is larger than the service takes. Shorten or compact the conversation, or send fewer images.',
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
    explanation: 'The service refused the request without naming a cause. The log has the adjustments made to it.',
  },
  {
    id: 'broken',
    code: 'upstream_broken',
    when: () => true,
    explanation: 'The service failed.',
  },
];

export function findRow(failure: Failure): FailureRow {
  const row = FAILURE_ROWS.find(({ when }) => when(failure));
  if (!row) throw new TypeError('the last row of the table takes every failure');
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
  return ({ reason: given }) =>
    given !== undefined &&
    patterns.some((pattern) => (typeof pattern === 'string' ? given === pattern : pattern.test(given)));
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
