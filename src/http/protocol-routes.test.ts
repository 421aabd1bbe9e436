import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createFakeGateway, post, send, serve } from '../../test/support/serving.ts';
import { PROTOCOLS } from '../protocols/index.ts';
import type { ClientProtocol } from '../protocols/protocol.ts';
import { check } from '../protocols/shape.ts';

const questionShape = z.looseObject({ question: z.string(), shout: z.boolean().optional() });

/** A whole client protocol: one question in, its answer in plain text out. */
const oracle: ClientProtocol<{ readonly shout: boolean }> = {
  id: 'oracle',
  vendor: 'delphi',
  tag: 'Oracle',
  clientHeader: 'x-oracle',
  responseHeaders: { 'x-oracle-version': '1' },
  routes: [
    {
      operation: 'reply',
      method: 'POST',
      path: '/v1/oracle/questions',
      summary: 'Ask the oracle',
      body: questionShape,
      answer: z.object({ answer: z.string() }).describe('Its answer.'),
    },
  ],
  *parseRequest(body, { nowMs }) {
    const { question, shout = false } = check(questionShape, body, '');
    yield;
    return {
      conversation: {
        model: 'auto',
        system: [],
        turns: [{ at: 'question', role: 'user', parts: [{ type: 'text', at: 'question', text: question }] }],
        tools: [],
        toolChoice: { type: 'auto' },
        parallelToolUse: true,
        reasoning: { mode: 'unset' },
        output: { maxTokens: undefined, stopSequences: [], format: { type: 'text' } },
        key: undefined,
        rootKey: undefined,
      },
      stream: false,
      adjustments: [],
      createdAtS: Math.floor(nowMs / 1000),
      echo: { shout },
    };
  },
  createWriter: () => ({ write: () => '' }),
  writeReply({ blocks }, { echo }, replyId) {
    const text = blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
    return { id: replyId, answer: echo.shout ? text.toUpperCase() : text };
  },
  writeError: ({ message, policy }) => ({ status: policy.status, headers: {}, body: { omen: message } }),
  writeRateLimits: () => ({}),
  keepAlive: '',
  replyId: (random) => `omen-${random.slice(0, 8)}`,
};

const serveOracle = () => serve(createFakeGateway(), { protocols: [...PROTOCOLS, oracle], apiKeys: ['k'] });
const KEY = { authorization: 'Bearer k' };

describe('a protocol that is added to the list', () => {
  it.each([
    '/v1/oracle/questions',
    '/oracle/questions',
    '/delphi/v1/oracle/questions',
    '/api/delphi/oracle/questions',
    '/v1/v1//oracle/questions/',
    '/v1/chat/completions/oracle/questions',
    '/delphi/deployments/m/oracle/questions',
  ])('is served at %s', async (path) => {
    const server = await serveOracle();
    const { status, headers, json } = await post(server, path, { question: 'Why?', shout: true }, KEY);
    expect([status, headers['x-oracle-version']]).toEqual([200, '1']);
    expect(json()).toEqual({ id: expect.stringMatching(/^omen-\w{8}$/), answer: 'HELLO WORLD' });
  });

  it('writes every error of its routes in its own format', async () => {
    const server = await serveOracle();
    const path = '/v1/oracle/questions';
    const withoutKey = await post(server, path, { question: 'Why?' });
    expect([withoutKey.status, withoutKey.json()]).toEqual([401, { omen: expect.stringContaining('API key') }]);
    const ofItsOwn = await post(server, path, { question: 3 }, KEY);
    expect([ofItsOwn.status, ofItsOwn.json()]).toEqual([400, { omen: expect.stringContaining('question') }]);
    const ofTheBody = await post(server, path, '{', KEY);
    expect([ofTheBody.status, ofTheBody.json()]).toEqual([400, { omen: expect.stringContaining('JSON') }]);
  });

  it('answers other methods with 405 and the methods it allows', async () => {
    const server = await serveOracle();
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const { status, headers, json } = await send(server, '/oracle/questions', { method });
      expect([status, headers.allow]).toEqual([405, 'POST, OPTIONS']);
      expect(json()).toEqual({ omen: `${method} /v1/oracle/questions: this path takes POST, OPTIONS.` });
    }
  });

  it.each([
    ['/v1/oracle/nothing', {}],
    ['/delphi/nothing', {}],
    ['/v1/nothing', { 'x-oracle': '1' }],
  ])('writes the 404 of %s with %j', async (path, headers) => {
    const server = await serveOracle();
    const { status, json } = await send(server, path, { headers });
    expect([status, json()]).toEqual([404, { omen: expect.stringContaining('GET /docs') }]);
  });

  it('is in the API reference', async () => {
    const server = await serveOracle();
    const document = (await send(server, '/openapi.json')).json();
    expect(document).toHaveProperty(['paths', '/v1/oracle/questions', 'post'], {
      operationId: 'postV1OracleQuestions',
      summary: 'Ask the oracle',
      tags: ['Oracle'],
      security: expect.any(Array),
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: expect.objectContaining({ properties: expect.objectContaining({ question: { type: 'string' } }) }),
          },
        },
      },
      responses: {
        200: expect.objectContaining({ description: 'Its answer.' }),
        '4XX': expect.any(Object),
        '5XX': expect.any(Object),
      },
    });
    expect((await send(server, '/openapi.json')).text).toContain('/v1/oracle/questions');
  });
});

describe('the 405 response', () => {
  it.each([
    ['PUT', '/v1/responses', 'POST, OPTIONS'],
    ['GET', '/v1/responses', 'POST, OPTIONS'],
    ['PUT', '/v1/responses/resp_1', 'GET, HEAD, DELETE, OPTIONS'],
    ['DELETE', '/v1/responses/resp_1/input_items', 'GET, HEAD, OPTIONS'],
    ['GET', '/v1/responses/resp_1/cancel', 'POST, OPTIONS'],
    ['POST', '/v1/models/vendor/model', 'GET, HEAD, OPTIONS'],
    ['PROPFIND', '/v1/messages/count_tokens', 'POST, OPTIONS'],
    ['POST', '/', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/readyz', 'GET, HEAD, OPTIONS'],
    ['PUT', '/v2/accounts', 'GET, HEAD, POST'],
    ['PUT', '/v2/accounts/a', 'GET, HEAD, PATCH, DELETE'],
    ['OPTIONS', '/v2/keys', 'GET, HEAD, POST'],
  ])('of %s %s allows %s', async (method, path, allowed) => {
    const server = await serve(createFakeGateway());
    const { status, headers } = await send(server, path, { method });
    expect([status, headers.allow]).toEqual([405, allowed]);
  });
});
