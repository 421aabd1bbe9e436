/** KiroRuntimeService and the JSON control plane: what they accept and how they reject the rest. */
import { describe, expect, it } from 'vitest';
import {
  BUILDER_ID_ARN,
  CHAT,
  CONTROL,
  chatOf,
  type Headers,
  ID,
  post,
  refusedBy,
} from '../../test/support/runtime-client.ts';
import { bearer, decode, names, open } from '../../test/support/simulator-client.ts';
import { API_KEY_ACCOUNT, EXTERNAL_IDP_ACCOUNT, IDC_ACCOUNT } from './default-accounts.ts';

const INVALID_BEARER = 'The bearer token included in the request is invalid.';
const IMPROPER = 'Improperly formed request.';

describe('KiroRuntimeService', () => {
  it('replies to a tool call with an event stream', async () => {
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

  it('requires the profile, even for a Builder ID', async () => {
    await open();
    const answer = await post(
      CHAT,
      chatOf(({ body }) => delete body.profileArn),
    );
    expect([answer.status, answer.json().message]).toEqual([400, 'profileArn is required for this request.']);
  });

  it('skips rules known only from official clients when not strict', async () => {
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

  it('names its errors, including scripted ones, in its own namespace', async () => {
    await open({ script: { replies: [{ refuse: { status: 429, name: 'ThrottlingException', reason: null } }] } });
    const answer = await post(CHAT, chatOf());
    expect(answer.json().__type).toBe('com.amazon.kiro.runtimeservice#ThrottlingException');
  });

  it('accepts the token type of the account’s kind, and SSO_OIDC unless the variant rejects it', async () => {
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

  it('responds with 400 to an invalid bearer token, where the other hosts respond with 403', async () => {
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

  it('accepts only JSON 1.0', async () => {
    await open();
    const answer = await post(`${CONTROL}.GetUsageLimits`, {}, { 'content-type': 'application/json' });
    expect([answer.status, refusedBy()]).toEqual([400, 'runtime-content-type']);
  });
});
