/** Wire profiles from end to end: a session through each of them, changing to another one, and the user's own files. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { accountList } from '../src/http/admin/contract/account.ts';
import { learnedAnswer } from '../src/http/admin/contract/learned.ts';
import { API_KEY_ACCOUNT } from '../src/simulator/default-accounts.ts';
import type { Script } from '../src/simulator/script.ts';
import { wireProfileMarkdown } from '../src/upstreams/codewhisperer/profile-document.ts';
import { createSimulator } from './support/simulator.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';
import { WIRE_PROFILES } from './support/wire-profiles.ts';

const MODEL = 'claude-sonnet-4.5';
const PAGE = readFileSync(resolve(import.meta.dirname, '../docs/wire-profiles.md'), 'utf8');
const TOOL = {
  name: 'read_file',
  description: 'Reads a file.',
  input_schema: { type: 'object' as const, properties: { path: { type: 'string' } }, required: ['path'] },
};

/** A tool round without text beside the call, an answer, and a second question. */
const SCRIPT: Script = {
  replies: [
    { when: { toolResults: false, text: 'notes' }, steps: [{ tool: 'read_file', input: { path: 'notes.txt' } }] },
    { when: { toolResults: true }, steps: ['Milk.'] },
    { steps: ['You are welcome.'] },
  ],
};

function clientOf(gateway: TestGateway, defaultHeaders: Record<string, string> = {}): Anthropic {
  return new Anthropic({ apiKey: gateway.apiKey, baseURL: gateway.url, maxRetries: 0, defaultHeaders });
}

async function runSession(client: Anthropic): Promise<readonly string[]> {
  const profiles: string[] = [];
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'What is in my notes?' }];
  const ask = async () => {
    const body = { model: MODEL, max_tokens: 1000, system: 'Be brief.', messages, tools: [TOOL] };
    const { data, response } = await client.messages.create(body).withResponse();
    profiles.push(/profile="([^"]*)"/.exec(response.headers.get('x-dragoman-route') ?? '')?.[1] ?? '');
    messages.push({ role: 'assistant', content: data.content });
    return data;
  };
  const use = (await ask()).content.find((block) => block.type === 'tool_use');
  messages.push({
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: use?.id ?? '', content: 'milk' }],
  });
  expect((await ask()).content).toMatchObject([{ type: 'text', text: 'Milk.' }]);
  messages.push({ role: 'user', content: 'Thanks.' });
  expect((await ask()).content).toMatchObject([{ type: 'text', text: 'You are welcome.' }]);
  return profiles;
}

function homeWith(...contents: readonly string[]): string {
  const home = mkdtempSync(join(tmpdir(), 'dragoman-profiles-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, 'profiles'));
  for (const [index, content] of contents.entries()) writeFileSync(join(home, 'profiles', `${index}.json`), content);
  return home;
}

const chatsOf = ({ simulator }: TestGateway) =>
  simulator.requests.filter(({ operation }) => operation === 'GenerateAssistantResponse');
const refusalsOf = ({ simulator }: TestGateway) =>
  simulator.requests.flatMap(({ refusedBy }) => (refusedBy ? [`${refusedBy.rule} ${refusedBy.detail}`] : []));

describe('a session of three turns', () => {
  const bearers = WIRE_PROFILES.filter(({ authentication }) => authentication === 'bearer');

  it.each(bearers)('works over $id without a refusal by the strict service', async ({ id }) => {
    await using gateway = await startTestGateway({ script: SCRIPT, env: { DRAGOMAN_WIRE_PROFILE: id } });
    expect(await runSession(clientOf(gateway))).toEqual([id, id, id]);
    expect(refusalsOf(gateway)).toEqual([]);
    for (const { headers } of chatsOf(gateway)) {
      expect(headers['user-agent']).toMatch(/^aws-sdk-js\/1\.0\.0 .* dragoman\/\d+\.\d+\.\d+\S*$/);
      expect(headers).not.toHaveProperty('accept-encoding');
    }
  });

  it.each(['q-rest', 'kiro-krs'])(
    'goes to the hosts named by %s, each of which serves only its own operations',
    async (id) => {
      const simulator = await createSimulator({ script: SCRIPT });
      const env = { DRAGOMAN_WIRE_PROFILE: id, DRAGOMAN_UPSTREAM_URL: `${simulator.url}/host/{host}` };
      await using gateway = await startTestGateway({ simulator, env });
      await runSession(clientOf(gateway));
      expect(simulator.requests.flatMap(({ refusedBy }) => refusedBy ?? [])).toEqual([]);
    },
  );

  it('has the ids of KiroRuntimeService: one session, a continuation for each turn of the user', async () => {
    await using gateway = await startTestGateway({ script: SCRIPT, env: { DRAGOMAN_WIRE_PROFILE: 'kiro-krs' } });
    await runSession(clientOf(gateway, { 'x-claude-code-session-id': 's1' }));
    await runSession(clientOf(gateway, { 'x-claude-code-session-id': 's1', 'x-claude-code-agent-id': 'a1' }));
    const states = chatsOf(gateway).map(({ rawBody }) => {
      const { agentMode, conversationState } = JSON.parse(rawBody);
      const { conversationId, rootConversationId, agentContinuationId } = conversationState;
      return { agentMode, conversationId, rootConversationId, agentContinuationId };
    });
    const [main, agent] = [states.slice(0, 3), states.slice(3)];
    const session = main[0]?.conversationId;
    expect(session).toMatch(/^sess_[0-9a-f-]{36}$/);
    for (const state of main)
      expect(state).toMatchObject({ agentMode: 'vibe', conversationId: session, rootConversationId: session });
    expect(new Set(agent.map(({ conversationId }) => conversationId)).size).toBe(1);
    for (const state of agent) {
      expect(state).toMatchObject({ agentMode: 'general-task-execution', rootConversationId: session });
      expect(state.conversationId).not.toBe(session);
    }
    for (const [first, round, next] of [main, agent].map((each) => each.map((one) => one.agentContinuationId))) {
      expect(round).toBe(first);
      expect(next).not.toBe(first);
    }
    expect(chatsOf(gateway)[0]?.headers).not.toHaveProperty('accept');
  });
});

describe('the control plane in JSON', () => {
  it('rejects a token with 400, which refreshes it once', async () => {
    const env = { DRAGOMAN_WIRE_PROFILE: 'kiro-krs', DRAGOMAN_ADMIN_TOKEN: 'an-admin-token-of-a-test' };
    await using gateway = await startTestGateway({ script: SCRIPT, env });
    await runSession(clientOf(gateway));
    const before = gateway.simulator.requests.length;
    gateway.simulator.expireAccessTokens('default');
    const headers = { authorization: `Bearer ${env.DRAGOMAN_ADMIN_TOKEN}` };
    expect((await fetch(`${gateway.url}/v2/usage?refresh=true`, { headers })).status).toBe(200);
    const calls = gateway.simulator.requests.slice(before).map(({ operation, status }) => `${operation} ${status}`);
    // The refusal might concern the profile ARN, so the request is first repeated without it.
    expect(calls).toEqual(['GetUsageLimits 400', 'GetUsageLimits 400', 'CreateToken 200', 'GetUsageLimits 200']);
  });
});

describe('an API key', () => {
  it('gets its profile from the service and keeps it for the next start', async () => {
    const home = homeWith();
    const env = {
      DRAGOMAN_HOME: home,
      DRAGOMAN_DATABASE_URL: `sqlite:${join(home, 'dragoman.db')}`,
      DRAGOMAN_SECRET_KEY: 'x'.repeat(32),
      DRAGOMAN_REFRESH_TOKEN: '',
      DRAGOMAN_CLIENT_ID: '',
      DRAGOMAN_CLIENT_SECRET: '',
      DRAGOMAN_KIRO_API_KEY: API_KEY_ACCOUNT.accessToken,
      DRAGOMAN_WIRE_PROFILE: 'kiro-krs',
    };
    const callsOf = async () => {
      await using gateway = await startTestGateway({ script: SCRIPT, env });
      expect(await runSession(clientOf(gateway))).toEqual(Array(3).fill('kiro-krs'));
      expect(refusalsOf(gateway)).toEqual([]);
      for (const { rawBody, headers } of chatsOf(gateway)) {
        expect(JSON.parse(rawBody).profileArn).toBe(API_KEY_ACCOUNT.profileArn);
        expect(headers.tokentype).toBe('API_KEY');
      }
      return gateway.simulator.requests.filter(({ operation }) => operation === 'GetProfile').length;
    };
    expect(await callsOf()).toBe(1);
    expect(await callsOf()).toBe(0);
  });
});

describe('a refused wire profile', () => {
  it('is skipped for a while, even after a restart', async () => {
    const home = homeWith();
    const env = {
      DRAGOMAN_DATABASE_URL: `sqlite:${join(home, 'dragoman.db')}`,
      DRAGOMAN_SECRET_KEY: 'x'.repeat(32),
    };
    const simulator = await createSimulator({ script: { ...SCRIPT, service: { hosts: 'kiro' } } });
    const usualTried = async () => {
      const before = simulator.requests.length;
      await using gateway = await startTestGateway({ simulator, env });
      await runSession(clientOf(gateway));
      return simulator.requests.slice(before).filter(({ path }) => path === '/generateAssistantResponse').length;
    };
    expect(await usualTried()).toBe(1);
    expect(await usualTried()).toBe(0);
  });

  it('is shown with the reason, and forgotten on request', async () => {
    const env = { DRAGOMAN_ADMIN_TOKEN: 'an-admin-token-of-a-test' };
    await using gateway = await startTestGateway({ script: { ...SCRIPT, service: { hosts: 'kiro' } }, env });
    const ask = async (method: string, path: string): Promise<unknown> => {
      const headers = { authorization: `Bearer ${env.DRAGOMAN_ADMIN_TOKEN}` };
      return (await fetch(`${gateway.url}/v2/accounts${path}`, { method, headers })).json();
    };
    const usualTried = () => chatsOf(gateway).length;
    const [used] = await runSession(clientOf(gateway));
    const [account] = accountList().parse(await ask('GET', '')).accounts;
    const learnt = async (method: string) =>
      learnedAnswer().parse(await ask(method, `/${account?.id}/learned`)).learned;
    await expect.poll(async () => (await learnt('GET')).wireProfile?.id).toBe(used);
    expect((await learnt('GET')).wireProfile).toMatchObject({
      since: expect.any(String),
      refused: [{ id: 'q-rest', code: 'profile_required', message: expect.stringMatching(/ARN/) }, { id: 'q-json' }],
    });
    expect(await learnt('DELETE')).toMatchObject({ wireProfile: null, closingEvents: [] });
    const before = usualTried();
    await runSession(clientOf(gateway));
    // The first profile is tried again.
    expect(gateway.simulator.requests.slice(-20).map(({ path: at }) => at)).toContain('/generateAssistantResponse');
    expect(usualTried()).toBeGreaterThan(before);
  });

  it('falls back for a list of models that its host does not serve', async () => {
    await using gateway = await startTestGateway({ script: { ...SCRIPT, service: { hosts: 'kiro' } } });
    const models = await clientOf(gateway).models.list();
    expect(models.data.map(({ id }) => id)).toContain(MODEL);
  });

  it('falls back to one of another host, which is remembered', async () => {
    await using gateway = await startTestGateway({ script: { ...SCRIPT, service: { hosts: 'kiro' } } });
    const profiles = await runSession(clientOf(gateway));
    expect(new Set(profiles).size).toBe(1);
    expect(profiles[0]).toMatch(/^kiro-/);
    // The default profile was tried once.
    expect(gateway.simulator.requests.filter(({ path }) => path === '/generateAssistantResponse').length).toBeLessThan(
      2,
    );
  });

  it('drops its TokenType if the service rejects it', async () => {
    const service = { takesSsoTokenType: false };
    const env = { DRAGOMAN_WIRE_PROFILE: 'kiro-krs' };
    await using gateway = await startTestGateway({ script: { ...SCRIPT, service }, env });
    expect(await runSession(clientOf(gateway))).toEqual(Array(3).fill('kiro-krs/untyped'));
    expect(chatsOf(gateway).map(({ headers }) => headers.tokentype)).toEqual([
      // The token is refreshed once, in case the refusal concerns it.
      ...Array(chatsOf(gateway).length - 3).fill('SSO_OIDC'),
      ...Array(3).fill(undefined),
    ]);
  });
});

describe("the user's own wire profiles", () => {
  it('take effect as documented', async () => {
    const example = /```json\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '';
    const env = { DRAGOMAN_HOME: homeWith(example), DRAGOMAN_WIRE_PROFILE: 'kiro-krs' };
    await using gateway = await startTestGateway({ script: SCRIPT, strict: false, env });
    await runSession(clientOf(gateway));
    const headers = chatsOf(gateway)[0]?.headers ?? {};
    expect(headers['user-agent']).toContain(' api/kiroruntime#1.1.0 ');
    expect(headers).not.toHaveProperty('x-kiro-attempt');
    expect(headers['x-amzn-kiro-client-attribution']).toBe('unrecognized');
  });

  it.each([
    ['invalid JSON', '{', /Could not read the wire profile .*0\.json: .*JSON/],
    [
      'a mistake',
      '{"id":"mine","extends":"q-rest","limits":{"imageBytes":-1}}',
      /0\.json is not valid\. limits\.imageBytes: /,
    ],
  ])('stop the start with an error naming the file: %s', async (_what, content, message) => {
    await expect(startTestGateway({ env: { DRAGOMAN_HOME: homeWith(content) } })).rejects.toThrow(message);
  });

  it('and the shipped ones are the only values of DRAGOMAN_WIRE_PROFILE', async () => {
    await expect(startTestGateway({ env: { DRAGOMAN_WIRE_PROFILE: 'q-soap' } })).rejects.toThrow(
      /DRAGOMAN_WIRE_PROFILE is "q-soap".*Use one of: q-rest, q-json, kiro-krs/,
    );
  });
});

describe('docs/wire-profiles.md', () => {
  it('lists every member of a profile with its meaning', () => {
    expect(PAGE.slice(PAGE.indexOf('| member |')).trimEnd()).toBe(wireProfileMarkdown());
  });

  it('lists every shipped profile', () => {
    const rows = [...PAGE.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, id = '']) => id);
    expect(rows.slice(0, WIRE_PROFILES.length)).toEqual(WIRE_PROFILES.map(({ id }) => id));
  });
});
