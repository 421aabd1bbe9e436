/** A reader that closes the pipe early, like `head`: no stack trace, no failure, and the upstream request is cancelled. */
import { describe, expect, it } from 'vitest';
import { IAM_ACCOUNT } from '../src/simulator/default-accounts.ts';
import { startCommand } from './support/command.ts';
import { createSimulator } from './support/simulator.ts';

const KEYS = { AWS_ACCESS_KEY_ID: IAM_ACCOUNT.accessToken, AWS_SECRET_ACCESS_KEY: IAM_ACCOUNT.secretAccessKey };

describe('a command whose output is no longer read', () => {
  it('cancels an endless answer and exits quietly', async () => {
    const lines = Array.from({ length: 500 }, () => [{ gapMs: 20 }, 'another line\n']).flat();
    const steps = ['the first line\n', ...lines, { cut: 'stall' } as const];
    const simulator = await createSimulator({ script: { replies: [{ steps }] } });
    const env = {
      ...KEYS,
      AWS_EC2_METADATA_DISABLED: 'true',
      DRAGOMAN_UPSTREAM_URL: `${simulator.url}/region/{region}`,
      DRAGOMAN_IAM: 'on',
      DRAGOMAN_REGION: 'eu-west-1',
    };
    const chat = startCommand(['chat', 'Hi'], env);
    expect(await chat.nextLine()).toBe('the first line');
    chat.child.stdout.destroy();
    const { code, out, err } = await chat.end();
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n').length).toBeLessThan(400);
  });

  it('exits quietly if that was its only output', async () => {
    const config = startCommand(['config']);
    config.child.stdout.destroy();
    const { code, err } = await config.end();
    expect([code, err]).toEqual([0, '']);
  });

  it('still reports a failure by its exit code if errors are not read', async () => {
    const wrong = startCommand(['serve', '--prot', '1']);
    wrong.child.stderr.destroy();
    expect((await wrong.end()).code).toBe(2);
  });
});
