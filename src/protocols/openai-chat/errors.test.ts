import { APIError, OpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import { ERROR_RULES, type ErrorCode, GatewayError } from '../../core/errors.ts';
import { runAtOnce } from '../../core/steps.ts';
import { writeError } from './errors.ts';
import { openaiChat } from './index.ts';

const write = (code: ErrorCode, details = {}) => writeError(new GatewayError(code, 'What happened.', details));
const CODES = Object.keys(ERROR_RULES) as ErrorCode[]; // the table's own keys

describe('an error', () => {
  it.each<[ErrorCode, number, string, string | null]>([
    ['invalid_request', 400, 'invalid_request_error', null],
    ['unsupported_parameter', 400, 'invalid_request_error', 'unsupported_parameter'],
    ['upstream_refused', 400, 'invalid_request_error', null],
    ['unauthorized', 401, 'invalid_request_error', 'invalid_api_key'],
    ['forbidden', 403, 'invalid_request_error', null],
    ['not_found', 404, 'invalid_request_error', null],
    ['method_not_allowed', 405, 'invalid_request_error', null],
    ['request_too_large', 413, 'invalid_request_error', null],
    ['rate_limited', 429, 'requests', 'rate_limit_exceeded'],
    ['upstream_throttled', 429, 'requests', 'rate_limit_exceeded'],
    ['quota_exhausted', 429, 'insufficient_quota', 'insufficient_quota'],
    ['upstream_overloaded', 503, 'server_error', null],
    ['upstream_broken', 502, 'server_error', null],
    ['upstream_timeout', 504, 'server_error', null],
    ['internal', 500, 'server_error', null],
  ])('%s is reported as %i %s, code %j', (errorCode, status, type, code) => {
    expect(write(errorCode)).toMatchObject({
      status,
      body: { error: { message: 'What happened.', type, param: null, code } },
    });
  });

  it('names the field, and has the specific code of an unsupported value or image URL', () => {
    expect(write('invalid_request', { param: 'messages[0].role' }).body).toMatchObject({
      error: { param: 'messages[0].role' },
    });
    expect(refusalOf({ n: 5 })).toMatchObject({ param: 'n', code: 'unsupported_value' });
    expect(write('invalid_request', { param: 'p', rule: 'attachment-url' }).body).toMatchObject({
      error: { param: 'p', code: 'invalid_image_url' },
    });
  });

  function refusalOf(fields: object): unknown {
    const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...fields };
    try {
      runAtOnce(openaiChat.parseRequest(body, { header: () => undefined, nowMs: 0 }));
    } catch (cause) {
      return Reflect.get(Object(openaiChat.writeError(GatewayError.from(cause)).body), 'error');
    }
    throw new Error('was not refused');
  }

  it.each(CODES)('%s has a message even if the error has none', (code) => {
    const body = writeError(new GatewayError(code, ' ')).body;
    expect(body).toMatchObject({ error: { message: expect.stringMatching(/\w/) } });
  });

  it.each(CODES)(
    '%s either names a time to wait, or says that waiting is of no use, or leaves it to the client',
    (code) => {
      const { status, headers } = write(code);
      const waits = 'retry-after' in headers;
      const isFinal = headers['x-should-retry'] === 'false';
      expect(waits && isFinal).toBe(false);
      if (status === 429 || status === 503) expect(waits || isFinal).toBe(true);
      else expect(waits).toBe(false);
      if (status < 429 && status !== 409) expect(isFinal).toBe(true);
    },
  );

  it.each([
    [1, '1', '1'],
    [1000, '1', '1000'],
    [1001, '2', '1001'],
    [30_000.4, '31', '30001'],
    [0, '1', '1'],
  ])('that passes after %d ms has retry-after in seconds and milliseconds', (retryAfterMs, seconds, milliseconds) => {
    expect(write('upstream_throttled', { retryAfterMs }).headers).toEqual({
      'retry-after': seconds,
      'retry-after-ms': milliseconds,
    });
  });

  it('no_account can be retried only if a time is known', () => {
    expect(write('no_account').headers).toEqual({ 'x-should-retry': 'false' });
    expect(write('no_account', { retryAfterMs: 2000 }).headers).toMatchObject({ 'retry-after': '2' });
  });

  it('of a used-up plan says when it resets, and not to retry before', () => {
    expect(write('quota_exhausted', { retryAfterMs: 60_000 }).headers).toMatchObject({
      'retry-after': '60',
      'x-should-retry': 'false',
    });
  });
});

describe('a conversation that is too long', () => {
  it("is reported in the vendor's own words, with the service's figures", () => {
    expect(write('context_too_long', { tokens: { actual: 215_312, maximum: 200_000 } })).toMatchObject({
      status: 400,
      body: {
        error: {
          message:
            "This model's maximum context length is 200000 tokens. However, your messages resulted in 215312 tokens. Please reduce the length of the messages. Your input exceeds the context window of this model.",
          type: 'invalid_request_error',
          param: 'messages',
          code: 'context_length_exceeded',
        },
      },
    });
  });

  it('is recognizable without figures too', () => {
    expect(write('context_too_long').body).toMatchObject({
      error: {
        message: expect.stringMatching(
          /maximum context length is \d+ tokens.*reduce the length of the messages\. Your input exceeds the context window/,
        ),
      },
    });
  });
});

describe('the official SDK', () => {
  it.each(CODES)('reads %s, and retries only if that can help', async (code) => {
    const { status, headers, body } = write(code, { retryAfterMs: code === 'no_account' ? 1 : undefined });
    let requests = 0;
    const client = new OpenAI({
      apiKey: 'key',
      baseURL: 'http://127.0.0.1:1/v1',
      maxRetries: 1,
      fetch: async () => {
        requests += 1;
        // The shortest wait keeps the test fast.
        const quick = 'retry-after' in headers || status >= 500 ? { 'retry-after-ms': '1' } : {};
        return new Response(JSON.stringify(body), { status, headers: { ...headers, ...quick } });
      },
    });
    const failure = client.chat.completions.create({ model: 'm', messages: [] });
    await expect(failure).rejects.toBeInstanceOf(APIError);
    await expect(failure).rejects.toMatchObject({ status });
    expect(requests).toBe(headers['x-should-retry'] === 'false' ? 1 : 2);
  });
});
