import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { ERROR_RULES, type ErrorCode, type ErrorDetails, GatewayError } from '../../core/errors.ts';
import { runAtOnce } from '../../core/steps.ts';
import { anthropicMessages } from './index.ts';

// Object.keys loses the key type of an `as const` object.
const CODES = Object.keys(ERROR_RULES) as ErrorCode[];

function written(code: ErrorCode, message = 'It did not work.', details: ErrorDetails = {}) {
  return anthropicMessages.writeError(new GatewayError(code, message, details), 'req_1');
}

/** The error that the official SDK throws for this response. */
async function thrown(answer: ReturnType<typeof written>): Promise<unknown> {
  const { status, headers, body } = answer;
  const client = new Anthropic({
    apiKey: 'k',
    baseURL: 'http://127.0.0.1:1',
    maxRetries: 0,
    fetch: async () => Response.json(body, { status, headers: { ...headers, 'request-id': 'req_1' } }),
  });
  return client.messages
    .create({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] })
    .then(() => undefined)
    .catch((error: unknown) => error);
}

describe('an error', () => {
  it.each<{ code: ErrorCode; status: number; type: string }>([
    { code: 'invalid_request', status: 400, type: 'invalid_request_error' },
    { code: 'unauthorized', status: 401, type: 'authentication_error' },
    { code: 'forbidden', status: 403, type: 'permission_error' },
    { code: 'permission_denied', status: 400, type: 'invalid_request_error' },
    { code: 'feature_not_supported', status: 400, type: 'invalid_request_error' },
    { code: 'unknown_model', status: 404, type: 'not_found_error' },
    { code: 'method_not_allowed', status: 405, type: 'invalid_request_error' },
    { code: 'upstream_conflict', status: 409, type: 'conflict_error' },
    { code: 'request_too_large', status: 413, type: 'request_too_large' },
    { code: 'rate_limited', status: 429, type: 'rate_limit_error' },
    { code: 'quota_exhausted', status: 429, type: 'rate_limit_error' },
    { code: 'internal', status: 500, type: 'api_error' },
    { code: 'upstream_broken', status: 502, type: 'api_error' },
    { code: 'no_account', status: 503, type: 'api_error' },
    { code: 'accounts_busy', status: 429, type: 'rate_limit_error' },
    { code: 'upstream_timeout', status: 504, type: 'timeout_error' },
    { code: 'upstream_overloaded', status: 529, type: 'overloaded_error' },
  ])('$code is $status $type', ({ code, status, type }) => {
    const answer = written(code);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({
      type: 'error',
      error: { type, message: 'It did not work.' },
      request_id: 'req_1',
    });
  });

  it.each(CODES)('%s has the status of the error table (529 for overload, 400 for 403)', (code) => {
    const { status } = written(code);
    const usual: number = ERROR_RULES[code].status;
    const isAccounts = usual === 403 && ERROR_RULES[code].blame === 'account';
    expect([isAccounts ? 400 : usual, 529]).toContain(status);
  });

  it.each(CODES)('%s reaches the official SDK as an error with its status and its words', async (code) => {
    const answer = written(code);
    const error = await thrown(answer);
    expect(error).toBeInstanceOf(Anthropic.APIError);
    expect(error).toMatchObject({ status: answer.status, error: answer.body, requestID: 'req_1' });
  });

  it.each(CODES)('%s never has an empty message', (code) => {
    expect(written(code, '').body).toMatchObject({ error: { message: expect.stringMatching(/./) } });
  });

  it('names the path of the field in the message, because the vendor has no other place for it', () => {
    const { body } = written('invalid_request', 'is not an image', { param: 'messages[1].content[0]' });
    expect(body).toMatchObject({ error: { message: 'messages[1].content[0]: is not an image' } });
  });
});

describe('retry hints', () => {
  it.each<{ code: ErrorCode; retryAfterMs?: number; headers: object }>([
    { code: 'invalid_request', headers: { 'x-should-retry': 'false' } },
    { code: 'unauthorized', headers: { 'x-should-retry': 'false' } },
    { code: 'permission_denied', headers: { 'x-should-retry': 'false' } },
    { code: 'quota_exhausted', headers: { 'x-should-retry': 'false' } },
    { code: 'credential_rejected', headers: { 'x-should-retry': 'false' } },
    {
      code: 'quota_exhausted',
      retryAfterMs: 3_600_000,
      headers: { 'x-should-retry': 'false', 'retry-after': '3600', 'retry-after-ms': '3600000' },
    },
    { code: 'no_account', headers: { 'x-should-retry': 'false' } },
    { code: 'no_account', retryAfterMs: 1500, headers: { 'retry-after': '2', 'retry-after-ms': '1500' } },
    { code: 'upstream_throttled', retryAfterMs: 20, headers: { 'retry-after': '1', 'retry-after-ms': '20' } },
    { code: 'upstream_throttled', retryAfterMs: 0, headers: { 'retry-after': '1', 'retry-after-ms': '1' } },
    { code: 'upstream_throttled', headers: { 'retry-after': '5' } },
    { code: 'upstream_overloaded', headers: { 'retry-after': '5' } },
    { code: 'internal', headers: {} },
    { code: 'upstream_broken', headers: {} },
  ])('$code after $retryAfterMs ms', ({ code, retryAfterMs, headers }) => {
    expect(written(code, 'x', { retryAfterMs }).headers).toEqual(headers);
  });

  it.each(CODES.filter((code) => [429, 503, 529].includes(written(code).status)))('%s says when, or never', (code) => {
    const { headers } = written(code);
    expect(headers['retry-after'] ?? headers['x-should-retry']).toBeDefined();
  });
});

describe('the wordings which agents act on', () => {
  it('reports an overlong prompt with both numbers and nothing else', () => {
    const { body, status } = written('context_too_long', 'Input is too long.', {
      param: 'messages',
      tokens: { actual: 215312, maximum: 200000 },
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: { type: 'invalid_request_error', message: 'prompt is too long: 215312 tokens > 200000 maximum' },
    });
  });

  it('reports an overlong prompt in the same words if no numbers are known', () => {
    expect(written('context_too_long').body).toMatchObject({
      error: { message: expect.stringMatching(/^prompt is too long: \d+ tokens > \d+ maximum$/) },
    });
  });

  it('reports a refused signature so that clients leave out thinking the next time', () => {
    expect(written('signature_invalid').body).toMatchObject({
      error: { message: 'Invalid `signature` in `thinking` block. It did not work.' },
    });
  });

  it("rejects threads with the code that the SDK's tool runner knows", async () => {
    const request = {
      model: 'm',
      max_tokens: 1,
      messages: [{ role: 'user', content: 'hi' }],
      thread: { type: 'create' },
    };
    const refuse = () => runAtOnce(anthropicMessages.parseRequest(request, { header: () => undefined, nowMs: 0 }));
    expect(refuse).toThrow(GatewayError);
    let answer = written('internal');
    try {
      refuse();
    } catch (error) {
      answer = anthropicMessages.writeError(GatewayError.from(error), 'req_1');
    }
    expect(answer).toEqual({
      status: 400,
      headers: { 'x-should-retry': 'false' },
      body: {
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message: 'Message threads are not supported.',
          details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
        },
        request_id: 'req_1',
      },
    });
    expect(await thrown(answer)).toBeInstanceOf(Anthropic.ThreadUnsupportedRequestError);
  });
});
