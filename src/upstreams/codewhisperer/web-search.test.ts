import { describe, expect, it } from 'vitest';
import { INVOCATION } from '../../../test/support/codewhisperer.ts';
import { WIRE_PROFILES } from '../../../test/support/wire-profiles.ts';
import type { Access } from '../upstream.ts';
import { webSearch } from './web-search.ts';

const ARN = 'arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL';
const access = (wireProfile: string, kind = 'builder-id'): Access => ({
  region: 'us-east-1',
  profileArn: ARN,
  wireProfile,
  baseUrl: undefined,
  kind,
});

const answer = (results: unknown, more: object = {}) =>
  JSON.stringify({
    id: 'x',
    jsonrpc: '2.0',
    error: null,
    result: { isError: false, content: [{ type: 'text', text: JSON.stringify({ results }) }], ...more },
  });

describe('the web search', () => {
  const call = (form: number) => ({ query: 'smithy', callId: 'search-1', form });
  const searching = WIRE_PROFILES.filter(({ authentication }) => authentication === 'bearer');

  it.each(searching)('calls the MCP server as JSON first, then at its own path, with $id', ({ id }) => {
    expect(webSearch.forms(access(id))).toBe(2);
    const rpc = {
      id: 'search-1',
      jsonrpc: '2.0',
      method: 'tools/call',
      params: { name: 'web_search', arguments: { query: 'smithy' } },
    };
    const json = webSearch.encodeSearch(access(id), call(0), INVOCATION);
    expect(json).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/x-amz-json-1.0' } });
    expect(new URL(json.url).pathname).toBe('/');
    expect(json.headers['x-amz-target']).toMatch(/\.InvokeMCP$/);
    expect(JSON.parse(String(json.body))).toEqual({ ...rpc, profileArn: ARN });
    const rest = webSearch.encodeSearch(access(id), call(1), INVOCATION);
    expect(rest).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-amzn-kiro-profile-arn': ARN },
    });
    expect(new URL(rest.url).pathname).toBe('/mcp');
    expect(rest.headers).not.toHaveProperty('x-amz-target');
    expect(JSON.parse(String(rest.body))).toEqual(rpc);
  });

  it('names the ARN in a header too, except for KiroRuntimeService', () => {
    const headers = (id: string) => webSearch.encodeSearch(access(id), call(0), INVOCATION).headers;
    expect(headers('q-rest')['x-amzn-kiro-profile-arn']).toBe(ARN);
    expect(headers('kiro-krs')).toMatchObject({ 'x-amz-target': 'KiroRuntimeService.InvokeMCP' });
    expect(headers('kiro-krs')).not.toHaveProperty('x-amzn-kiro-profile-arn');
    expect(headers('kiro-krs')).not.toHaveProperty('x-amzn-kiro-client-attribution');
  });

  it('has no form for an API key', () => {
    for (const { id } of searching) expect(webSearch.forms(access(id, 'api-key'))).toBe(0);
    expect(() => webSearch.encodeSearch(access('q-json', 'api-key'), call(0), INVOCATION)).toThrow(
      expect.objectContaining({ code: 'feature_not_supported' }),
    );
  });

  it('shortens a query to the service’s limit, never inside a surrogate pair', () => {
    const fitted = (query: string) => webSearch.fitQuery(access('q-rest'), query);
    expect(fitted('x'.repeat(200))).toBe('x'.repeat(200));
    expect(fitted('x'.repeat(201))).toBe('x'.repeat(200));
    expect(fitted(`${'x'.repeat(199)}😀`)).toBe('x'.repeat(199));
  });

  it('returns the results, and leaves out those without an address', () => {
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

  it('distinguishes an empty list of results from a missing one', () => {
    expect(webSearch.decodeSearch(answer([]))).toEqual([]);
  });

  it.each([
    ['a refusal', '{"jsonrpc":"2.0","error":{"code":-32603,"message":"Internal"}}', /refused: Internal/],
    ['a failure', answer([], { isError: true, content: [{ type: 'text', text: 'down' }] }), /failed: down/],
    ['no results', answer(undefined), /no list of results/],
    ['results that cannot be read', answer(['odd', { url: 'nowhere' }]), /without addresses/],
    ['an empty text', answer(undefined, { content: [] }), /something other than a JSON object/],
    ['a list', '[]', /something other than a JSON object/],
    ['no JSON', '<html>', /something other than a JSON object/],
  ])('calls %s broken', (_what, body, message) => {
    expect(() => webSearch.decodeSearch(body)).toThrow(expect.objectContaining({ code: 'upstream_broken' }));
    expect(() => webSearch.decodeSearch(body)).toThrow(message);
  });

  it.each([-32601, -32602])('reads the JSON-RPC error %i as an account without web search', (code) => {
    const body = JSON.stringify({ jsonrpc: '2.0', error: { code, message: 'Unknown tool' } });
    expect(() => webSearch.decodeSearch(body)).toThrow(expect.objectContaining({ code: 'feature_not_supported' }));
  });
});
