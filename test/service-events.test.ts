/** AuthManager and CodeWhispererClient in front of the simulator. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AuthManager, type AuthManagerOptions, CodeWhispererClient, type ServiceEvent } from '../src/index.ts';
import { DEFAULT_ACCOUNT, IDC_ACCOUNT } from '../src/simulator/default-accounts.ts';
import type { Simulator, SimulatorOptions } from '../src/simulator/server.ts';
import { createSimulator, environmentFor } from './support/simulator.ts';

const HELLO = {
  conversationState: {
    currentMessage: { userInputMessage: { content: 'Hello', origin: 'CLI' } },
    chatTriggerType: 'MANUAL',
  },
} as const;

function envOf({ url }: Simulator, isSignedIn = true): Record<string, string> {
  const {
    DRAGOMAN_REFRESH_TOKEN = '',
    DRAGOMAN_CLIENT_ID = '',
    DRAGOMAN_CLIENT_SECRET = '',
    ...env
  } = environmentFor(url);
  const credential = { DRAGOMAN_REFRESH_TOKEN, DRAGOMAN_CLIENT_ID, DRAGOMAN_CLIENT_SECRET };
  return isSignedIn ? { ...env, ...credential } : env;
}

function manage(simulator: Simulator, options: AuthManagerOptions = {}, isSignedIn = true): AuthManager {
  const manager = new AuthManager({ env: envOf(simulator, isSignedIn), ...options });
  onTestFinished(() => manager.close());
  return manager;
}

async function clientOf(options: SimulatorOptions) {
  const simulator = await createSimulator(options);
  const manager = manage(simulator);
  const tokenProvider = async () => (await manager.getValidToken())?.access_token ?? expect.fail('not signed in');
  return { simulator, client: new CodeWhispererClient({ tokenProvider, env: envOf(simulator) }) };
}

describe('AuthManager', () => {
  it('returns no token before a sign-in, and a valid one for a signed-in account', async () => {
    const simulator = await createSimulator();
    expect(await manage(simulator, {}, false).getValidToken()).toBeNull();
    const manager = manage(simulator);
    const token = await manager.getValidToken();
    expect(token).toMatchObject({ region: 'us-east-1', account_id: expect.any(String) });
    expect(Date.parse(token?.expires_at ?? '')).toBeGreaterThan(Date.now());
    expect(await manager.getValidToken()).toEqual(token);
    const next = token && (await manager.refreshToken(token));
    expect(next?.access_token).not.toBe(token?.access_token);
    expect(JSON.stringify([token, next])).not.toContain(DEFAULT_ACCOUNT.refreshToken);
  });

  it('signs in if no account is signed in', async () => {
    const simulator = await createSimulator({ approveAfterPolls: 0, pollIntervalS: 1 });
    const seen: string[] = [];
    const manager = manage(simulator, { onVerification: ({ user_code }) => seen.push(user_code) }, false);
    const token = await manager.authenticate();
    expect(seen).toHaveLength(1);
    expect(await manager.authenticate()).toEqual(token);
    expect(seen).toHaveLength(1);
  });

  it('lets programs poll a sign-in that they started', async () => {
    const simulator = await createSimulator({ pollIntervalS: 1 });
    const manager = manage(simulator, { region: 'us-east-1' }, false);
    const { device_code, user_code, interval, ...authorization } = await manager.startDeviceAuthorization();
    expect(authorization.verification_uri_complete).toContain(user_code);
    expect(authorization.verification_uri).not.toContain(user_code);
    await expect(manager.pollForToken(device_code)).rejects.toMatchObject({ name: 'AuthorizationPendingException' });
    simulator.approve(user_code);
    const token = await vi.waitFor(() => manager.pollForToken(device_code), {
      timeout: 20_000,
      interval: interval * 1000,
    });
    expect(await manager.getValidToken()).toEqual(token);
  });

  it('rejects if the user denies the sign-in', async () => {
    const simulator = await createSimulator({ pollIntervalS: 1 });
    const manager = manage(simulator, { onVerification: ({ user_code }) => simulator.deny(user_code) }, false);
    await expect(manager.authenticate()).rejects.toMatchObject({ code: 'credential_rejected' });
  });
});

describe('CodeWhispererClient', () => {
  it('returns the events of the service under their names, and sends the request unchanged', async () => {
    const { simulator, client } = await clientOf({ script: { replies: [{ steps: ['An ', 'interpreter.'] }] } });
    const events: ServiceEvent[] = [];
    for await (const event of client.generateAssistantResponse(HELLO)) events.push(event);
    const text = events.map((event) => ('assistantResponseEvent' in event ? event.assistantResponseEvent.content : ''));
    expect(text.join('')).toBe('An interpreter.');
    expect(events.flatMap(Object.keys)).not.toContain('initial-response');
    expect(events.every((event) => Object.keys(event).length === 1)).toBe(true);
    expect(simulator.chatRequests.map(({ body }) => body)).toEqual([HELLO]);
  });

  it('assembles a complete reply with tool calls', async () => {
    const steps = ['Let me look.', { tool: 'get_weather', input: { city: '北京' } }];
    const { client } = await clientOf({ script: { replies: [{ steps }] } });
    const tool = { name: 'get_weather', description: 'd', inputSchema: { json: { type: 'object', properties: {} } } };
    const reply = await client.generateAssistantResponseNonStreaming({
      conversationState: {
        ...HELLO.conversationState,
        currentMessage: {
          userInputMessage: { content: 'Hi', userInputMessageContext: { tools: [{ toolSpecification: tool }] } },
        },
      },
    });
    expect(reply).toMatchObject({
      content: 'Let me look.',
      toolUses: [{ tool_use_id: expect.any(String), name: 'get_weather', input: { city: '北京' } }],
    });
  });

  it('sends the given profile ARN', async () => {
    const simulator = await createSimulator({ script: { replies: [{ steps: ['Yes.'] }] } });
    const env = {
      ...envOf(simulator, false),
      DRAGOMAN_REFRESH_TOKEN: IDC_ACCOUNT.refreshToken,
      DRAGOMAN_CLIENT_ID: IDC_ACCOUNT.clientId,
      DRAGOMAN_CLIENT_SECRET: IDC_ACCOUNT.clientSecret,
      DRAGOMAN_PROFILE_ARN: IDC_ACCOUNT.profileArn,
    };
    const manager = manage(simulator, { env });
    const { access_token } = (await manager.getValidToken()) ?? expect.fail('not signed in');
    const client = new CodeWhispererClient({
      tokenProvider: () => access_token,
      endpoint: `${simulator.url}/`,
      kind: 'idc',
      profileArn: IDC_ACCOUNT.profileArn,
      env: {},
    });
    expect((await client.generateAssistantResponseNonStreaming(HELLO)).content).toBe('Yes.');
    expect(simulator.chatRequests[0]?.body).toMatchObject({ profileArn: IDC_ACCOUNT.profileArn });
  });

  it('throws an error for a refusal and for a broken reply', async () => {
    const refuse = { status: 429, name: 'ThrottlingException', message: 'Too many requests' };
    const { client } = await clientOf({ script: { replies: [{ refuse }] } });
    await expect(client.generateAssistantResponseNonStreaming(HELLO)).rejects.toMatchObject({
      name: 'GatewayError',
      code: 'upstream_throttled',
    });
    const { client: late } = await clientOf({ script: { replies: [{ steps: ['Hal', { cut: 'reset' }] }] } });
    await expect(late.generateAssistantResponseNonStreaming(HELLO)).rejects.toMatchObject({ code: 'upstream_broken' });
  });

  it('stops the request when its signal aborts', async () => {
    const { client } = await clientOf({ script: { replies: [{ steps: ['One. ', { gapMs: 60_000 }, 'Two.'] }] } });
    const leaving = new AbortController();
    const reading = (async () => {
      for await (const _ of client.generateAssistantResponse(HELLO, { signal: leaving.signal })) leaving.abort();
    })();
    await expect(reading).rejects.toMatchObject({ code: 'client_closed' });
  });
});
