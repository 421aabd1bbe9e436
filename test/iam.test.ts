/** Accounts that sign their requests with AWS keys, from the command line to the service, which checks the signature. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IAM_ACCOUNT } from '../src/simulator/default-accounts.ts';
import { createHome, runCommand } from './support/command.ts';
import { createSimulator } from './support/simulator.ts';

const HELLO = { replies: [{ steps: ['Hello from the service.'] }] };
/** Disables the instance metadata service: this machine is not an EC2 instance. */
const NOWHERE = { AWS_EC2_METADATA_DISABLED: 'true' };
const KEYS = { AWS_ACCESS_KEY_ID: IAM_ACCOUNT.accessToken, AWS_SECRET_ACCESS_KEY: IAM_ACCOUNT.secretAccessKey };

function place(url: string): Record<string, string> {
  return { ...NOWHERE, DRAGOMAN_UPSTREAM_URL: `${url}/region/{region}` };
}

function homeWithProfiles(): string {
  const home = createHome();
  mkdirSync(join(home, '.aws'));
  const keys = (name: string, secret: string) =>
    `[${name}]\naws_access_key_id = ${IAM_ACCOUNT.accessToken}\naws_secret_access_key = ${secret}\n`;
  const text = keys('work', IAM_ACCOUNT.secretAccessKey) + keys('wrong', 'not-the-secret');
  writeFileSync(join(home, '.aws', 'credentials'), text, { mode: 0o600 });
  return home;
}

describe('an IAM account', () => {
  it('from the environment signs for its region and uses the operation for IAM', async () => {
    const simulator = await createSimulator({ script: HELLO });
    const env = { ...place(simulator.url), ...KEYS, DRAGOMAN_IAM: 'on', DRAGOMAN_REGION: 'eu-west-1' };
    const chat = await runCommand(['chat', 'Hi'], env);
    expect([chat.code, chat.out, chat.err]).toEqual([0, 'Hello from the service.\n', '']);
    const [request] = simulator.chatRequests;
    expect(request?.headers.authorization).toMatch(/Credential=AKIASIMULATOR\/\d{8}\/eu-central-1\/q\/aws4_request/);
    expect(request?.headers['x-amz-target']).toBe('AmazonQDeveloperStreamingService.SendMessage');
    expect(request?.body).toMatchObject({ source: 'CLI' });
    expect(request?.body).not.toHaveProperty('profileArn');
    const models = await runCommand(['models', '--json'], env);
    expect(models.out).toContain('claude-sonnet-4.5');
    expect(simulator.requests.every(({ operation }) => operation === 'SendMessage')).toBe(true);
  });

  it('is added by the name of an AWS profile and stores only that', async () => {
    const simulator = await createSimulator({ script: HELLO });
    const env = place(simulator.url);
    const home = homeWithProfiles();
    const login = await runCommand(['login', '--iam', '--aws-profile', 'work'], env, home);
    expect([login.code, login.out]).toEqual([0, expect.stringContaining('Signed in as AWS IAM work')]);
    expect((await runCommand(['chat', 'Hi'], env, home)).out).toBe('Hello from the service.\n');
  });

  it('reports wrong and missing keys', async () => {
    const simulator = await createSimulator({ script: HELLO });
    const env = place(simulator.url);
    const home = homeWithProfiles();
    await runCommand(['login', '--iam', '--aws-profile', 'wrong'], env, home);
    const chat = await runCommand(['chat', 'Hi'], env, home);
    expect([chat.code, chat.err]).toEqual([1, expect.stringContaining('signature')]);
    expect(chat.err).not.toContain('not-the-secret');

    const none = await runCommand(['login', '--iam'], env);
    expect([none.code, none.err]).toEqual([1, expect.stringContaining('returned no keys')]);
    const missing = await runCommand(['login', '--iam', '--aws-profile', 'absent'], env, home);
    expect([missing.code, missing.err]).toEqual([
      1,
      expect.stringContaining('The AWS profile "absent" returned no keys'),
    ]);
  });

  it.each([
    [['--iam', '--social', 'google'], 2, /does not sign in/],
    [['--aws-profile', 'work'], 2, /requires --iam/],
    [['--iam', '--region', 'moon-1'], 2, /not an AWS region/],
  ])('is not added with %j', async (args, code, message) => {
    const login = await runCommand(['login', ...args], NOWHERE);
    expect([login.code, login.err]).toEqual([code, expect.stringMatching(message)]);
  });
});
