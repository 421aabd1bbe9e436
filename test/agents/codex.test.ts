/** Features of Codex alone: patches as free text, and compaction by reported usage, by itself and by the provider. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { type AgentRun, SHOUT, use } from './agent.ts';
import { type CodexSession, codex } from './codex.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';

let agent: Awaited<ReturnType<typeof codex.install>>;
beforeAll(async () => {
  agent = await codex.install();
});

/** Fails if the agent tried to reach anything but this machine. */
async function run(gateway: TestGateway, sandbox: Sandbox, session: Partial<CodexSession>): Promise<AgentRun> {
  const done = await agent.run({ gateway, sandbox, dialect: 'openai-responses', prompt: '', ...session });
  expect(sandbox.proxy.requests).toEqual([]);
  return done;
}

const METADATA_WARNING = /model metadata for .* not found/i;

describe('Codex', () => {
  it('works with a model whose tools are in the input and take free text', async () => {
    await using gateway = await startTestGateway();
    await using sandbox = await openSandbox({ 'notes.txt': 'buy milk\n' });
    const patch = '*** Begin Patch\n*** Update File: notes.txt\n@@\n-buy milk\n+buy oat milk\n*** End Patch\n';
    const code = `await tools.apply_patch(${JSON.stringify(patch)}); await tools.exec_command({ cmd: "${SHOUT}" });`;
    const { exitCode, text } = await run(gateway, sandbox, {
      model: 'gpt-5.6-terra',
      prompt: use('exec', { input: code }),
    });
    expect({ exitCode, text }).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(sandbox.folder, 'shout.txt'), 'utf8')).toBe('BUY OAT MILK\n');
  });

  it('gets its models from the gateway, without a warning, and patches files with free text', async () => {
    await using gateway = await startTestGateway();
    await using sandbox = await openSandbox({ 'notes.txt': 'buy milk\n' });
    const patch = '*** Begin Patch\n*** Update File: notes.txt\n@@\n-buy milk\n+buy oat milk\n*** End Patch\n';
    const prompt = use('apply_patch', { input: patch });
    const { exitCode, stdout, stderr } = await run(gateway, sandbox, { asksForModels: true, prompt });
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    expect(stdout).not.toMatch(METADATA_WARNING);
    expect(stderr).not.toContain('failed to refresh available models');
    expect(await readFile(join(sandbox.folder, 'notes.txt'), 'utf8')).toBe('buy oat milk\n');
    const [first] = gateway.simulator.chatRequests;
    expect(first?.rawBody).toContain('You are a coding agent in Codex');
    expect(first?.rawBody).toContain('*** Begin Patch');
  });

  it('warns about an unknown model if it does not fetch the models', async () => {
    await using gateway = await startTestGateway();
    await using sandbox = await openSandbox({});
    const { stdout } = await run(gateway, sandbox, { prompt: 'Say hello to me.' });
    expect(stdout).toMatch(METADATA_WARNING);
  });

  it.each([
    ['by itself', 'dragoman', 'CONTEXT CHECKPOINT COMPACTION'],
    ['with the provider', 'OpenAI', 'Create a detailed summary now'],
  ])(
    'compacts %s when the figures say that the window is nearly full, and goes on',
    async (_how, providerName, words) => {
      await using gateway = await startTestGateway({
        script: {
          replies: [{ when: { text: 'Hello there' }, times: 1, steps: ['Hello.', { contextPercentage: 95 }] }],
        },
      });
      await using sandbox = await openSandbox({});
      await run(gateway, sandbox, { providerName, prompt: 'Hello there.' });
      const { exitCode, text } = await run(gateway, sandbox, {
        providerName,
        again: true,
        prompt: use('exec_command', { cmd: 'echo after > after.txt' }),
      });
      expect({ exitCode, text }).toMatchObject({ exitCode: 0 });
      expect(await readFile(join(sandbox.folder, 'after.txt'), 'utf8')).toBe('after\n');
      expect(gateway.simulator.chatRequests.map(({ rawBody }) => rawBody).join('\n')).toContain(words);
    },
  );

  it('falls back from WebSocket to HTTP at once', async () => {
    await using gateway = await startTestGateway();
    await using sandbox = await openSandbox({});
    const { exitCode, text, stderr } = await run(gateway, sandbox, {
      provider: ['supports_websockets = true'],
      prompt: 'Say hello to me.',
    });
    expect({ exitCode, text }).toMatchObject({ exitCode: 0 });
    expect(text + stderr).not.toMatch(/reconnecting/i);
  });

  it('waits for the time in a 429, and retries', async () => {
    const slowDown = {
      status: 429,
      name: 'ThrottlingException',
      message: 'Too many requests.',
      reason: null,
      retryAfterS: 1,
    };
    await using gateway = await startTestGateway({ script: { replies: [{ times: 8, refuse: slowDown }] } });
    await using sandbox = await openSandbox({});
    const { exitCode, text } = await run(gateway, sandbox, { prompt: 'Say hello to me.' });
    expect({ exitCode, text }).toMatchObject({ exitCode: 0 });
    const invocationIds = gateway.simulator.chatRequests.map(({ headers }) => headers['amz-sdk-invocation-id']);
    expect(new Set(invocationIds).size).toBeGreaterThan(1);
  });
});
