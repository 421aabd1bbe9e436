/** Claude Code, newest from the registry, in complete sessions through the gateway with the strict simulator. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { use } from './agent.ts';
import { ClaudeCode, type ClaudeOptions, type ClaudeRun } from './claude-code.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';

const MODEL = 'claude-sonnet-4-5';
/** 1×1 pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
);

let claude: ClaudeCode;
beforeAll(async () => {
  claude = await ClaudeCode.install();
  console.info(`Claude Code ${claude.version}`);
});

/** Fails if the agent tried to reach anything but this machine. */
async function run(
  gateway: TestGateway,
  sandbox: Sandbox,
  prompt: string,
  more: Partial<ClaudeOptions> = {},
): Promise<ClaudeRun> {
  const done = await claude.run({ gateway, sandbox, model: MODEL, prompt, ...more });
  expect(sandbox.proxy.requests).toEqual([]);
  return done;
}

function chatBodies(gateway: TestGateway): string[] {
  return gateway.simulator.chatRequests.map(({ rawBody }) => rawBody);
}

function refusals(gateway: TestGateway) {
  return gateway.simulator.requests.filter(({ status = 0 }) => status >= 400);
}

describe('Claude Code', () => {
  it('reads a file with a tool, edits it, runs a command, and ends', async () => {
    await using gateway = await startTestGateway();
    await using sandbox = await openSandbox({ 'notes.txt': 'buy milk\n' });
    const file = join(sandbox.folder, 'notes.txt');
    const { result, isError, exitCode, stderr } = await run(
      gateway,
      sandbox,
      [
        'Please do these steps.',
        use('Read', { file_path: file }),
        use('Edit', { file_path: file, old_string: 'milk', new_string: 'oat milk' }),
        use('Bash', { command: 'tr a-z A-Z < notes.txt > shout.txt && cat shout.txt', description: 'Shouts' }),
      ].join('\n'),
    );
    expect({ isError, exitCode, stderr }).toMatchObject({ isError: false, exitCode: 0 });
    expect(await readFile(file, 'utf8')).toBe('buy oat milk\n');
    expect(await readFile(join(sandbox.folder, 'shout.txt'), 'utf8')).toBe('BUY OAT MILK\n');
    expect(result).toContain('BUY OAT MILK');
    expect(refusals(gateway)).toEqual([]);
  });

  it('looks at a picture', async () => {
    await using gateway = await startTestGateway();
    await using sandbox = await openSandbox({ 'dot.png': PNG });
    const { isError } = await run(gateway, sandbox, use('Read', { file_path: join(sandbox.folder, 'dot.png') }));
    expect(isError).toBe(false);
    expect(chatBodies(gateway).at(-1)).toContain('"images":[{"format":"png"');
    expect(refusals(gateway)).toEqual([]);
  });

  it('compacts by itself if the conversation is too long, and continues', async () => {
    await using gateway = await startTestGateway();
    await using sandbox = await openSandbox({ 'notes.txt': 'buy milk\n' });
    const file = join(sandbox.folder, 'notes.txt');
    await run(gateway, sandbox, `Hello there.\n${use('Read', { file_path: file })}`);
    gateway.simulator.addReplies({
      when: { text: 'Once more' },
      times: 1,
      refuse: {
        status: 400,
        name: 'ValidationException',
        message: 'Input is too long.',
        reason: 'CONTENT_LENGTH_EXCEEDS_THRESHOLD',
      },
    });
    const { isError, messages } = await run(
      gateway,
      sandbox,
      `Once more, please.\n${use('Bash', { command: 'echo after > after.txt', description: 'Writes' })}`,
      { args: ['--continue'] },
    );
    expect(isError).toBe(false);
    expect(messages.map(({ subtype }) => subtype)).toContain('compact_boundary');
    expect(await readFile(join(sandbox.folder, 'after.txt'), 'utf8')).toBe('after\n');
    expect(refusals(gateway)).toHaveLength(1);
  });

  it('waits after a 429, and continues', async () => {
    const slowDown = { status: 429, name: 'ThrottlingException', message: 'Too many requests.', reason: null };
    await using gateway = await startTestGateway({
      script: { replies: [{ when: { tools: true }, times: 1, refuse: { ...slowDown, retryAfterS: 1 } }] },
    });
    await using sandbox = await openSandbox({});
    const { result, isError } = await run(gateway, sandbox, 'Say hello to me.');
    expect(refusals(gateway)).toHaveLength(1);
    expect({ isError, hasText: result !== '' }).toEqual({ isError: false, hasText: true });
  });

  it('can be interrupted: the upstream stops at once, and the session can continue', async () => {
    await using gateway = await startTestGateway({
      script: {
        replies: [{ when: { text: 'Think long' }, times: 1, steps: [{ text: ['I am thinking.'] }, { cut: 'stall' }] }],
      },
    });
    await using sandbox = await openSandbox({});
    const interrupted = await run(gateway, sandbox, 'Think long about it.', {
      interruptWhen: vi.waitFor(() => expect(chatBodies(gateway).join()).toContain('Think long'), { timeout: 60_000 }),
    });
    expect(interrupted.isError).toBe(true);
    const stalled = gateway.simulator.requests.find(({ rawBody }) => rawBody.includes('Think long'));
    expect(stalled?.closedEarly).toBe(true);
    const next = await run(gateway, sandbox, 'Say something short.', { args: ['--continue'] });
    expect(next.isError).toBe(false);
  });
});
