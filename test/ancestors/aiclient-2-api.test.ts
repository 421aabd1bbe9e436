/** AIClient-2-API, a gateway for many services in JavaScript: only its Kiro accounts apply here. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { DEFAULT_ACCOUNT, SOCIAL_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { createHome, runCommand } from '../support/command.ts';
import { completion, HELLO, message, type Row, replayTable } from './replay.ts';

const ask = { model: 'claude-sonnet-4-5', max_tokens: 100, messages: [{ role: 'user', content: '你好' }] };

const rows: readonly Row[] = [
  {
    call: '`provider_pools.json`: the accounts of `claude-kiro-oauth`',
    async replay() {
      const home = createHome();
      const { clientId, clientSecret, refreshToken } = DEFAULT_ACCOUNT;
      const social = { authMethod: 'social', refreshToken: SOCIAL_ACCOUNT.refreshToken };
      writeFileSync(join(home, 'kiro_creds1.json'), JSON.stringify(social));
      const builderId = { authMethod: 'builder-id', refreshToken, clientId, clientSecret, idcRegion: 'us-east-1' };
      writeFileSync(join(home, 'kiro_creds2.json'), JSON.stringify(builderId));
      const entry = (number: number, isDisabled: boolean) => ({
        customName: `Kiro OAuth节点${number}`,
        KIRO_OAUTH_CREDS_FILE_PATH: `./kiro_creds${number}.json`,
        uuid: `2c69d0ac-b86f-43d8-9d17-0d300afc5cf${number}`,
        isHealthy: true,
        isDisabled,
      });
      const google = [{ GEMINI_OAUTH_CREDS_FILE_PATH: './credentials1.json', PROJECT_ID: 'p', uuid: 'g' }];
      const path = join(home, 'provider_pools.json');
      const pools = { 'gemini-cli-oauth': google, 'claude-kiro-oauth': [entry(1, false), entry(2, true)] };
      writeFileSync(path, JSON.stringify(pools));
      const { code, out } = await runCommand(['accounts', 'import', path, '--yes', '--json'], {}, home);
      expect([code, JSON.parse(out).imported]).toMatchObject([
        0,
        [
          { label: 'Kiro OAuth节点1', kind: 'social', enabled: true },
          { label: 'Kiro OAuth节点2', kind: 'builder-id', enabled: false },
        ],
      ]);
    },
  },
  {
    call: '`POST /v1/chat/completions`, `POST /v1/messages`',
    async replay({ curl }) {
      expect((await curl('POST', '/v1/chat/completions', ask)).json).toMatchObject(completion(HELLO));
      expect((await curl('POST', '/v1/messages', ask)).json).toMatchObject(message(HELLO));
    },
  },
  {
    call: '`POST /claude-kiro-oauth/v1/messages`, `POST /claude-kiro-oauth/v1/chat/completions`',
    differsBecause: 'there is one service to choose from, so its name is not part of the path; `/v1/…` is the same',
    async replay({ curl }) {
      expect((await curl('POST', '/claude-kiro-oauth/v1/messages', ask)).status).toBe(404);
    },
  },
];

replayTable('AIClient-2-API', { DRAGOMAN_REFRESH_TOKEN: SOCIAL_ACCOUNT.refreshToken }, rows);
