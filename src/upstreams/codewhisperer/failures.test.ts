import { describe, expect, it } from 'vitest';
import { ERROR_RULES, type ErrorCode } from '../../core/errors.ts';
import type { FailedAnswer } from '../upstream.ts';
import { FAILURE_ROWS, findRow } from './failure-table.ts';
import { explainException, explainFailure } from './failures.ts';
import { KNOWN_REASONS } from './known-reasons.ts';

function answer(status: number, body: string, headers: Record<string, string> = {}): FailedAnswer {
  return { status, body, header: (name) => headers[name] };
}

/** In the REST flavour. */
function refused(status: number, name: string, message: string, reason: string | null = null): FailedAnswer {
  return answer(status, JSON.stringify({ message, reason }), { 'x-amzn-errortype': name });
}

type Case = readonly [
  status: number,
  name: string,
  message: string,
  reason: string | null,
  code: ErrorCode,
  row: string,
];

const INVALID = 'ValidationException';
const DENIED = 'AccessDeniedException';
const THROTTLED = 'ThrottlingException';
const BROKEN = 'InternalServerException';
const QUOTA = 'ServiceQuotaExceededException';
const IMPROPER = 'Improperly formed request.';

const CASES: readonly Case[] = [
  [400, INVALID, 'Input is too long.', 'CONTENT_LENGTH_EXCEEDS_THRESHOLD', 'context_too_long', 'context-too-long'],
  [400, INVALID, 'Input is too long.', null, 'context_too_long', 'context-too-long'],
  [400, INVALID, 'x', 'PROMPT_TOO_LONG', 'context_too_long', 'context-too-long'],
  [400, INVALID, 'Exceeded max chat context length.', null, 'context_too_long', 'context-too-long'],
  [500, BROKEN, 'Input is too long.', 'CONTENT_LENGTH_EXCEEDS_THRESHOLD', 'context_too_long', 'context-too-long'],
  [400, INVALID, 'x', 'THINKING_SIGNATURE_INVALID', 'signature_invalid', 'signature-invalid'],
  [400, INVALID, 'messages.1: Invalid `signature` in `thinking` block', null, 'signature_invalid', 'signature-invalid'],
  [
    400,
    INVALID,
    '`thinking.type: disabled` is not supported for this model',
    null,
    'thinking_required',
    'thinking-required',
  ],
  [
    400,
    INVALID,
    '"thinking.type.disabled" is not supported for this model.',
    'REQUEST_BODY_INVALID',
    'thinking_required',
    'thinking-required',
  ],
  [
    400,
    INVALID,
    'Invalid model. Please select a different model to continue.',
    'INVALID_MODEL_ID',
    'unknown_model',
    'model-unknown',
  ],
  [400, INVALID, 'Invalid model. Please select a different model to continue.', null, 'unknown_model', 'model-unknown'],
  [400, INVALID, 'x', 'TOOL_CONFIG_MISSING', 'upstream_refused', 'tools'],
  [400, INVALID, 'x', 'TOOL_DUPLICATE', 'upstream_refused', 'tools'],
  [400, INVALID, 'x', 'TOOL_SCHEMA_INVALID', 'upstream_refused', 'tools'],
  [400, INVALID, 'x', 'TOOL_USE_RESULT_MISMATCH', 'upstream_refused', 'tools'],
  [500, BROKEN, 'Expected toolResult blocks at messages.2.content', null, 'upstream_refused', 'tools'],
  [400, INVALID, 'Invalid tool use format.', null, 'upstream_refused', 'tools'],
  [
    400,
    INVALID,
    'input_schema does not support oneOf, allOf, or anyOf at the top level',
    null,
    'upstream_refused',
    'tools',
  ],
  ...['COUNT_EXCEEDED', 'SIZE_EXCEEDED', 'DIMENSION_EXCEEDED', 'FORMAT_UNSUPPORTED', 'MIME_MISMATCH'].map(
    (reason): Case => [400, INVALID, 'x', `IMAGE_${reason}`, 'invalid_request', 'images'],
  ),
  ...['COUNT_EXCEEDED', 'SIZE_EXCEEDED', 'DUPLICATE_NAME', 'MAXIMUM_PAGES_EXCEEDED', 'MODEL_NOT_SUPPORTED'].map(
    (reason): Case => [400, INVALID, 'x', `DOCUMENT_${reason}`, 'documents_refused', 'documents'],
  ),
  [400, INVALID, 'x', 'DOCUMENT_PASSWORD_PROTECTED', 'invalid_request', 'document-password'],
  [400, INVALID, 'x', 'REQUEST_BODY_INVALID', 'upstream_refused', 'body'],
  [400, INVALID, 'x', 'REQUEST_BODY_INVALID_JSON', 'upstream_refused', 'body'],
  [502, BROKEN, 'x', 'REQUEST_BODY_INVALID', 'upstream_refused', 'body'],
  [400, INVALID, 'x', 'INVALID_CONVERSATION_ID', 'upstream_refused', 'body'],
  [400, INVALID, 'profileArn is required for this request.', null, 'profile_required', 'profile-required'],
  [400, INVALID, 'x', 'INVALID_KMS_GRANT', 'permission_denied', 'encryption-key'],
  [402, QUOTA, 'You have reached the limit.', 'MONTHLY_REQUEST_COUNT', 'quota_exhausted', 'quota'],
  [
    402,
    QUOTA,
    'You have reached the limit for overages.',
    'OVERAGE_REQUEST_LIMIT_EXCEEDED',
    'quota_exhausted',
    'quota',
  ],
  [402, QUOTA, 'x', 'CONVERSATION_LIMIT_EXCEEDED', 'context_too_long', 'conversation-limit'],
  [400, INVALID, 'x', 'CONVERSATION_LIMIT_EXCEEDED', 'context_too_long', 'conversation-limit'],
  [402, '', 'Input is too long.', null, 'quota_exhausted', 'quota'],
  [402, INVALID, 'Input is too long.', null, 'quota_exhausted', 'quota'],
  [400, QUOTA, 'x', null, 'quota_exhausted', 'quota'],
  ...['HOURLY_REQUEST_COUNT', 'WEEKLY_REQUEST_COUNT', 'USAGE_LIMIT_REACHED', 'OVERAGE_REQUEST_LIMIT_EXCEEDED'].flatMap(
    (reason): Case[] => [400, 403, 429].map((status) => [status, '', 'x', reason, 'quota_exhausted', 'quota']),
  ),
  [403, DENIED, 'x', 'DAILY_REQUEST_COUNT', 'daily_limit', 'daily-limit'],
  [402, '', 'x', null, 'quota_exhausted', 'quota'],
  [400, THROTTLED, 'Maximum Request reached for this month.', 'MONTHLY_REQUEST_COUNT', 'quota_exhausted', 'quota'],
  [429, THROTTLED, 'Maximum Request reached for this month.', null, 'quota_exhausted', 'quota'],
  [429, THROTTLED, 'x', 'DAILY_REQUEST_COUNT', 'daily_limit', 'daily-limit'],
  [403, DENIED, 'x', 'TEMPORARILY_SUSPENDED', 'account_suspended', 'suspended'],
  [
    403,
    DENIED,
    "Your User ID (d-1) temporarily is suspended. We've locked your account as a precaution.",
    null,
    'account_suspended',
    'suspended',
  ],
  [423, '', 'x', null, 'account_suspended', 'suspended'],
  [403, DENIED, 'Not for this plan.', 'FEATURE_NOT_SUPPORTED', 'feature_not_supported', 'feature'],
  [403, DENIED, 'AWS Builder ID is not supported for this operation.', null, 'feature_not_supported', 'feature'],
  [403, DENIED, 'The bearer token included in the request is invalid.', null, 'token_rejected', 'token'],
  [401, '', 'The bearer token included in the request has expired.', null, 'token_rejected', 'token'],
  [403, DENIED, 'Invalid token', null, 'token_rejected', 'token'],
  [400, 'ExpiredTokenException', 'x', null, 'token_rejected', 'token'],
  [403, DENIED, 'User is not authorized to make this call.', null, 'permission_denied', 'permission'],
  [403, DENIED, 'x', 'UNAUTHORIZED_CUSTOMIZATION_RESOURCE_ACCESS', 'permission_denied', 'permission'],
  [403, DENIED, 'x', 'UNAUTHORIZED_WORKSPACE_CONTEXT_FEATURE_ACCESS', 'permission_denied', 'permission'],
  [429, THROTTLED, 'x', 'INSUFFICIENT_MODEL_CAPACITY', 'upstream_overloaded', 'overloaded'],
  [
    429,
    THROTTLED,
    "The model you've selected is experiencing a high volume of traffic.",
    null,
    'upstream_overloaded',
    'overloaded',
  ],
  [500, BROKEN, 'x', 'MODEL_TEMPORARILY_UNAVAILABLE', 'upstream_overloaded', 'overloaded'],
  [
    500,
    BROKEN,
    'Encountered unexpectedly high load when processing the request, please try again.',
    null,
    'upstream_overloaded',
    'overloaded',
  ],
  [503, 'ServiceUnavailableException', 'x', null, 'upstream_overloaded', 'overloaded'],
  [503, '', 'x', null, 'upstream_overloaded', 'overloaded'],
  [
    429,
    THROTTLED,
    'Due to suspicious activity, we are imposing temporary limits on your account.',
    null,
    'account_throttled',
    'suspicious-activity',
  ],
  [429, THROTTLED, '60-minute credit limit exceeded', null, 'account_throttled', 'credit-rate'],
  [429, THROTTLED, 'x', 'CREDIT_CONSUMPTION_RATE_EXCEEDED', 'account_throttled', 'credit-rate'],
  [429, THROTTLED, 'x', 'USER_REQUEST_RATE_EXCEEDED', 'account_throttled', 'request-rate'],
  [429, THROTTLED, 'x', 'SERVICE_REQUEST_RATE_EXCEEDED', 'upstream_overloaded', 'overloaded'],
  [429, THROTTLED, 'x', 'INSUFFICIENT_THROUGHPUT', 'upstream_overloaded', 'overloaded'],
  [429, THROTTLED, 'We are experiencing high traffic.', null, 'upstream_overloaded', 'overloaded'],
  [502, BROKEN, 'x', 'INSUFFICIENT_MODEL_CAPACITY', 'upstream_overloaded', 'overloaded'],
  [429, THROTTLED, 'Too many requests, please wait before trying again.', null, 'upstream_throttled', 'throttled'],
  [400, THROTTLED, 'Rate exceeded', null, 'upstream_throttled', 'throttled'],
  [429, '', 'x', null, 'upstream_throttled', 'throttled'],
  [401, '', 'x', null, 'token_rejected', 'unauthenticated'],
  [403, DENIED, 'x', null, 'token_rejected', 'unauthenticated'],
  [404, 'ResourceNotFoundException', 'x', null, 'upstream_not_found', 'not-found'],
  [400, 'UnknownOperationException', 'x', null, 'upstream_not_found', 'not-found'],
  [405, '', 'x', null, 'upstream_not_found', 'not-found'],
  [409, 'ConflictException', 'x', 'CUSTOMER_KMS_KEY_DISABLED', 'upstream_conflict', 'conflict'],
  [409, 'ConflictException', 'x', 'CUSTOMER_KMS_KEY_INVALID_KEY_POLICY', 'upstream_conflict', 'conflict'],
  [409, 'ConflictException', 'x', 'MISMATCHED_KMS_KEY', 'upstream_conflict', 'conflict'],
  [413, '', 'Request Entity Too Large', null, 'context_too_long', 'too-large'],
  [504, '', 'x', null, 'upstream_timeout', 'timeout'],
  [524, '', 'x', null, 'upstream_timeout', 'timeout'],
  [408, '', 'x', null, 'upstream_broken', 'request-timeout'],
  [400, INVALID, IMPROPER, null, 'upstream_refused', 'refused'],
  [400, INVALID, 'additionalModelRequestFields is not supported for this model', null, 'upstream_refused', 'refused'],
  [500, INVALID, IMPROPER, null, 'upstream_refused', 'refused'],
  [400, '', 'x', null, 'upstream_refused', 'refused'],
  [415, '', 'x', null, 'upstream_refused', 'refused'],
  [500, BROKEN, 'x', null, 'upstream_broken', 'broken'],
  [502, '', 'Bad Gateway', null, 'upstream_broken', 'broken'],
  [500, 'SomethingNewException', 'x', null, 'upstream_broken', 'broken'],
  [302, '', 'x', null, 'upstream_broken', 'broken'],
];

describe('a refusal', () => {
  it.each(CASES)('%d %s “%s” %s is %s', (status, name, message, reason, code) => {
    const error = explainFailure(refused(status, name, message, reason));
    expect(error.code).toBe(code);
    expect(error.upstream).toMatchObject({ status, message, name: name || undefined, reason: reason ?? undefined });
  });

  it('has a case here for every row', () => {
    const reached = new Set(CASES.map((entry) => entry[5]));
    expect([...reached].sort()).toEqual(FAILURE_ROWS.map((row) => row.id).sort());
    for (const [status, name, message, reason, code, id] of CASES) {
      const modelled = explainFailure(refused(status, name, message, reason)).message;
      const row = FAILURE_ROWS.find((candidate) => candidate.id === id);
      expect(modelled).toBe(`${row?.explanation} Its message: “${message}”`);
      expect(row?.code).toBe(code);
    }
  });

  it('with a known reason is never just “refused” or “broken”', () => {
    for (const reason of KNOWN_REASONS) {
      const row = findRow({ status: 400, name: undefined, reason, message: undefined, requestId: undefined });
      if (/KMS_KEY|UNAUTHORIZED/.test(reason)) continue; // Distinguished by the exception's status.
      expect([reason, row.id]).not.toEqual([reason, expect.stringMatching(/^(?:refused|broken)$/)]);
    }
  });

  it('counts against the account only if the account is at fault', () => {
    const blame = (entry: FailedAnswer) => ERROR_RULES[explainFailure(entry).code].blame;
    expect(blame(refused(400, INVALID, IMPROPER))).toBe('client');
    expect(blame(refused(503, '', 'x'))).toBe('upstream');
    expect(blame(refused(402, QUOTA, 'x', 'MONTHLY_REQUEST_COUNT'))).toBe('account');
  });
});

describe('the name of the exception', () => {
  const body = (fields: object) => JSON.stringify({ message: 'slow', ...fields });
  it.each([
    ['the header', answer(400, body({}), { 'x-amzn-errortype': THROTTLED })],
    ['the header with an address', answer(400, body({}), { 'x-amzn-errortype': `${THROTTLED}:http://internal/` })],
    ['the header before the body', answer(400, body({ __type: INVALID }), { 'x-amzn-errortype': THROTTLED })],
    ['code', answer(400, body({ code: THROTTLED, __type: INVALID }))],
    ['__type with a namespace', answer(400, body({ __type: `com.amazon.aws.codewhisperer#${THROTTLED}` }))],
    ['__type of the newer service', answer(400, body({ __type: `com.amazon.kiro.runtimeservice#${THROTTLED}` }))],
    ['a nested error', answer(400, JSON.stringify({ error: { code: THROTTLED, message: 'slow' } }))],
  ])('is read from %s', (_name, entry) => {
    const error = explainFailure(entry);
    expect(error.upstream).toMatchObject({ name: THROTTLED, message: 'slow' });
    expect(error.code).toBe('upstream_throttled');
  });
});

describe('a host that refuses access tokens with its own status', () => {
  const badToken = { status: 400, name: 'AccessDeniedException' };
  const code = (status: number, body: object, more: object = { badToken }) =>
    explainFailure({ status, header: () => undefined, body: JSON.stringify(body), ...more }).code;
  const denied = { __type: 'com.amazon.kiro.controlplane#AccessDeniedException', message: 'Access denied.' };

  it('means the token, whatever the message', () => {
    expect(code(400, denied)).toBe('token_rejected');
    expect(code(400, { ...denied, message: 'User is not authorized.' })).toBe('token_rejected');
    expect(code(400, { ...denied, message: 'The bearer token included in the request is invalid.' })).toBe(
      'token_rejected',
    );
  });

  it('means something else with a reason, another status or another exception', () => {
    expect(code(400, { ...denied, reason: 'TEMPORARILY_SUSPENDED' })).toBe('account_suspended');
    expect(code(400, { ...denied, reason: 'FEATURE_NOT_SUPPORTED' })).toBe('feature_not_supported');
    expect(code(403, denied)).toBe('permission_denied');
    expect(code(400, { __type: 'ValidationException', message: 'Improperly formed request.' })).toBe(
      'upstream_refused',
    );
  });

  it('does not apply to other hosts', () => {
    expect(code(400, denied, {})).toBe('permission_denied');
  });
});

describe('the reason', () => {
  it.each([
    ['its own member', { reason: 'TOOL_DUPLICATE' }],
    ['a nested error', { error: { reason: 'TOOL_DUPLICATE' } }],
    ['the text', { message: 'Bad tools (TOOL_DUPLICATE): twice' }],
  ])('is read from %s', (_name, body) => {
    const error = explainFailure(answer(400, JSON.stringify(body)));
    expect([error.code, error.upstream?.reason]).toEqual(['upstream_refused', 'TOOL_DUPLICATE']);
  });

  it('is not taken from other words in capitals', () => {
    expect(explainFailure(refused(400, INVALID, 'MY_OWN_WORDS')).upstream?.reason).toBeUndefined();
  });
});

describe('a body without an envelope', () => {
  it.each([
    ['nothing', '', undefined],
    ['white space', ' \n ', undefined],
    ['plain text', 'upstream connect error\n', 'upstream connect error'],
    [
      'a page',
      '<html><head><title>502 Bad Gateway</title></head><body>secret internals</body></html>',
      '502 Bad Gateway',
    ],
    ['a page without a title', '<!DOCTYPE html><body>internals</body>', undefined],
    ['a JSON string', '"oops"', '"oops"'],
    ['an error as text', '{"error":"nope"}', 'nope'],
    ['a capital Message', '{"Message":"denied"}', 'denied'],
  ])('%s gives its message', (_name, body, message) => {
    const error = explainFailure(answer(502, body));
    expect(error.code).toBe('upstream_broken');
    expect(error.upstream?.message).toBe(message);
  });

  it('is shortened to one bounded line', () => {
    const { upstream } = explainFailure(answer(500, `${'word \n\u0007'.repeat(1_000_000)}`));
    expect(upstream?.message?.length).toBeLessThanOrEqual(601);
    expect(upstream?.message).toMatch(/^(?:word )+…$/);
    expect(upstream?.message).not.toContain('\n');
    expect(upstream?.message).not.toContain('\u0007');
  });
});

describe('other members of the error response', () => {
  it.each(['x-amzn-requestid', 'x-amzn-request-id', 'x-amz-request-id'])('include its id, from %s', (header) => {
    expect(explainFailure(answer(500, '', { [header]: 'r-1' })).upstream?.requestId).toBe('r-1');
  });

  it.each([
    ['7', 7_000],
    ['0.5', 500],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    ['-5', undefined],
  ])('is when to come back: %j', (value, expected) => {
    const now = Date.UTC(2026, 0, 1);
    const error = explainFailure(answer(429, '', { 'retry-after': value }), now);
    expect(error.retryAfterMs).toBe(expected);
  });

  it('include no wait after suspicious activity, so the account cools down for ten minutes', () => {
    const suspicious = refused(429, THROTTLED, 'Due to suspicious activity, we are imposing temporary limits.');
    expect(explainFailure(suspicious).retryAfterMs).toBe(600_000);
    const response = answer(429, '{"message":"suspicious activity"}', { 'retry-after': '30' });
    expect(explainFailure(response).retryAfterMs).toBe(30_000);
  });

  it('include the wait in the body, at most an hour, for a quota at most 32 days', () => {
    const wait = (status: number, body: object) =>
      explainFailure(answer(status, JSON.stringify(body), {})).retryAfterMs;
    expect(wait(429, { reason: 'CREDIT_CONSUMPTION_RATE_EXCEEDED', retryAfterMilliseconds: 240_000 })).toBe(240_000);
    expect(wait(429, { reason: 'CREDIT_CONSUMPTION_RATE_EXCEEDED' })).toBe(300_000);
    expect(wait(429, { reason: 'USER_REQUEST_RATE_EXCEEDED' })).toBe(120_000);
    expect(wait(429, { error: { code: THROTTLED, retry_after: 9 } })).toBe(9_000);
    expect(wait(429, { retryAfterMilliseconds: 1e300 })).toBe(3_600_000);
    expect(wait(402, { retryAfterSeconds: 1e300 })).toBe(32 * 86_400_000);
    expect(explainFailure(answer(429, '', { 'retry-after': '99999999999999' })).retryAfterMs).toBe(3_600_000);
  });

  it('include how far the conversation exceeds the limit', () => {
    const message = 'prompt is too long: 215312 tokens > 200000 maximum';
    expect(explainFailure(refused(400, INVALID, message)).tokens).toEqual({ actual: 215_312, maximum: 200_000 });
    expect(explainFailure(refused(400, INVALID, 'Input is too long.')).tokens).toBeUndefined();
  });
});

describe('an exception inside a reply', () => {
  it.each<readonly [string, string, string | undefined, ErrorCode]>([
    ['error', 'high load', 'MODEL_TEMPORARILY_UNAVAILABLE', 'upstream_overloaded'],
    ['error', 'failed', undefined, 'upstream_broken'],
    ['InternalServerException', 'failed', undefined, 'upstream_broken'],
    ['ThrottlingException', 'slow', undefined, 'upstream_throttled'],
    ['ThrottlingException', 'month', 'MONTHLY_REQUEST_COUNT', 'quota_exhausted'],
    ['ValidationException', IMPROPER, undefined, 'upstream_refused'],
    ['ValidationException', 'Input is too long.', undefined, 'context_too_long'],
    ['com.amazon#AccessDeniedException', 'User is not authorized', undefined, 'permission_denied'],
    ['InternalError', 'broken', undefined, 'upstream_broken'],
  ])('%s “%s” %s is %s', (name, message, reason, code) => {
    const error = explainException(name, reason === undefined ? message : JSON.stringify({ message, reason }));
    expect(error.code).toBe(code);
    expect(error.upstream?.status).toBe(200);
    expect(error.message).toContain(message);
  });

  it('has a wait, with the same caps', () => {
    const wait = (body: object) => explainException('ThrottlingException', JSON.stringify(body)).retryAfterMs;
    expect(wait({ message: 'slow', retryAfterMilliseconds: 4_000 })).toBe(4_000);
    expect(wait({ message: 'slow', retryAfterMilliseconds: 1e300 })).toBe(3_600_000);
  });
});
