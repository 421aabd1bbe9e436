/**
 * The sessions that every agent must support through the gateway, newest versions from the registry, against the strict
 * simulator: one with tools, one interrupted, one throttled, one too long for the model.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import type { Agent, AgentKind, AgentRun, Session } from './agent.ts';
import { codex } from './codex.ts';
import { continueCli } from './continue.ts';
import { copilot } from './copilot.ts';
import { kilo, openCode } from './opencode.ts';
import { pi } from './pi.ts';
import { qwenCode } from './qwen-code.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';

const KINDS: readonly AgentKind[] = [codex, openCode, qwenCode, continueCli, copilot, pi, kilo];

describe.each(KINDS)('$name', (kind) => {
  let agent: Agent;
  beforeAll(async () => {
    agent = await kind.install();
    console.info(`${kind.name} ${agent.version}`);
  });

  /** Fails if the agent tried to reach anything but this machine. */
  async function run(
    gateway: TestGateway,
    sandbox: Sandbox,
    session: Omit<Session, 'gateway' | 'sandbox'>,
  ): Promise<AgentRun> {
    const done = await agent.run({ gateway, sandbox, ...session });
    expect(sandbox.proxy.requests).toEqual([]);
    return done;
  }

  const dialects = kind.dialects.map((dialect) => ({ dialect }));

  describe.each(dialects)('through $dialect', ({ dialect }) => {
    it('reads a file with a tool, edits it, runs a command, uses the result, and ends', async () => {
      await using gateway = await startTestGateway();
      await using sandbox = await openSandbox({ 'notes.txt': 'buy milk\n' });
      const file = join(sandbox.folder, 'notes.txt');
      const prompt = ['Please do these steps.', ...kind.steps(file)].join('\n');
      const { text, exitCode, stderr } = await run(gateway, sandbox, { dialect, prompt });
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      expect(await readFile(file, 'utf8')).toBe('buy oat milk\n');
      expect(await readFile(join(sandbox.folder, 'shout.txt'), 'utf8')).toBe('BUY OAT MILK\n');
      expect(text).toContain('BUY OAT MILK');
      expect(refusals(gateway)).toEqual([]);
    });

    it('can be interrupted: the upstream stops at once, and the session can continue', async () => {
      await using gateway = await startTestGateway({
        script: {
          replies: [
            {
              when: { text: 'Think long', tools: true },
              times: 1,
              steps: [{ text: ['I am thinking.'] }, { cut: 'stall' }],
            },
          ],
        },
      });
      await using sandbox = await openSandbox({});
      const isThinking = () => gateway.simulator.chatRequests.some(isLongThought);
      await run(gateway, sandbox, {
        dialect,
        prompt: 'Think long about it.',
        interruptWhen: vi.waitFor(() => expect(isThinking()).toBe(true), { timeout: 60_000 }),
      });
      await vi.waitFor(() => {
        const stalled = gateway.simulator.requests.find(isLongThought);
        expect(stalled?.closedEarly).toBe(true);
      }, 10_000);
      const { exitCode } = await run(gateway, sandbox, { dialect, prompt: 'Say something short.', again: true });
      expect(exitCode).toBe(0);
    });

    it('waits after a 429, and continues', async () => {
      await using gateway = await startTestGateway({ script: { replies: [SLOW_DOWN] } });
      await using sandbox = await openSandbox({});
      const { exitCode, text } = await run(gateway, sandbox, { dialect, prompt: 'Say hello to me.' });
      expect(refusals(gateway).length).toBeGreaterThan(0);
      expect({ exitCode, text: text.trim() !== '' }).toEqual({ exitCode: 0, text: true });
    });

    it('handles a conversation that is too long', async () => {
      await using gateway = await startTestGateway();
      await using sandbox = await openSandbox({});
      await run(gateway, sandbox, { dialect, prompt: 'Hello there.' });
      gateway.simulator.addReplies(TOO_LONG);
      const { text, stderr } = await run(gateway, sandbox, { dialect, prompt: 'Once more, please.', again: true });
      expect(refusals(gateway)).toHaveLength(1);
      switch (kind.onOverflow) {
        case 'says-so':
          expect(text + stderr).toMatch(/context|too long/i);
          break;
        case 'compacts': {
          const bodies = gateway.simulator.chatRequests.map(({ rawBody }) => rawBody);
          const refused = bodies.findIndex((body) => body.includes('Once more, please.'));
          expect(bodies.slice(refused + 1).join('\n')).toMatch(/summar|compress/i);
        }
      }
    });
  });
});

const SLOW_DOWN = {
  when: { tools: true },
  times: 1,
  refuse: { status: 429, name: 'ThrottlingException', message: 'Too many requests.', reason: null, retryAfterS: 1 },
};

const TOO_LONG = {
  when: { text: 'Once more', tools: true },
  times: 1,
  refuse: {
    status: 400,
    name: 'ValidationException',
    message: 'Input is too long.',
    reason: 'CONTENT_LENGTH_EXCEEDS_THRESHOLD',
  },
};

function isLongThought({ rawBody }: { rawBody: string }): boolean {
  return rawBody.includes('Think long') && rawBody.includes('"tools":[');
}

function refusals(gateway: TestGateway) {
  return gateway.simulator.requests.filter(({ status = 0 }) => status >= 400);
}
