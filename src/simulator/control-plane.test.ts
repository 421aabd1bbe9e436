import { describe, expect, it } from 'vitest';
import { bearer, DEFAULT, open, simulator, target } from '../../test/support/simulator-client.ts';
import { DEFAULT_ACCOUNT, EXTERNAL_IDP_ACCOUNT, IDC_ACCOUNT, Q_DEVELOPER_ACCOUNT } from './default-accounts.ts';

describe('the control plane', () => {
  it('lists models page by page, in both forms and at the management paths', async () => {
    await open();
    const get = async (path: string) =>
      (await fetch(simulator.url + path, { headers: DEFAULT })).json() as Promise<Record<string, unknown>>;
    const all = await get('/ListAvailableModels?origin=CLI');
    expect(all).toMatchObject({ defaultModel: { modelId: 'auto' }, nextToken: null });
    expect(all.models).toContainEqual(expect.objectContaining({ modelId: 'claude-sonnet-4.5', rateMultiplier: 1.3 }));
    expect(await get('/List-Available-Models?origin=KIRO_CLI')).toEqual(all);
    expect(await (await target('AmazonCodeWhispererService.ListAvailableModels', { origin: 'CLI' })).json()).toEqual(
      all,
    );
    const first = await get('/ListAvailableModels?origin=CLI&maxResults=2');
    expect(first.models).toHaveLength(2);
    const second = await get(`/ListAvailableModels?origin=CLI&maxResults=2&nextToken=${first.nextToken}`);
    expect(second.models).not.toEqual(first.models);
    expect((await fetch(`${simulator.url}/ListAvailableModels`, { headers: DEFAULT })).status).toBe(400);
  });

  it('has profiles for organisations, and none for Builder IDs', async () => {
    await open();
    const list = (headers: Record<string, string>) =>
      fetch(`${simulator.url}/ListAvailableProfiles`, { method: 'POST', headers, body: '{}' });
    expect(await (await list(DEFAULT)).json()).toEqual({
      message: 'AWS Builder ID is not supported for this operation.',
      reason: null,
    });
    expect(await (await list(bearer(IDC_ACCOUNT.accessToken))).json()).toMatchObject({
      profiles: [{ arn: IDC_ACCOUNT.profileArn }],
    });
    expect(await (await list(bearer(EXTERNAL_IDP_ACCOUNT.accessToken))).json()).toEqual({
      profiles: [],
      nextToken: null,
    });
    const profile = await target(
      'AmazonCodeWhispererService.GetProfile',
      { profileArn: IDC_ACCOUNT.profileArn },
      bearer(IDC_ACCOUNT.accessToken),
    );
    expect(await profile.json()).toMatchObject({ profile: { status: 'ACTIVE' } });
  });

  it('completes code and accepts telemetry', async () => {
    await open();
    const programmingLanguage = { languageName: 'javascript' };
    const context = {
      leftFileContent: 'function add(a, b) {\n  return ',
      rightFileContent: '\n}\n',
      filename: 'add.js',
      programmingLanguage,
    };
    const post = (path: string, body: object) =>
      fetch(simulator.url + path, { method: 'POST', headers: DEFAULT, body: JSON.stringify(body) });
    const completed = await post('/generatecompletions', { fileContext: context, maxResults: 1 });
    expect(completed.headers.get('x-amzn-sessionid')).toMatch(/^[0-9a-f-]{36}$/);
    const first = { completions: [{ content: 'a + b;' }], nextToken: expect.stringMatching(/.+/) };
    const { nextToken } = (await completed.json()) as { nextToken: string };
    expect(await (await post('/generatecompletions', { fileContext: context })).json()).toMatchObject(first);
    const next = await post('/generatecompletions', { fileContext: context, nextToken });
    expect(await next.json()).toMatchObject({ completions: [{ content: 'b * a;' }], nextToken: '' });
    const wrong = [
      {},
      { fileContext: { ...context, leftFileContent: 'x'.repeat(10_241) } },
      { fileContext: { ...context, filename: '' } },
      { fileContext: { ...context, programmingLanguage: { languageName: 'klingon' } } },
      { fileContext: context, maxResults: 11 },
      { fileContext: context, nextToken: 'nonsense' },
      { fileContext: context, supplementalContexts: [{ filePath: 'a.ts', content: '' }] },
    ];
    for (const body of wrong) expect((await post('/generatecompletions', body)).status).toBe(400);
    expect(await (await post('/SendTelemetryEvent', { telemetryEvent: {} })).json()).toEqual({});
  });

  it('lists experiments, customizations and subscriptions in both flavours', async () => {
    const expiring = { ...Q_DEVELOPER_ACCOUNT, plan: { countsRequests: true, subscription: 'expiring' } } as const;
    const renewing = { ...IDC_ACCOUNT, plan: { subscription: 'renewing' } } as const;
    await open({ accounts: [DEFAULT_ACCOUNT, expiring, renewing] });
    const ask = async (name: string, body: object, headers = DEFAULT) => {
      const rest = await fetch(`${simulator.url}/${name}`, { method: 'POST', headers, body: JSON.stringify(body) });
      const json = await target(`AmazonCodeWhispererService.${name}`, body, headers);
      expect(json.status).toBe(rest.status);
      return [rest.status, await rest.json()];
    };
    const userContext = { ideCategory: 'VSCODE', operatingSystem: 'LINUX', product: 'token' };
    expect(await ask('ListFeatureEvaluations', { userContext })).toEqual([200, { featureEvaluations: [] }]);
    expect(await ask('ListFeatureEvaluations', {})).toMatchObject([400, {}]);
    expect(await ask('ListAvailableCustomizations', { maxResults: 100 })).toMatchObject([200, { customizations: [] }]);
    const url = expect.stringContaining(simulator.url);
    expect(await ask('CreateSubscriptionToken', { statusOnly: true })).toEqual([200, { status: 'INACTIVE' }]);
    expect(await ask('CreateSubscriptionToken', { statusOnly: false })).toMatchObject([
      200,
      { status: 'INACTIVE', encodedVerificationUrl: url },
    ]);
    const subscriber = bearer(expiring.accessToken);
    expect(await ask('CreateSubscriptionToken', {}, subscriber)).toMatchObject([200, { status: 'ACTIVE' }]);
    expect(await ask('CreateSubscriptionToken', {}, bearer(renewing.accessToken))).toMatchObject([409, {}]);
  });

  it('searches the web as its own tool, with results that depend on the query', async () => {
    await open({ service: { webSearch: 'rest' } });
    const rpc = async (method: string, params?: object) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 'x', method, params });
      return (await fetch(`${simulator.url}/mcp`, { method: 'POST', headers: DEFAULT, body })).json();
    };
    expect(await rpc('initialize')).toMatchObject({ id: 'x', result: { capabilities: { tools: {} } } });
    expect(await rpc('tools/list')).toMatchObject({ result: { tools: [{ name: 'web_search' }] } });
    const search = (query: string) => rpc('tools/call', { name: 'web_search', arguments: { query } });
    const found = (await search('smithy')) as { result: { content: [{ text: string }] } }; // asserted right below
    expect(JSON.parse(found.result.content[0].text)).toMatchObject({ query: 'smithy', totalResults: 3, error: null });
    expect(await search('smithy')).toEqual(found);
    expect(await search('else')).not.toEqual(found);
    expect(await rpc('tools/run')).toMatchObject({ error: { code: -32601 } });
  });

  it('returns scripted results, or has no search', async () => {
    const results = [{ title: 'Sun', url: 'https://weather.example/' }];
    const refuse = { status: 429, name: 'ThrottlingException' };
    const service = { webSearch: 'rest' } as const;
    await open({ service, script: { replies: [], searches: [{ when: { query: 'rain' }, refuse }, { results }] } });
    const call = (query: string) => ({
      method: 'POST',
      headers: DEFAULT,
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 'x',
        method: 'tools/call',
        params: { name: 'web_search', arguments: { query } },
      }),
    });
    expect((await fetch(`${simulator.url}/mcp`, call('rain today'))).status).toBe(429);
    expect(await (await fetch(`${simulator.url}/mcp`, call('sun'))).text()).toContain('weather.example');
    await open({ service, script: { replies: [], searches: false } });
    expect(await (await fetch(`${simulator.url}/mcp`, call('sun'))).json()).toMatchObject({ error: { code: -32602 } });
  });
});
