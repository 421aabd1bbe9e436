/** KiroRuntimeService and the JSON control plane: what their hosts take, and how they refuse the rest. */
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { bearer, DEFAULT, decode, names, open, simulator } from '../../test/support/simulator-client.ts';
import { API_KEY_ACCOUNT, DEFAULT_ACCOUNT, EXTERNAL_IDP_ACCOUNT, IDC_ACCOUNT } from './default-accounts.ts';
import { isSdkUserAgent, readAddress } from './hosts.ts';
import type { WebSearchForms } from './service.ts';

type Json = Record<string, unknown>;
type Headers = Record<string, string | undefined>;

const CHAT = 'KiroRuntimeService.GenerateAssistantResponse';
const CONTROL = 'KiroControlPlaneBearerService';
const ID = '0b8c3f4e-1111-4222-8333-444455556666';
const SESSION = `sess_${ID}`;
const BUILDER_ID_ARN = 'arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX';
const USER_AGENT =
  'aws-sdk-js/1.0.0 ua/2.1 os/linux#6.8.0 lang/js md/nodejs#24.1.0 api/kiroruntime#1.0.0 m/N example/1.2.3';
const INVALID_BEARER = 'The bearer token included in the request is invalid.';
const NOT_AUTHORIZED = 'User is not authorized to make this call.';
const IMPROPER = 'Improperly formed request.';

const HEADERS: Headers = {
  ...DEFAULT,
  'content-type': 'application/x-amz-json-1.0',
  'user-agent': USER_AGENT,
  'x-amzn-codewhisperer-optout': 'true',
  'x-amzn-kiro-client-attribution': 'unrecognized',
  'amz-sdk-invocation-id': ID,
  'amz-sdk-request': 'attempt=1; max=3',
  'x-kiro-attempt': '1;max=3',
};

function chatOf(change: (parts: { body: Json; state: Json; current: Json; history: Json[] }) => unknown = () => {}) {
  const json = { type: 'object', properties: { path: { type: 'string' } } };
  const tools = [{ toolSpecification: { name: 'look', description: 'Looks.', inputSchema: { json } } }];
  const toolResults = [{ toolUseId: 't1', content: [{ text: 'ok' }], status: 'success' }];
  const current: Json = { content: '', origin: 'AI_EDITOR', userInputMessageContext: { toolResults, tools } };
  const history: Json[] = [
    { userInputMessage: { content: 'Look around.', origin: 'AI_EDITOR' } },
    { assistantResponseMessage: { content: '', toolUses: [{ toolUseId: 't1', name: 'look', input: {} }] } },
  ];
  const state: Json = {
    conversationId: SESSION,
    rootConversationId: SESSION,
    agentContinuationId: ID,
    agentTaskType: 'vibe',
    chatTriggerType: 'MANUAL',
    history,
    currentMessage: { userInputMessage: current },
  };
  const body: Json = { conversationState: state, profileArn: BUILDER_ID_ARN, agentMode: 'vibe' };
  change({ body, state, current, history });
  return body;
}

interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
  readonly json: () => Json;
}

/** Bare HTTP: fetch adds an `accept` and an `accept-encoding` of its own. */
function post(target: string, body: object, headers: Headers = {}, path = '/'): Promise<Answer> {
  const all = { ...HEADERS, 'x-amz-target': target, ...headers };
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    const request = httpRequest(simulator.url + path, { method: 'POST', headers: sent }, (response) => {
      const chunks: Buffer[] = [];
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({ status: response.statusCode ?? 0, bytes, json: () => JSON.parse(bytes.toString()) });
        });
    });
    request.on('error', reject).end(JSON.stringify(body));
  });
}

const refusedBy = () => simulator.requests.at(-1)?.refusedBy?.rule;

describe('KiroRuntimeService', () => {
  it('answers a tool round with an event stream', async () => {
    await open();
    const answer = await post(CHAT, chatOf());
    expect(refusedBy()).toBeUndefined();
    expect(answer.status).toBe(200);
    expect(names(decode(answer.bytes))).toContain('assistantResponseEvent');
    const root = chatOf(({ body, state }) => {
      body.agentMode = 'general-task-execution';
      state.conversationId = 'sess_99999999-1111-4222-8333-444455556666';
    });
    expect((await post(CHAT, root)).status).toBe(200);
  });

  it.each<[string, Headers]>([
    ['runtime-content-type', { 'content-type': 'application/json' }],
    ['runtime-profile-header', { 'x-amzn-kiro-profile-arn': BUILDER_ID_ARN }],
    ['runtime-accept', { accept: '*/*' }],
    ['runtime-accept', { 'accept-encoding': 'gzip' }],
    ['runtime-client-headers', { 'x-amzn-codewhisperer-optout': undefined }],
    ['runtime-client-headers', { 'amz-sdk-invocation-id': 'seven' }],
    ['runtime-client-headers', { 'amz-sdk-request': undefined }],
    ['runtime-client-headers', { 'x-kiro-attempt': '1; max=3' }],
    ['runtime-attribution', { 'x-amzn-kiro-client-attribution': undefined }],
  ])('refuses by %s: %o', async (rule, headers) => {
    await open();
    const answer = await post(CHAT, chatOf(), headers);
    expect([answer.status, refusedBy()]).toEqual([400, rule]);
    expect(answer.json()).toEqual({
      __type: 'com.amazon.kiro.runtimeservice#ValidationException',
      message: IMPROPER,
      reason: null,
    });
  });

  it.each<[string, string | null, Parameters<typeof chatOf>[0]]>([
    ['system-prompt', 'REQUEST_BODY_INVALID', ({ body }) => (body.systemPrompt = 'Be terse.')],
    [
      'body-unknown-member',
      'REQUEST_BODY_INVALID',
      ({ history }) => Object.assign(history[1]?.assistantResponseMessage ?? {}, { messageId: ID }),
    ],
    [
      'body-unknown-member',
      'REQUEST_BODY_INVALID',
      ({ current }) => Object.assign(current.userInputMessageContext ?? {}, { envState: { operatingSystem: 'linux' } }),
    ],
    ['body-unknown-member', 'REQUEST_BODY_INVALID', ({ state }) => (state.workspaceId = ID)],
    ['body-required', null, ({ body }) => delete body.agentMode],
    ['body-required', null, ({ state }) => delete state.rootConversationId],
    ['body-required', null, ({ state }) => delete state.agentContinuationId],
    ['body-required', null, ({ current }) => delete current.origin],
    ['body-required', null, ({ history }) => (history[0] = { userInputMessage: { content: 'Look around.' } })],
    ['body-limit', null, ({ state }) => (state.conversationId = ID)],
    ['body-limit', null, ({ state }) => (state.rootConversationId = 'sess_1')],
    ['body-limit', null, ({ state }) => (state.agentContinuationId = 'again')],
    ['body-enum', null, ({ current }) => (current.origin = 'KIRO_CLI')],
    ['body-enum', null, ({ body }) => (body.agentMode = 'chat')],
    ['body-empty', null, ({ current }) => (current.images = [])],
    [
      'body-empty',
      null,
      ({ history }) =>
        (history[0] = { userInputMessage: { content: 'Look.', origin: 'AI_EDITOR', userInputMessageContext: {} } }),
    ],
  ])('refuses a body by %s (%s)', async (rule, reason, change) => {
    await open();
    const answer = await post(CHAT, chatOf(change));
    expect([answer.status, refusedBy()]).toEqual([400, rule]);
    expect(answer.json()).toMatchObject({ __type: 'com.amazon.kiro.runtimeservice#ValidationException', reason });
  });

  it('needs the profile, also of a Builder ID', async () => {
    await open();
    const answer = await post(
      CHAT,
      chatOf(({ body }) => delete body.profileArn),
    );
    expect([answer.status, answer.json().message]).toEqual([400, 'profileArn is required for this request.']);
  });

  it('leaves out what is only known of official clients when it is not strict', async () => {
    await open({ strict: false });
    const body = chatOf(({ current }) => (current.images = []));
    expect((await post(CHAT, body, { accept: '*/*', 'x-kiro-attempt': undefined })).status).toBe(200);
    expect(
      (
        await post(
          CHAT,
          chatOf(({ body }) => (body.systemPrompt = 'x')),
        )
      ).status,
    ).toBe(400);
  });

  it('names its failures, scripted ones too, in its own namespace', async () => {
    await open({ script: { replies: [{ refuse: { status: 429, name: 'ThrottlingException', reason: null } }] } });
    const answer = await post(CHAT, chatOf());
    expect(answer.json().__type).toBe('com.amazon.kiro.runtimeservice#ThrottlingException');
  });

  it('takes the token type of the account’s kind, SSO_OIDC unless the variant refuses it', async () => {
    await open();
    const external = bearer(EXTERNAL_IDP_ACCOUNT.accessToken);
    const body = chatOf((parts) => (parts.body.profileArn = EXTERNAL_IDP_ACCOUNT.profileArn));
    expect((await post(CHAT, chatOf(), { tokentype: 'SSO_OIDC' })).status).toBe(200);
    expect((await post(CHAT, body, { ...external, tokentype: 'EXTERNAL_IDP' })).status).toBe(200);
    expect((await post(CHAT, body, { ...external, tokentype: 'SSO_OIDC' })).status).toBe(403);
    await open({ service: { takesSsoTokenType: false } });
    expect((await post(CHAT, chatOf())).status).toBe(200);
    const refused = await post(CHAT, chatOf(), { tokentype: 'SSO_OIDC' });
    expect([refused.status, refused.json().message]).toEqual([403, 'Invalid token']);
  });
});

describe('the control plane in JSON', () => {
  it('lists models, usage, the caller’s profile and API keys', async () => {
    await open();
    const models = await post(`${CONTROL}.ListAvailableModels`, { origin: 'AI_EDITOR', profileArn: BUILDER_ID_ARN });
    expect(models.json()).toMatchObject({ defaultModel: { modelId: 'auto' } });
    const usage = await post(`${CONTROL}.GetUsageLimits`, { origin: 'AI_EDITOR' });
    expect(usage.json()).toMatchObject({ subscriptionInfo: { subscriptionTitle: 'KIRO PRO' } });
    expect((await post(`${CONTROL}.ListApiKeys`, {})).json()).toEqual({ apiKeys: [], nextToken: null });
    const key = { ...bearer(API_KEY_ACCOUNT.accessToken), tokentype: 'API_KEY' };
    const profile = await post(`${CONTROL}.GetProfile`, {}, key);
    expect(profile.json()).toMatchObject({ profile: { arn: API_KEY_ACCOUNT.profileArn } });
    expect((await post(`${CONTROL}.GetProfile`, {})).status).toBe(400);
    const profiles = await post(
      'AmazonCodeWhispererService.ListAvailableProfiles',
      { maxResults: 10 },
      bearer(IDC_ACCOUNT.accessToken),
      '/host/management.us-east-1.kiro.dev',
    );
    expect(profiles.json()).toMatchObject({ profiles: [{ arn: IDC_ACCOUNT.profileArn }] });
  });

  it('answers 400 to a bad bearer, where the other hosts answer 403', async () => {
    await open();
    const bad = bearer('aoaUnknown');
    for (const [name, path] of [
      [`${CONTROL}.GetUsageLimits`, '/'],
      ['AmazonCodeWhispererService.ListAvailableProfiles', '/host/management.eu-central-1.kiro.dev/'],
    ] as const) {
      const answer = await post(name, {}, bad, path);
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ message: INVALID_BEARER });
      expect(answer.json().__type).toMatch(/#AccessDeniedException$/);
    }
    expect((await post('AmazonCodeWhispererService.GetUsageLimits', {}, bad)).status).toBe(403);
    expect((await post(CHAT, chatOf(), bad)).status).toBe(403);
  });

  it('takes JSON 1.0 alone', async () => {
    await open();
    const answer = await post(`${CONTROL}.GetUsageLimits`, {}, { 'content-type': 'application/json' });
    expect([answer.status, refusedBy()]).toEqual([400, 'runtime-content-type']);
  });
});

describe('hosts', () => {
  it('are read from a prefix of the path or from the Host header', () => {
    expect(readAddress('/host/runtime.eu-central-1.kiro.dev', '127.0.0.1:9090')).toEqual({
      path: '/',
      host: 'runtime',
      region: 'eu-central-1',
    });
    expect(readAddress('/getUsageLimits', 'codewhisperer.us-east-1.amazonaws.com')).toEqual({
      path: '/getUsageLimits',
      host: 'q',
      region: 'us-east-1',
    });
    expect(readAddress('/region/us-east-1/mcp', 'localhost')).toEqual({
      path: '/mcp',
      host: undefined,
      region: 'us-east-1',
    });
    const unknown = '/host/example.com/mcp';
    expect(readAddress(unknown, undefined)).toEqual({ path: unknown, host: undefined, region: undefined });
  });

  it.each([
    ['runtime', CHAT, 200],
    ['runtime', 'AmazonCodeWhispererService.ListAvailableModels', 400],
    ['runtime', `${CONTROL}.GetUsageLimits`, 400],
    ['management', `${CONTROL}.GetUsageLimits`, 200],
    ['management', 'AmazonCodeWhispererService.GetUsageLimits', 200],
    ['management', CHAT, 400],
  ])('at %s, %s gets %i', async (host, target, status) => {
    await open();
    const body = target === CHAT ? chatOf() : { origin: 'AI_EDITOR' };
    const answer = await post(target, body, {}, `/host/${host}.us-east-1.kiro.dev/`);
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.json().__type).toBe('com.amazon.coral.service#UnknownOperationException');
  });

  it('can be Amazon’s alone or Kiro’s alone', async () => {
    await open({ service: { hosts: 'q' } });
    expect((await post(CHAT, chatOf())).status).toBe(400);
    expect((await post('AmazonCodeWhispererService.GetUsageLimits', {}, { 'user-agent': 'curl/8' })).status).toBe(200);
    await open({ service: { hosts: 'kiro' } });
    expect((await post('AmazonCodeWhispererService.GetUsageLimits', {}, { 'user-agent': 'curl/8' })).status).toBe(400);
    expect((await fetch(`${simulator.url}/ListAvailableModels?origin=CLI`, { headers: DEFAULT })).status).toBe(404);
  });

  it('at kiro.dev refuse an unusual user agent with words about the token', async () => {
    await open();
    const runtime = await post(CHAT, chatOf(), { 'user-agent': 'example/1.2.3' });
    expect([runtime.status, runtime.json().message, refusedBy()]).toEqual([403, NOT_AUTHORIZED, 'auth-user-agent']);
    const control = await post(`${CONTROL}.GetUsageLimits`, {}, { 'user-agent': 'example/1.2.3' });
    expect([control.status, control.json().message]).toEqual([400, INVALID_BEARER]);
    await open({ service: { checksUserAgent: false } });
    expect((await post(CHAT, chatOf(), { 'user-agent': 'example/1.2.3' })).status).toBe(200);
  });

  it('know the user agents of AWS’s SDKs in any language', () => {
    expect(isSdkUserAgent(USER_AGENT)).toBe(true);
    const rust = 'aws-sdk-rust/1.3.9 ua/2.1 api/codewhispererstreaming/0.1.11582 os/linux lang/rust/1.95.0 app/X';
    expect(isSdkUserAgent(rust)).toBe(true);
    for (const other of [undefined, '', 'dragoman/1.0', `dragoman/1.0 ${USER_AGENT}`, 'aws-sdk-js/1.0.0 example/1.0'])
      expect(isSdkUserAgent(other)).toBe(false);
  });

  it('refuse tokens of accounts that another region serves', async () => {
    const arn = 'arn:aws:codewhisperer:eu-central-1:111122223333:profile/EUROPEEUROPE';
    await open({ accounts: [{ ...DEFAULT_ACCOUNT, kind: 'idc', profileArn: arn }] });
    const body = chatOf((parts) => (parts.body.profileArn = arn));
    const at = (region: string) => post(CHAT, body, {}, `/host/runtime.${region}.kiro.dev/`);
    expect((await at('eu-central-1')).status).toBe(200);
    const refused = await at('us-east-1');
    expect([refused.status, refused.json().message]).toEqual([403, NOT_AUTHORIZED]);
  });
});

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

  it('takes the ARN as a member, from the older target in the header as well', async () => {
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

  it('answers the REST form, once it is gone, with words about the ARN or 403', async () => {
    await open({ service: { webSearch: 'json' } });
    const known = await rest(rpc('tools/call'), { 'user-agent': USER_AGENT, ...header });
    expect(await known.json()).toEqual({ message: 'profileArn is required for this request.', reason: null });
    expect((await rest(rpc('tools/call'))).status).toBe(403);
  });

  it('can refuse everything but tools/call', async () => {
    await open({ service: { listsTools: false } });
    for (const method of ['initialize', 'tools/list'])
      expect((await post(NEW, { ...rpc(method), profileArn: BUILDER_ID_ARN })).status).toBe(400);
    expect((await post(NEW, search)).json()).toHaveProperty('result');
  });

  it('refuses API keys, and queries over 200 characters', async () => {
    await open();
    const key = { ...bearer(API_KEY_ACCOUNT.accessToken), tokentype: 'API_KEY' };
    expect((await post(NEW, { ...search, profileArn: API_KEY_ACCOUNT.profileArn }, key)).status).toBe(403);
    const asked = async (chars: number) =>
      (await post(NEW, { ...rpc('tools/call', 'x'.repeat(chars)), profileArn: BUILDER_ID_ARN })).json();
    expect(await asked(200)).toHaveProperty('result');
    expect(await asked(201)).toMatchObject({ error: { code: -32602 } });
  });
});
