/** amq2api, a bridge in Python: one account from the environment, Anthropic's Messages API for Claude Code. */
import Anthropic from '@anthropic-ai/sdk';
import { expect } from 'vitest';
import { loadSettings } from '../../src/config.ts';
import { DEFAULT_ACCOUNT, IDC_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { HELLO, message, type Row, replayTable, startReplay, streamedText } from './replay.ts';

const MESSAGES = '/v1/messages';
const CREDENTIAL = {
  AMAZONQ_REFRESH_TOKEN: DEFAULT_ACCOUNT.refreshToken,
  AMAZONQ_CLIENT_ID: DEFAULT_ACCOUNT.clientId,
  AMAZONQ_CLIENT_SECRET: DEFAULT_ACCOUNT.clientSecret,
};
const BODY = {
  model: 'claude-sonnet-4.5',
  messages: [{ role: 'user' as const, content: 'Hello, how are you?' }],
  max_tokens: 1024,
};

const rows: readonly Row[] = [
  {
    call: '`POST /v1/messages` with `"stream": true`',
    async replay({ curl }) {
      const answer = await curl('POST', MESSAGES, { ...BODY, stream: true });
      expect([streamedText(answer), answer.text]).toEqual([HELLO, expect.stringContaining('event: message_stop')]);
    },
  },
  {
    call: '`POST /v1/messages` with `temperature` and `system`',
    async replay({ curl, simulator }) {
      const body = { ...BODY, max_tokens: 4096, temperature: 0.7, stream: true, system: '你是一个有帮助的助手' };
      expect(streamedText(await curl('POST', MESSAGES, body))).toBe(HELLO);
      expect(JSON.stringify(simulator.chatRequests.at(-1)?.body)).toContain('你是一个有帮助的助手');
    },
  },
  {
    call: '`POST /v1/messages` without `stream`, which amq2api left out',
    async replay({ curl }) {
      expect((await curl('POST', MESSAGES, BODY)).json).toMatchObject(message(HELLO));
    },
  },
  {
    call: '`GET /health`',
    async replay({ curl }) {
      const { json } = await curl('GET', '/health');
      expect(json).toMatchObject({ status: 'healthy', has_token: true, token_expired: false });
    },
  },
  {
    call: 'Claude Code with `ANTHROPIC_BASE_URL=http://localhost:8080`',
    async replay({ url }) {
      const { messages } = new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0 });
      const text = await messages.stream({ ...BODY, tools: [TOOL] }).finalText();
      expect(text).toBe(HELLO);
    },
  },
  {
    call: '`AMAZONQ_REFRESH_TOKEN`, `AMAZONQ_CLIENT_ID`, `AMAZONQ_CLIENT_SECRET`',
    async replay({ admin }) {
      const { json } = await admin('GET', '/v2/accounts');
      expect(json).toMatchObject({ accounts: [{ kind: 'builder-id', source: { type: 'environment' } }] });
    },
  },
  {
    call: '`AMAZONQ_PROFILE_ARN`',
    async replay() {
      const organisation = await startReplay({
        AMAZONQ_REFRESH_TOKEN: IDC_ACCOUNT.refreshToken,
        AMAZONQ_CLIENT_ID: IDC_ACCOUNT.clientId,
        AMAZONQ_CLIENT_SECRET: IDC_ACCOUNT.clientSecret,
        AMAZONQ_PROFILE_ARN: IDC_ACCOUNT.profileArn,
      });
      try {
        expect((await organisation.curl('POST', MESSAGES, BODY)).json).toMatchObject(message(HELLO));
        expect(organisation.simulator.chatRequests[0]?.body).toMatchObject({ profileArn: IDC_ACCOUNT.profileArn });
      } finally {
        await organisation.stop();
      }
    },
  },
  {
    call: '`AMAZONQ_API_ENDPOINT`, `AMAZONQ_TOKEN_ENDPOINT`, `PORT`',
    async replay() {
      const { settings } = loadSettings({
        AMAZONQ_API_ENDPOINT: 'https://q.us-east-1.amazonaws.com/',
        AMAZONQ_TOKEN_ENDPOINT: 'https://oidc.us-east-1.amazonaws.com/token',
        PORT: '8081',
      });
      expect(settings).toMatchObject({
        upstreamUrl: 'https://q.us-east-1.amazonaws.com',
        oidcUrl: 'https://oidc.us-east-1.amazonaws.com',
        port: 8081,
      });
    },
  },
  {
    call: 'port 8080',
    async replay() {
      expect(loadSettings({}).settings.port).toBe(8080);
    },
  },
];

const TOOL = { name: 'Bash', description: 'Runs a command', input_schema: { type: 'object' as const, properties: {} } };

replayTable('amq2api', CREDENTIAL, rows);
