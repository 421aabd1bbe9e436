/** q2api, an account bridge in Python: many accounts in SQLite, an admin API under /v2, a list of client keys. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { expect } from 'vitest';
import { loadSettings } from '../../src/config.ts';
import { DEFAULT_ACCOUNT, SOCIAL_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { createHome, runCommand } from '../support/command.ts';
import {
  completion,
  HELLO,
  message,
  type ReplayedGateway,
  type Row,
  replayTable,
  startReplay,
  streamedText,
} from './replay.ts';

const CHAT = '/v1/chat/completions';
const MESSAGES = '/v1/messages';
const BEARER = { authorization: 'Bearer key2', 'content-type': 'application/json' };
const X_API_KEY = { 'x-api-key': 'key3', 'content-type': 'application/json' };
const MODEL = 'claude-sonnet-4';
const CREDENTIAL = {
  clientId: DEFAULT_ACCOUNT.clientId,
  clientSecret: DEFAULT_ACCOUNT.clientSecret,
  refreshToken: DEFAULT_ACCOUNT.refreshToken,
};
const TOOL = {
  name: 'get_weather',
  description: '获取指定城市的天气信息',
  input_schema: {
    type: 'object' as const,
    properties: { city: { type: 'string', description: '城市名称' } },
    required: ['city'],
  },
};
/** A JPEG of one pixel. */
const JPEG =
  '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k=';

const ask = (content: string, more = {}) => ({
  model: 'claude-sonnet-4.5',
  max_tokens: 1024,
  messages: [{ role: 'user' as const, content }],
  ...more,
});

/** The columns of q2api's table without secrets. */
const COLUMNS = [
  'id',
  'label',
  'last_refresh_time',
  'last_refresh_status',
  'created_at',
  'updated_at',
  'enabled',
  'error_count',
  'success_count',
] as const;

/** The account shared by the rows. */
async function accountOf({ admin }: ReplayedGateway): Promise<Record<string, unknown>> {
  const { json } = await admin('GET', '/v2/accounts');
  const { accounts = [] } = json as { accounts?: readonly Record<string, unknown>[] };
  return accounts[0] ?? expect.fail('no account');
}

const idOf = async (gateway: ReplayedGateway) => String((await accountOf(gateway)).id);

const rows: readonly Row[] = [
  {
    call: 'calls under `/v2` without a key',
    differsBecause: 'the admin API always needs the admin token: `-H "Authorization: Bearer …"`',
    async replay({ curl, admin }) {
      expect((await curl('GET', '/v2/accounts')).status).toBe(401);
      expect((await admin('GET', '/v2/accounts')).status).toBe(200);
    },
  },
  {
    call: '`POST /v2/accounts` with `label`, `clientId`, `clientSecret`, `refreshToken`, `enabled`',
    async replay({ admin }) {
      const { status, json } = await admin('POST', '/v2/accounts', { label: '我的账号', ...CREDENTIAL, enabled: true });
      expect([status, json]).toMatchObject([201, { label: '我的账号', enabled: true, last_refresh_status: 'never' }]);
      expect(Object.keys(json as object)).toEqual(expect.arrayContaining([...COLUMNS]));
    },
  },
  {
    call: '`GET /v2/accounts`',
    differsBecause: 'the list is the member `accounts` of an object, with the fields that q2api has in each account',
    async replay(gateway) {
      const account = await accountOf(gateway);
      expect(Object.keys(account)).toEqual(expect.arrayContaining([...COLUMNS]));
      expect(account).toMatchObject({ label: '我的账号', enabled: true, error_count: 0, success_count: 0 });
    },
  },
  {
    call: '`GET /v2/accounts/{id}`',
    async replay(gateway) {
      const id = await idOf(gateway);
      expect((await gateway.admin('GET', `/v2/accounts/${id}`)).json).toMatchObject({ id, label: '我的账号' });
    },
  },
  {
    call: '`clientId`, `clientSecret`, `refreshToken`, `accessToken` in answers',
    differsBecause: 'credentials are write-only',
    async replay(gateway) {
      const { text } = await gateway.admin('GET', `/v2/accounts/${await idOf(gateway)}`);
      for (const secret of [...Object.values(CREDENTIAL), 'refreshToken', 'clientSecret', 'accessToken'])
        expect(text).not.toContain(secret);
    },
  },
  {
    call: '`PATCH /v2/accounts/{id}` with `{"enabled": false}`',
    async replay(gateway) {
      const path = `/v2/accounts/${await idOf(gateway)}`;
      for (const enabled of [false, true])
        expect((await gateway.admin('PATCH', path, { enabled })).json).toMatchObject({ enabled, label: '我的账号' });
    },
  },
  {
    call: '`PATCH /v2/accounts/{id}` with `label`, `clientId`, `clientSecret`, `refreshToken`',
    async replay(gateway) {
      const path = `/v2/accounts/${await idOf(gateway)}`;
      const { status, json } = await gateway.admin('PATCH', path, { label: '工作', ...CREDENTIAL });
      expect([status, json]).toMatchObject([200, { label: '工作' }]);
    },
  },
  {
    call: '`PATCH /v2/accounts/{id}` with `accessToken` or `other`',
    differsBecause: 'dragoman gets access tokens itself and stores no notes; the answer names the fields it ignored',
    async replay(gateway) {
      const path = `/v2/accounts/${await idOf(gateway)}`;
      const { status, json } = await gateway.admin('PATCH', path, { accessToken: 'aoa', other: { note: 'mine' } });
      const adjustments = ['accessToken', 'other'].map((field) => ({ rule: 'field-ignored', path: field }));
      expect([status, json]).toMatchObject([200, { adjustments }]);
    },
  },
  {
    call: '`POST /v2/accounts/{id}/refresh`',
    async replay(gateway) {
      const id = await idOf(gateway);
      const { json } = await gateway.admin('POST', `/v2/accounts/${id}/refresh`);
      expect(json).toMatchObject({ id, last_refresh_status: 'success', last_refresh_time: expect.any(String) });
    },
  },
  {
    call: '`POST /v1/chat/completions`, whole, with `Authorization: Bearer`',
    async replay({ curl }) {
      const messages = [
        { role: 'system', content: '你是一个乐于助人的助手' },
        { role: 'user', content: '你好，请讲一个简短的故事' },
      ];
      const { json } = await curl('POST', CHAT, { model: MODEL, stream: false, messages }, BEARER);
      expect(json).toMatchObject(completion(HELLO));
    },
  },
  {
    call: '`POST /v1/chat/completions`, streamed',
    async replay({ curl }) {
      const body = { model: MODEL, stream: true, messages: [{ role: 'user', content: '讲一个笑话' }] };
      expect(streamedText(await curl('POST', CHAT, body, BEARER))).toBe(HELLO);
    },
  },
  {
    call: 'the OpenAI SDK with `base_url="http://localhost:8000/v1"`',
    async replay({ url }) {
      const { chat } = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'key1', maxRetries: 0 });
      const messages = [{ role: 'user' as const, content: '你好' }];
      const answer = await chat.completions.create({ model: MODEL, messages });
      expect(answer.choices[0]?.message.content).toBe(HELLO);
    },
  },
  {
    call: '`POST /v1/messages` with `x-api-key`, whole, streamed and with `system`',
    async replay({ curl }) {
      expect((await curl('POST', MESSAGES, ask('你好'), X_API_KEY)).json).toMatchObject(message(HELLO));
      expect(streamedText(await curl('POST', MESSAGES, ask('写一首诗', { stream: true }), X_API_KEY))).toBe(HELLO);
      const request = ask('如何实现快速排序？', { system: '你是一个专业的Python程序员' });
      expect((await curl('POST', MESSAGES, request, X_API_KEY)).json).toMatchObject(message(HELLO));
    },
  },
  {
    call: '`POST /v1/messages` with `tools`, then with the `tool_result`',
    async replay({ curl }) {
      const question = ask('北京今天天气怎么样？', { tools: [TOOL] });
      const called = await curl('POST', MESSAGES, question, X_API_KEY);
      expect(called.json).toMatchObject({
        stop_reason: 'tool_use',
        content: [{ type: 'tool_use', name: 'get_weather', input: { city: '北京' } }],
      });
      const id = 'toolu_xxx';
      const call = { type: 'tool_use', id, name: 'get_weather', input: { city: '北京' } };
      const result = { type: 'tool_result', tool_use_id: id, content: '北京今天晴，温度15-25℃' };
      const messages = [
        ...question.messages,
        { role: 'assistant', content: [{ type: 'text', text: '我来查询北京的天气。' }, call] },
        { role: 'user', content: [result] },
      ];
      const answered = await curl('POST', MESSAGES, { ...question, messages }, X_API_KEY);
      expect(answered.json).toMatchObject(message('晴朗，15 度。'));
    },
  },
  {
    call: '`POST /v1/messages` with an image in base64',
    async replay({ curl }) {
      const source = { type: 'base64', media_type: 'image/jpeg', data: JPEG };
      const content = [
        { type: 'text', text: '这张图片里有什么？' },
        { type: 'image', source },
      ];
      const body = { ...ask(''), messages: [{ role: 'user', content }] };
      expect((await curl('POST', MESSAGES, body, X_API_KEY)).json).toMatchObject(message(HELLO));
    },
  },
  {
    call: 'the Anthropic SDK with `base_url="http://localhost:8000/v1"`, whole and streamed',
    async replay({ url }) {
      const { messages } = new Anthropic({ baseURL: `${url}/v1`, apiKey: 'key1', maxRetries: 0 });
      expect((await messages.create(ask('你好'))).content).toMatchObject([{ type: 'text', text: HELLO }]);
      expect(await messages.stream(ask('写一首诗')).finalText()).toBe(HELLO);
    },
  },
  {
    call: '`success_count` and `error_count` after chats',
    async replay(gateway) {
      expect(await accountOf(gateway)).toMatchObject({ success_count: expect.any(Number), error_count: 0 });
      expect(Number((await accountOf(gateway)).success_count)).toBeGreaterThan(5);
    },
  },
  {
    call: '`OPENAI_KEYS`: one of several keys, and 401 for any other',
    async replay({ curl }) {
      const body = { model: MODEL, messages: [{ role: 'user', content: '你好' }] };
      expect((await curl('POST', CHAT, body, { authorization: 'Bearer key4' })).status).toBe(401);
      expect((await curl('POST', CHAT, body)).status).toBe(401);
    },
  },
  {
    call: 'no `OPENAI_KEYS`: no key is checked',
    async replay() {
      const open = await startReplay({ DRAGOMAN_REFRESH_TOKEN: SOCIAL_ACCOUNT.refreshToken, OPENAI_KEYS: '' });
      try {
        const body = { model: MODEL, messages: [{ role: 'user', content: '你好' }] };
        expect((await open.curl('POST', CHAT, body)).json).toMatchObject(completion(HELLO));
      } finally {
        await open.stop();
      }
    },
  },
  {
    call: '`DELETE /v2/accounts/{id}`',
    async replay(gateway) {
      const id = await idOf(gateway);
      const { status, json } = await gateway.admin('DELETE', `/v2/accounts/${id}`);
      expect([status, json]).toMatchObject([200, { deleted: id }]);
    },
  },
  {
    call: 'a chat when no account is enabled',
    differsBecause: 'the status is 503 instead of 401, because the client’s key is valid',
    async replay({ curl }) {
      const body = { model: MODEL, messages: [{ role: 'user', content: '你好' }] };
      expect((await curl('POST', CHAT, body, BEARER)).status).toBe(503);
    },
  },
  {
    call: '`POST /v2/auth/start` with `{"label": "新账号", "enabled": true}`',
    async replay({ admin, simulator }) {
      const { json } = await admin('POST', '/v2/auth/start', { label: '新账号', enabled: true });
      expect(json).toMatchObject({
        authId: expect.any(String),
        verificationUriComplete: expect.stringContaining(simulator.url),
        userCode: expect.any(String),
        expiresIn: expect.any(Number),
        interval: 1,
      });
    },
  },
  {
    call: '`POST /v2/auth/claim/{authId}`, `GET /v2/auth/status/{authId}`',
    differsBecause:
      '`status` is `approved` instead of `completed`, and the remaining seconds are `expiresIn`; the account is the same',
    async replay({ admin, simulator }) {
      const started = await admin('POST', '/v2/auth/start', { label: '新账号', enabled: true });
      const { authId, userCode } = started.json as { authId: string; userCode: string };
      expect((await admin('GET', `/v2/auth/status/${authId}`)).json).toMatchObject({
        status: 'pending',
        accountId: null,
      });
      simulator.approve(userCode);
      const claimed = await admin('POST', `/v2/auth/claim/${authId}`);
      expect(claimed.json).toMatchObject({ status: 'approved', account: { label: '新账号', enabled: true } });
      expect((await admin('GET', `/v2/auth/status/${authId}`)).json).toMatchObject({ accountId: expect.any(String) });
    },
  },
  {
    call: '`GET /`, `GET /docs`',
    async replay({ curl }) {
      for (const path of ['/', '/docs']) {
        const page = await curl('GET', path, undefined, {});
        expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
      }
    },
  },
  {
    call: '`GET /healthz`',
    differsBecause: '`status` is `healthy` instead of `ok`, next to the state of the accounts',
    async replay({ curl }) {
      expect((await curl('GET', '/healthz')).json).toMatchObject({ status: 'healthy', accounts: { total: 1 } });
    },
  },
  {
    call: '`MAX_ERROR_COUNT`, `HTTP_PROXY`',
    async replay() {
      const proxy = 'http://127.0.0.1:7890';
      const { settings } = loadSettings({ MAX_ERROR_COUNT: '50', HTTP_PROXY: proxy });
      expect(settings).toMatchObject({ maxErrorCount: 50, httpProxy: expect.stringContaining('127.0.0.1:7890') });
    },
  },
  {
    call: '`HTTP_PROXY` for https addresses',
    differsBecause: 'it applies only to http, as everywhere else; `HTTPS_PROXY` and `ALL_PROXY` are read too',
    async replay() {
      const proxy = 'http://127.0.0.1:7890';
      expect(loadSettings({ HTTP_PROXY: proxy }).settings.httpsProxy).toBeUndefined();
      expect(loadSettings({ HTTPS_PROXY: proxy }).settings.httpsProxy).toBeDefined();
    },
  },
  {
    call: 'accounts chosen at random',
    differsBecause:
      'a conversation stays with its account, so that the prompt cache helps; `DRAGOMAN_STRATEGY=random` does the same as q2api',
    async replay() {
      expect(loadSettings({}).settings.strategy).toBe('sticky');
      expect(loadSettings({ DRAGOMAN_STRATEGY: 'random' }).settings.strategy).toBe('random');
    },
  },
  {
    call: 'port 8000',
    differsBecause: 'the default is 8080; `PORT=8000` sets it',
    async replay() {
      expect(loadSettings({ PORT: '8000' }).settings.port).toBe(8000);
    },
  },
  {
    call: '`data.sqlite3`',
    async replay() {
      const home = createHome();
      const path = join(home, 'data.sqlite3');
      const database = new DatabaseSync(path);
      database.exec(SCHEMA);
      const insert = database.prepare(
        'insert into accounts (id, label, clientId, clientSecret, refreshToken, enabled) values (?, ?, ?, ?, ?, ?)',
      );
      const { clientId, clientSecret, refreshToken } = CREDENTIAL;
      insert.run('1', '开', clientId, clientSecret, refreshToken, 1);
      insert.run('2', '关', clientId, clientSecret, `${refreshToken}2`, 0);
      database.close();
      const { code, out } = await runCommand(['accounts', 'import', path, '--yes', '--json'], {}, home);
      expect([code, JSON.parse(out).imported]).toMatchObject([
        0,
        [
          { label: '开', enabled: true },
          { label: '关', enabled: false },
        ],
      ]);
    },
  },
  {
    call: '`DATABASE_URL` of PostgreSQL or MySQL with q2api’s own tables',
    differsBecause:
      'dragoman has its own tables; save the answer of q2api’s `GET /v2/accounts` as a file and import it',
    async replay() {
      const home = createHome();
      const path = join(home, 'accounts.json');
      writeFileSync(path, JSON.stringify([{ id: '1', label: '关', ...CREDENTIAL, accessToken: null, enabled: false }]));
      const { code, out } = await runCommand(['accounts', 'import', path, '--yes', '--json'], {}, home);
      expect([code, JSON.parse(out).imported]).toMatchObject([0, [{ label: '关', enabled: false }]]);
    },
  },
];

/** From q2api's README. */
const SCHEMA = `create table accounts (id text primary key, label text, clientId text, clientSecret text, refreshToken text,
  accessToken text, other text, last_refresh_time text, last_refresh_status text, created_at text, updated_at text,
  enabled integer default 1, error_count integer default 0, success_count integer default 0)`;

replayTable('q2api', { OPENAI_KEYS: 'key1,key2,key3' }, rows);
