import { describe, expect, it } from 'vitest';
import { BUILDER_ID_ARN, post, USER_AGENT } from '../../test/support/runtime-client.ts';
import { bearer, DEFAULT, open, simulator } from '../../test/support/simulator-client.ts';
import { API_KEY_ACCOUNT } from './default-accounts.ts';
import type { WebSearchForms } from './service.ts';

describe('InvokeMCP', () => {
  const OLD = 'AmazonCodeWhispererStreamingService.InvokeMCP';
  const NEW = 'KiroRuntimeService.InvokeMCP';
  const rpc = (method: string, query = 'smithy') => ({
    jsonrpc: '2.0',
    id: 'x',
    method,
    params: { name: 'web_search', arguments: { query } },
  });
  const search = { ...rpc('tools/call'), profileArn: BUILDER_ID_ARN };
  const header = { 'x-amzn-kiro-profile-arn': BUILDER_ID_ARN };
  const rest = (body: object, headers: Record<string, string> = {}) =>
    fetch(`${simulator.url}/mcp`, { method: 'POST', headers: { ...DEFAULT, ...headers }, body: JSON.stringify(body) });

  it('reads the ARN from a member, and for the older target from the header too', async () => {
    await open();
    expect((await post(NEW, search)).json()).toMatchObject({ id: 'x', result: { isError: false } });
    expect((await post(NEW, search, header)).status).toBe(400);
    expect((await post(OLD, search, header)).json()).toMatchObject({ id: 'x', result: { isError: false } });
    expect((await post(OLD, search)).status).toBe(400);
    const without = await post(NEW, rpc('tools/call'));
    expect([without.status, without.json().message]).toEqual([400, 'profileArn is required for this request.']);
  });

  it.each<[WebSearchForms, number, number]>([
    ['both', 200, 200],
    ['json', 200, 400],
    ['rest', 400, 200],
  ])('with %s forms served, JSON gets %i and REST %i', async (webSearch, json, asRest) => {
    await open({ service: { webSearch } });
    expect((await post(NEW, search)).status).toBe(json);
    expect((await rest(rpc('tools/call'), { 'user-agent': USER_AGENT })).status).toBe(asRest);
  });

  it('rejects the REST form, once removed, with an error about the ARN or 403', async () => {
    await open({ service: { webSearch: 'json' } });
    const known = await rest(rpc('tools/call'), { 'user-agent': USER_AGENT, ...header });
    expect(await known.json()).toEqual({ message: 'profileArn is required for this request.', reason: null });
    expect((await rest(rpc('tools/call'))).status).toBe(403);
  });

  it('can reject everything except tools/call', async () => {
    await open({ service: { listsTools: false } });
    for (const method of ['initialize', 'tools/list'])
      expect((await post(NEW, { ...rpc(method), profileArn: BUILDER_ID_ARN })).status).toBe(400);
    expect((await post(NEW, search)).json()).toHaveProperty('result');
  });

  it('rejects API keys and queries over 200 characters', async () => {
    await open();
    const key = { ...bearer(API_KEY_ACCOUNT.accessToken), tokentype: 'API_KEY' };
    expect((await post(NEW, { ...search, profileArn: API_KEY_ACCOUNT.profileArn }, key)).status).toBe(403);
    const asked = async (chars: number) =>
      (await post(NEW, { ...rpc('tools/call', 'x'.repeat(chars)), profileArn: BUILDER_ID_ARN })).json();
    expect(await asked(200)).toHaveProperty('result');
    expect(await asked(201)).toMatchObject({ error: { code: -32602 } });
  });
});
