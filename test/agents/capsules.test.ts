/** Sessions of real agents with every request captured: each capsule has none of their text, and replays byte for byte. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Capsule, capsuleSchema } from '../../src/capsules/format.ts';
import { replayCapsule } from '../../src/cli/replay/run.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { use } from './agent.ts';
import { ClaudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import { openSandbox } from './sandbox.ts';

const ADMIN_TOKEN = 'admin-token-of-the-test-0123456789';
const authorization = `Bearer ${ADMIN_TOKEN}`;

function start(): Promise<TestGateway> {
  return startTestGateway({
    env: { DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN, DRAGOMAN_CAPSULES: 'all', DRAGOMAN_LEDGER: 'yes' },
  });
}

async function ask<T>({ url }: TestGateway, path: string): Promise<T> {
  const response = await fetch(url + path, { headers: { authorization } });
  return response.json() as Promise<T>;
}

/** Of all requests that a model answered, once with their text and once without. */
async function capsulesOf(gateway: TestGateway, count: number): Promise<Capsule[]> {
  const list = async () =>
    (await ask<{ requests: readonly { id: string }[] }>(gateway, '/v2/requests?kind=reply&limit=200')).requests;
  await expect.poll(async () => (await list()).length).toBeGreaterThanOrEqual(count);
  const capsules: Capsule[] = [];
  for (const { id } of await list())
    for (const text of ['true', 'false'])
      capsules.push(capsuleSchema().parse(await ask(gateway, `/v2/requests/${id}/capsule?text=${text}`)));
  return capsules;
}

async function check(gateway: TestGateway, words: RegExp): Promise<void> {
  const capsules = await capsulesOf(gateway, gateway.simulator.chatRequests.length);
  expect(capsules.length).toBeGreaterThan(4);
  for (const capsule of capsules) {
    if (capsule.text === 'filler') expect(JSON.stringify(capsule)).not.toMatch(words);
    const { differences } = await replayCapsule(capsule);
    expect(differences, `${capsule.requestId}, text: ${capsule.text}`).toEqual([]);
  }
}

describe('capsules of a session', () => {
  it('of Claude Code replay byte for byte', async () => {
    const claude = await ClaudeCode.install();
    await using gateway = await start();
    await using sandbox = await openSandbox({ 'notes.txt': 'buy rutabagas\n' });
    const file = join(sandbox.folder, 'notes.txt');
    const prompt = [
      'Please do these steps.',
      use('Read', { file_path: file }),
      use('Edit', { file_path: file, old_string: 'rutabagas', new_string: 'kumquats' }),
    ].join('\n');
    const { isError } = await claude.run({ gateway, sandbox, model: 'claude-sonnet-4-5', prompt });
    expect(isError).toBe(false);
    await check(gateway, /rutabaga|kumquat|Claude Code, Anthropic|CLAUDE\.md|working directory/i);
  });

  it.each(codex.dialects)('of Codex through %s replay byte for byte', async (dialect) => {
    const agent = await codex.install();
    await using gateway = await start();
    await using sandbox = await openSandbox({ 'notes.txt': 'buy milk\n' });
    const prompt = ['Please do these rutabagas.', ...codex.steps(join(sandbox.folder, 'notes.txt'))].join('\n');
    const { exitCode } = await agent.run({ gateway, sandbox, dialect, prompt });
    expect(exitCode).toBe(0);
    await check(gateway, /rutabaga|oat milk|You are Codex|coding agent/i);
  });
});
