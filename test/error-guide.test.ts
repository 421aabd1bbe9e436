/** The guide to errors: each error response names its section, which exists on the gateway in both languages. */
import { describe, expect, it } from 'vitest';
import { ERROR_RULES, type ErrorCode, GatewayError } from '../src/core/errors.ts';
import { createFakeGateway, send, serve } from './support/serving.ts';

// Object.keys loses the key type of an `as const` object.
const CODES = Object.keys(ERROR_RULES) as ErrorCode[];
const BODY = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

function serveFailing(code: ErrorCode) {
  const refuse = async () => {
    throw new GatewayError(code, 'It did not work.');
  };
  return serve({ ...createFakeGateway(), ask: refuse });
}

describe('the guide to errors', () => {
  it.each([
    ['en', 'Meaning'],
    ['zh-CN', '含义'],
  ])('has a section for every code in %s, and links only to anchors that exist', async (language, word) => {
    const {
      status,
      headers,
      text: body,
    } = await send(await serve(createFakeGateway()), `/docs/errors?lang=${language}`);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(body).toContain(word);
    const ids = [...body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toEqual(expect.arrayContaining(CODES));
    const anchors = [...body.matchAll(/ href="#([^"]+)"/g)].map(([, anchor = '']) => decodeURIComponent(anchor));
    expect(anchors.length).toBeGreaterThan(5);
    expect(anchors.filter((anchor) => !ids.includes(anchor))).toEqual([]);
    expect(body).not.toMatch(/href="(?!#|https:|\/docs\/errors)/);
  });

  it('is in the language of the browser', async () => {
    const server = await serve(createFakeGateway());
    const read = async (tag: string) =>
      (await send(server, '/docs/errors', { headers: { 'accept-language': tag } })).text;
    expect(await read('zh-CN,zh;q=0.9,en;q=0.8')).toContain('<html lang="zh-CN">');
    expect(await read('en-US,en;q=0.9')).toContain('<html lang="en">');
    expect(await read('tr')).toContain('<html lang="en">');
  });

  it.each(CODES.filter((code) => !code.startsWith('client_')))('is named by the response to %s', async (code) => {
    const server = await serveFailing(code);
    for (const path of ['/v1/chat/completions', '/v1/messages']) {
      const { headers } = await send(server, path, {
        method: 'POST',
        body: JSON.stringify({ ...BODY, max_tokens: 9 }),
      });
      expect(headers.link).toBe(`</docs/errors#${code}>; rel="help"`);
    }
  });
});
