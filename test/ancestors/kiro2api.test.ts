/** kiro2api, a bridge in Go: Kiro accounts from the environment, Anthropic's and OpenAI's APIs behind one token. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { expect } from 'vitest';
import { inspectFile } from '../../src/accounts/imports/discover.ts';
import { loadSettings } from '../../src/config.ts';
import { DEFAULT_ACCOUNT, SOCIAL_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { createHome, runCommand } from '../support/command.ts';
import { completion, HELLO, message, type Row, replayTable, streamedText } from './replay.ts';

const CHAT = '/v1/chat/completions';
const MESSAGES = '/v1/messages';
const BEARER = { authorization: 'Bearer 123456', 'content-type': 'application/json' };
const MODEL = 'claude-sonnet-4-20250514';
const ENV = { AWS_REFRESHTOKEN: SOCIAL_ACCOUNT.refreshToken, KIRO_CLIENT_TOKEN: '123456' };
const ask = (content: string) => ({ model: MODEL, messages: [{ role: 'user' as const, content }] });

/** A PNG of one pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const SEARCH = {
  name: 'web_search',
  description: 'Search the web for information',
  input_schema: {
    type: 'object',
    properties: { query: { type: 'string', description: 'The search query' } },
    required: ['query'],
  },
};
const BASH = {
  type: 'function',
  function: {
    name: 'bash',
    description: 'Execute bash commands',
    parameters: {
      type: 'object',
      properties: { command: { type: 'string', description: 'The command to execute' } },
      required: ['command'],
    },
  },
};

const rows: readonly Row[] = [
  {
    call: '`POST /v1/messages` with `Authorization: Bearer`',
    async replay({ curl }) {
      const { json } = await curl('POST', MESSAGES, { ...ask('你好，请介绍一下你自己'), max_tokens: 1000 }, BEARER);
      expect(json).toMatchObject(message(HELLO));
    },
  },
  {
    call: '`POST /v1/messages` with `"stream": true`',
    async replay({ curl }) {
      const body = { ...ask('讲个故事'), max_tokens: 200, stream: true };
      expect(streamedText(await curl('POST', MESSAGES, body, BEARER))).toBe(HELLO);
    },
  },
  {
    call: '`POST /v1/messages` without `max_tokens`',
    differsBecause: 'Anthropic’s API requires it; the answer names the field',
    async replay({ curl }) {
      const { status, json } = await curl('POST', MESSAGES, ask('test'), BEARER);
      expect([status, json]).toMatchObject([400, { error: { message: expect.stringContaining('max_tokens') } }]);
    },
  },
  {
    call: '`POST /v1/chat/completions`, whole and streamed',
    async replay({ curl }) {
      const question = ask('解释一下机器学习的基本概念');
      expect((await curl('POST', CHAT, question, BEARER)).json).toMatchObject(completion(HELLO));
      expect(streamedText(await curl('POST', CHAT, { ...question, stream: true }, BEARER))).toBe(HELLO);
    },
  },
  {
    call: '`GET /v1/models` with `Authorization: Bearer` or `x-api-key`',
    async replay({ curl }) {
      for (const headers of [BEARER, { 'x-api-key': '123456' }])
        expect((await curl('GET', '/v1/models', undefined, headers)).json).toMatchObject({ object: 'list' });
    },
  },
  {
    call: 'any of them without the token, or with another: 401',
    async replay({ curl }) {
      for (const headers of [{}, { 'x-api-key': '654321' }])
        expect((await curl('GET', '/v1/models', undefined, headers)).status).toBe(401);
    },
  },
  {
    call: '`POST /v1/messages` with a tool of its own named `web_search` and `tool_choice`',
    async replay({ curl }) {
      const choice = { tools: [SEARCH], tool_choice: { type: 'auto' } };
      const body = { ...ask('请搜索人工智能的信息'), max_tokens: 1000, ...choice };
      expect((await curl('POST', MESSAGES, body, BEARER)).json).toMatchObject({
        stop_reason: 'tool_use',
        content: [{ type: 'tool_use', name: 'web_search', input: { query: 'AI' } }],
      });
    },
  },
  {
    call: '`POST /v1/chat/completions` with a tool and `"tool_choice": "auto"`',
    async replay({ curl }) {
      const body = { ...ask('执行系统命令'), tools: [BASH], tool_choice: 'auto' };
      const call = { type: 'function', function: { name: 'bash', arguments: '{"command":"ls"}' } };
      expect((await curl('POST', CHAT, body, BEARER)).json).toMatchObject({
        choices: [{ finish_reason: 'tool_calls', message: { tool_calls: [call] } }],
      });
    },
  },
  {
    call: 'images, as a data URL at OpenAI’s API and in base64 at Anthropic’s',
    async replay({ curl, simulator }) {
      const url = { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } };
      const source = { type: 'base64', media_type: 'image/png', data: PNG };
      const inOpenAi = [{ type: 'text', text: '图片上是什么内容？' }, url];
      const inAnthropic = [
        { type: 'text', text: '请分析这张图片' },
        { type: 'image', source },
      ];
      const bodyOf = (content: unknown) => ({ model: MODEL, max_tokens: 1000, messages: [{ role: 'user', content }] });
      expect((await curl('POST', CHAT, bodyOf(inOpenAi), BEARER)).json).toMatchObject(completion(HELLO));
      expect((await curl('POST', MESSAGES, bodyOf(inAnthropic), BEARER)).json).toMatchObject(message(HELLO));
      expect(JSON.stringify(simulator.chatRequests.at(-1)?.body)).toContain('"format":"png"');
    },
  },
  {
    call: 'the models `claude-3-7-sonnet-20250219` and `claude-3-5-haiku-20241022`',
    differsBecause: 'the service no longer has them, and dragoman never answers with another version',
    async replay({ curl }) {
      for (const model of ['claude-3-7-sonnet-20250219', 'claude-3-5-haiku-20241022'])
        expect((await curl('POST', MESSAGES, { ...ask('你好'), model, max_tokens: 100 }, BEARER)).status).toBe(404);
    },
  },
  {
    call: '`GET /health` without the token',
    async replay({ curl }) {
      expect((await curl('GET', '/health')).status).toBe(200);
    },
  },
  {
    call: 'Claude Code with `ANTHROPIC_BASE_URL` (with or without `/v1`) and `ANTHROPIC_AUTH_TOKEN` or `ANTHROPIC_API_KEY`',
    async replay({ url }) {
      const question = { ...ask('你好'), max_tokens: 100 };
      for (const key of [{ authToken: '123456', apiKey: null }, { apiKey: '123456' }]) {
        for (const baseURL of [url, `${url}/v1`]) {
          const { messages } = new Anthropic({ baseURL, ...key, maxRetries: 0 });
          expect(await messages.stream(question).finalText()).toBe(HELLO);
        }
      }
    },
  },
  {
    call: '`AWS_REFRESHTOKEN` with one token',
    async replay({ admin }) {
      const { json } = await admin('GET', '/v2/accounts');
      expect(json).toMatchObject({ accounts: [{ kind: 'social', source: { type: 'environment' } }] });
    },
  },
  {
    call: '`AWS_REFRESHTOKEN` with several tokens, `KIRO_AUTH_TOKEN`',
    differsBecause:
      'the environment names one account; save the JSON of `KIRO_AUTH_TOKEN` as a file and `dragoman accounts import` it',
    async replay() {
      const path = join(createHome(), 'accounts.json');
      const { clientId, clientSecret, refreshToken } = DEFAULT_ACCOUNT;
      const social = { auth: 'Social', refreshToken: SOCIAL_ACCOUNT.refreshToken };
      writeFileSync(path, JSON.stringify([social, { auth: 'IdC', refreshToken, clientId, clientSecret }]));
      const found = await inspectFile(path, { nowMs: Date.now() });
      const kinds = found.map(({ outcome }) => outcome.type === 'credential' && outcome.secrets.credential.kind);
      expect(kinds).toEqual(['social', 'builder-id']);
    },
  },
  {
    call: '`AUTH_METHOD=idc`, `IDC_REFRESH_TOKEN`, `IDC_CLIENT_ID`, `IDC_CLIENT_SECRET`',
    differsBecause: 'the names are `DRAGOMAN_REFRESH_TOKEN`, `DRAGOMAN_CLIENT_ID` and `DRAGOMAN_CLIENT_SECRET`',
    async replay() {
      expect(loadSettings({ IDC_REFRESH_TOKEN: 'x' }).settings.refreshToken).toBeUndefined();
      expect(loadSettings({ DRAGOMAN_REFRESH_TOKEN: 'x' }).settings.refreshToken).toBe('x');
    },
  },
  {
    call: '`KIRO_CLIENT_TOKEN`, `PORT`, `LOG_LEVEL`',
    async replay() {
      const { settings } = loadSettings({ KIRO_CLIENT_TOKEN: '123456', PORT: '8081', LOG_LEVEL: 'debug' });
      expect(settings).toMatchObject({ apiKeys: ['123456'], port: 8081, logLevel: 'debug' });
    },
  },
  {
    call: 'no `KIRO_CLIENT_TOKEN`: the token `123456`',
    differsBecause: 'there is no default secret: without a key dragoman serves only this machine and checks none',
    async replay() {
      expect(loadSettings({}).settings.apiKeys).toEqual([]);
    },
  },
  {
    call: '`LOG_FORMAT`, `LOG_FILE`, `TOKEN_SELECTION_STRATEGY`, `GIN_MODE`, `REQUEST_TIMEOUT_MINUTES`',
    differsBecause:
      'other programs own those names; `DRAGOMAN_LOG_FORMAT` and `DRAGOMAN_STRATEGY` do the same, and the log goes to standard error',
    async replay() {
      expect(loadSettings({ LOG_FORMAT: 'json' }).settings.logFormat).toBe('auto');
      expect(loadSettings({ DRAGOMAN_LOG_FORMAT: 'json' }).settings.logFormat).toBe('json');
      expect(loadSettings({ DRAGOMAN_STRATEGY: 'least-used' }).settings.strategy).toBe('least-used');
    },
  },
  {
    call: '`~/.aws/sso/cache/kiro-auth-token.json`, which kiro2cc reads',
    async replay({ simulator }) {
      const home = createHome();
      const path = join(home, 'kiro-auth-token.json');
      const token = { accessToken: 'aoa', expiresAt: '2026-01-05T10:00:00.000Z', authMethod: 'social' };
      writeFileSync(path, JSON.stringify({ ...token, refreshToken: `${SOCIAL_ACCOUNT.refreshToken}other` }));
      const env = { DRAGOMAN_KIRO_TOKEN_FILE: path, DRAGOMAN_UPSTREAM_URL: simulator.url };
      const { code, out } = await runCommand(['accounts', 'list', '--json'], env, home);
      expect([code, JSON.parse(out).accounts]).toMatchObject([0, [{ kind: 'social', source: { type: 'kiro-file' } }]]);
    },
  },
  {
    call: '`kiro2cc server`, `kiro2cc read`, `kiro2cc refresh`',
    differsBecause: 'the commands are `dragoman serve`, `dragoman accounts show` and `dragoman accounts refresh`',
    async replay() {
      const { code, out } = await runCommand(['accounts', '--help']);
      expect([code, out]).toEqual([0, expect.stringMatching(/show.*refresh/s)]);
    },
  },
  {
    call: '`kiro2cc claude`, `kiro2cc stop`',
    differsBecause:
      'dragoman starts no other program: Claude Code needs two variables, and Ctrl-C ends `dragoman serve`',
    async replay() {
      expect((await runCommand(['claude'])).code).toBe(2);
    },
  },
];

replayTable('kiro2api', ENV, rows);
