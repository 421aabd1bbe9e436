/** codewhisperer-openai-proxy, a proxy and library in TypeScript: one Builder ID, any API key, OpenAI's chat API. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { expect, onTestFinished } from 'vitest';
import { loadSettings } from '../../src/config.ts';
import * as library from '../../src/index.ts';
import { DEFAULT_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { environmentFor as simulatorEnvironment } from '../../src/simulator/environment.ts';
import { beginCommand, createHome, runCommand } from '../support/command.ts';
import { createSimulator } from '../support/simulator.ts';
import { completion, HELLO, type ReplayedGateway, type Row, replayTable, streamedText } from './replay.ts';

const CHAT = '/v1/chat/completions';
const CREDENTIAL = {
  DRAGOMAN_REFRESH_TOKEN: DEFAULT_ACCOUNT.refreshToken,
  DRAGOMAN_CLIENT_ID: DEFAULT_ACCOUNT.clientId,
  DRAGOMAN_CLIENT_SECRET: DEFAULT_ACCOUNT.clientSecret,
};
const ask = (content: string) => ({ model: 'codewhisperer', messages: [{ role: 'user' as const, content }] });
const sdk = ({ url }: ReplayedGateway) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any-string', maxRetries: 0 });

const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: '获取指定城市的天气信息',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', description: '城市名称' } },
      required: ['city'],
    },
  },
};

/** The service's address, for a process without an account. */
function places({ simulator }: ReplayedGateway): Record<string, string> {
  const {
    DRAGOMAN_REFRESH_TOKEN: _,
    DRAGOMAN_CLIENT_ID: _id,
    DRAGOMAN_CLIENT_SECRET: _secret,
    ...rest
  } = simulatorEnvironment(simulator.url);
  return rest;
}

function expectScript(name: string): void {
  const scripts: Record<string, string> = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts;
  // `npm run` passes further words to the script's own command.
  expect(scripts[name]).toBe('node tools/start.js');
}

const ROOT = join(import.meta.dirname, '../..');

async function signIn(gateway: ReplayedGateway, home: string) {
  expectScript('cli');
  const login = beginCommand(['login'], places(gateway), home);
  for (;;) {
    const [, code] = /code (\S+)/.exec(await login.nextLine()) ?? [];
    if (code === undefined) continue;
    gateway.simulator.approve(code);
    return login.ended;
  }
}

const rows: readonly Row[] = [
  {
    call: '`npm run cli login`',
    async replay(gateway) {
      const { code, out } = await signIn(gateway, createHome());
      expect([code, out]).toEqual([0, expect.stringContaining('Signed in as Builder ID')]);
    },
  },
  {
    call: '`npm run cli test "…"`',
    async replay(gateway) {
      const home = createHome();
      await signIn(gateway, home);
      expectScript('cli');
      expect(await runCommand(['test', '写一个快速排序算法'], places(gateway), home)).toMatchObject({
        code: 0,
        out: expect.stringContaining(HELLO),
      });
    },
  },
  {
    call: '`npm run dev`, `npm run build`, `npm start`',
    async replay() {
      const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
      expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['dev', 'build', 'start']));
    },
  },
  {
    call: '`npm run fix-403`',
    differsBecause: 'every sign-in of dragoman requests the scope that was missing; `dragoman login` signs in again',
    async replay({ simulator }) {
      const register = simulator.requests.find(({ path }) => path === '/client/register');
      expect(register?.rawBody).toContain('codewhisperer:conversations');
    },
  },
  {
    call: 'port 3000',
    differsBecause: 'the default is 8080; `PORT=3000` sets it',
    async replay() {
      expect(loadSettings({}).settings.port).toBe(8080);
      expect(loadSettings({ PORT: '3000' }).settings.port).toBe(3000);
    },
  },
  {
    call: '`POST /v1/chat/completions` with `"stream": true`',
    async replay({ curl }) {
      const answer = await curl('POST', CHAT, { ...ask('你好'), stream: true });
      expect([streamedText(answer), answer.text.trimEnd().endsWith('data: [DONE]')]).toEqual([HELLO, true]);
    },
  },
  {
    call: '`POST /v1/chat/completions` with `"stream": false`, or without `stream`',
    async replay({ curl }) {
      for (const body of [{ ...ask('写一个 Python 冒泡排序'), stream: false }, ask('解释什么是递归')])
        expect((await curl('POST', CHAT, body)).json).toMatchObject(completion(HELLO));
    },
  },
  {
    call: 'a system message, `temperature` and `max_tokens`',
    async replay({ curl }) {
      const messages = [
        { role: 'system', content: 'You are a helpful assistant.' },
        { role: 'user', content: 'Hello!' },
      ];
      const body = { model: 'codewhisperer', messages, temperature: 0.7, max_tokens: 1000 };
      expect((await curl('POST', CHAT, body)).json).toMatchObject(completion(HELLO));
    },
  },
  {
    call: 'the OpenAI SDK with `api_key="any-string"`, whole and streamed',
    async replay(gateway) {
      const { completions } = sdk(gateway).chat;
      const completion = await completions.create(ask('写一个快速排序'));
      expect(completion.choices[0]?.message.content).toBe(HELLO);
      let text = '';
      for await (const chunk of await completions.create({ ...ask('解释什么是递归'), stream: true }))
        text += chunk.choices[0]?.delta.content ?? '';
      expect(text).toBe(HELLO);
    },
  },
  {
    call: 'tools over two rounds, through the OpenAI SDK',
    async replay(gateway) {
      const { completions } = sdk(gateway).chat;
      const question = ask('北京的天气怎么样？');
      const first = await completions.create({ ...question, tools: [WEATHER] });
      const answer = first.choices[0]?.message ?? expect.fail('no message');
      const [call] = answer.tool_calls ?? [];
      if (call?.type !== 'function') return expect.fail('no tool call');
      expect(JSON.parse(call.function.arguments)).toEqual({ city: '北京' });
      const result = { role: 'tool' as const, content: '{"temperature": 15}', tool_call_id: call.id };
      const messages = [...question.messages, answer, result];
      const second = await completions.create({ ...question, messages, tools: [WEATHER] });
      expect(second.choices[0]?.message.content).toBe('晴朗，15 度。');
    },
  },
  {
    call: 'a conversation of its own for each API key, its history kept by the gateway',
    differsBecause: 'clients send the whole history, as OpenAI’s API requires; it is what distinguishes conversations',
    async replay({ curl, simulator }) {
      await curl('POST', CHAT, ask('first'), { authorization: 'Bearer one' });
      await curl('POST', CHAT, ask('second'), { authorization: 'Bearer one' });
      const [first, second] = simulator.chatRequests.slice(-2).map(({ body }) => JSON.stringify(body));
      expect([first, second]).toEqual([expect.stringContaining('first'), expect.stringContaining('second')]);
      expect(second).not.toContain('first');
    },
  },
  {
    call: '`GET /v1/models`',
    differsBecause: 'it lists the models of the account instead of the name `codewhisperer`, which is still accepted',
    async replay({ curl }) {
      const { json } = await curl('GET', '/v1/models');
      expect(json).toMatchObject({
        object: 'list',
        data: expect.arrayContaining([{ object: 'model' }].map((model) => expect.objectContaining(model))),
      });
      expect(JSON.stringify(json)).not.toContain('"codewhisperer"');
    },
  },
  {
    call: '`GET /health`',
    differsBecause: '`status` is `healthy`, as in amq2api, next to the state of the accounts',
    async replay({ curl }) {
      expect((await curl('GET', '/health')).json).toMatchObject({ status: 'healthy', accounts: { total: 1 } });
    },
  },
  {
    call: '`~/.codewhisperer-proxy`',
    async replay(gateway) {
      const home = createHome();
      const folder = join(home, '.codewhisperer-proxy');
      mkdirSync(folder);
      const { refreshToken, clientId, clientSecret, startUrl } = DEFAULT_ACCOUNT;
      const common = { region: 'us-east-1', oauth_flow: 'DeviceCode', scopes: ['codewhisperer:conversations'] };
      const token = { access_token: 'aoa', expires_at: '2026-01-05T10:00:00.000Z', refresh_token: refreshToken };
      const client = {
        client_id: clientId,
        client_secret: clientSecret,
        client_secret_expires_at: '2099-01-01T00:00:00Z',
      };
      writeFileSync(join(folder, 'tokens.json'), JSON.stringify({ ...token, start_url: startUrl, ...common }));
      writeFileSync(join(folder, 'registration.json'), JSON.stringify({ ...client, ...common }));
      const { code, out } = await runCommand(['accounts', 'import', '--yes', '--json'], places(gateway), home);
      expect([code, JSON.parse(out).imported]).toMatchObject([0, [{ kind: 'builder-id', enabled: true }]]);
    },
  },
  {
    call: '`new AuthManager()`, `authenticate()`, `getValidToken()`, `new CodeWhispererClient({ tokenProvider })`, `generateAssistantResponse(…)`',
    async replay(gateway) {
      const home = createHome();
      await signIn(gateway, home);
      const file = join(home, 'readme.mjs');
      writeFileSync(file, README_PROGRAM.replace("'codewhisperer-openai-proxy'", `'${join(ROOT, 'src/index.ts')}'`));
      const env = { PATH: process.env.PATH, HOME: home, DRAGOMAN_HOME: join(home, '.dragoman'), ...places(gateway) };
      const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: home, env });
      expect(stdout.replaceAll('\n', '')).toBe(HELLO);
    },
  },
  {
    call: '`generateAssistantResponseNonStreaming(…)`',
    async replay() {
      const { env, manager } = await signedIn();
      const token = (await manager.getValidToken()) ?? expect.fail('no token');
      const client = new library.CodeWhispererClient({ tokenProvider: async () => token.access_token, env });
      const currentMessage = { userInputMessage: { content: 'Write a bubble sort', origin: 'CLI' } };
      const conversationState = { currentMessage, chatTriggerType: 'MANUAL' as const };
      const reply = await client.generateAssistantResponseNonStreaming({ conversationState });
      expect(reply).toMatchObject({ content: HELLO, toolUses: [] });
    },
  },
  {
    call: '`refresh_token` of a token, `registerClient()`',
    differsBecause: 'the refresh token stays encrypted in the store, and clients are registered when they are needed',
    async replay() {
      const { manager } = await signedIn();
      const token = (await manager.getValidToken()) ?? expect.fail('no token');
      expect(Object.keys(token)).not.toContain('refresh_token');
      expect(Object.keys(await manager.refreshToken(token))).toEqual(Object.keys(token));
      expect('registerClient' in manager).toBe(false);
    },
  },
  {
    call: '`OpenAIToCodeWhispererConverter`',
    differsBecause:
      'the two halves are separate: `openaiChat` reads and writes the client’s side, `codewhisperer` the service’s',
    async replay() {
      expect(Object.keys(library)).toEqual(expect.arrayContaining(['openaiChat', 'codewhisperer']));
      expect(Object.keys(library)).not.toContain('OpenAIToCodeWhispererConverter');
    },
  },
];

/** A separate simulator, because the refresh token of the replayed gateway's account has been used. */
async function signedIn() {
  const env = simulatorEnvironment((await createSimulator({ script: { replies: [{ steps: [HELLO] }] } })).url);
  const manager = new library.AuthManager({ env, settings: { databaseUrl: 'sqlite::memory:' } });
  onTestFinished(() => manager.close());
  return { env, manager };
}

/** The README's program, in the shape of its calls. */
const README_PROGRAM = `
import { AuthManager, CodeWhispererClient } from 'codewhisperer-openai-proxy';
const authManager = new AuthManager();
await authManager.authenticate();
const token = await authManager.getValidToken();
const client = new CodeWhispererClient({ tokenProvider: async () => token.access_token });
for await (const event of client.generateAssistantResponse({
  conversationState: {
    currentMessage: { userInputMessage: { content: 'Hello', origin: 'CLI' } },
    chatTriggerType: 'MANUAL',
  },
})) {
  if ('assistantResponseEvent' in event) console.log(event.assistantResponseEvent.content);
}
`;

replayTable('codewhisperer-openai-proxy', CREDENTIAL, rows);
