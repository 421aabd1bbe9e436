import { describe, expect, it } from 'vitest';
import type { Access } from '../upstream.ts';
import { WIRE_PROFILES } from './profiles.ts';
import { webSearch } from './web-search.ts';

const ARN = 'arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL';
const access = (wireProfile: string): Access => ({
  region: 'us-east-1',
  profileArn: ARN,
  wireProfile,
  baseUrl: undefined,
  headers: {},
});

const answer = (results: unknown, more: object = {}) =>
  JSON.stringify({
    id: 'x',
    jsonrpc: '2.0',
    error: null,
    result: { isError: false, content: [{ type: 'text', text: JSON.stringify({ results }) }], ...more },
  });

describe('the web search', () => {
  it.each(WIRE_PROFILES)('is a call of the MCP server as REST with $id', ({ id }) => {
    const request = webSearch.encodeSearch(access(id), 'smithy', 'search-1');
    expect(request).toMatchObject({
      method: 'POST',
      url: 'https://q.us-east-1.amazonaws.com/mcp',
      headers: { 'content-type': 'application/json', 'x-amzn-kiro-profile-arn': ARN },
    });
    expect(request.headers).not.toHaveProperty('x-amz-target');
    expect(JSON.parse(request.body ?? '')).toEqual({
      id: 'search-1',
      jsonrpc: '2.0',
      method: 'tools/call',
      params: { name: 'web_search', arguments: { query: 'smithy' } },
    });
  });

  it('gives what was found, and leaves out what has no address', () => {
    const found = webSearch.decodeSearch(
      answer([
        { title: 'A', url: 'https://a.example/', snippet: 's', publishedDate: 1_767_000_000_000, id: 'i' },
        { title: '', url: 'https://b.example/', snippet: null, publishedDate: 1e300 },
        { title: 'C', url: 'nowhere' },
        'odd',
      ]),
    );
    expect(found).toEqual([
      { url: 'https://a.example/', title: 'A', snippet: 's', publishedAtMs: 1_767_000_000_000 },
      { url: 'https://b.example/', title: 'https://b.example/', snippet: undefined, publishedAtMs: undefined },
    ]);
  });

  it.each([
    ['a refusal', '{"jsonrpc":"2.0","error":{"code":-32602,"message":"Missing query"}}', /refused: Missing query/],
    ['a failure', answer([], { isError: true, content: [{ type: 'text', text: 'down' }] }), /failed: down/],
    ['no results', answer(undefined), /something else than results/],
    ['no JSON', '<html>', /something else than JSON/],
  ])('calls %s broken', (_what, body, message) => {
    expect(() => webSearch.decodeSearch(body)).toThrow(expect.objectContaining({ code: 'upstream_broken' }));
    expect(() => webSearch.decodeSearch(body)).toThrow(message);
  });

  it('is there when the server lists it', () => {
    const list = (...names: string[]) => JSON.stringify({ result: { tools: names.map((name) => ({ name })) } });
    expect(webSearch.decodeAvailable(list('other', 'web_search'))).toBe(true);
    expect(webSearch.decodeAvailable(list('other'))).toBe(false);
    expect(webSearch.decodeAvailable('{"error":{"code":-32601,"message":"Method not found"}}')).toBe(false);
  });
});
