import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DEFAULT_ACCOUNT } from './default-accounts.ts';
import { runSimulator } from './run.ts';

class FakeTerminal {
  written = '';
  errors = '';
  #seen: (() => void) | undefined;

  out(text: string): void {
    this.written += text;
    this.#seen?.();
  }

  err(text: string): void {
    this.errors += text;
  }

  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.written);
      if (found) return found[1] ?? found[0];
      await new Promise<void>((resolve) => {
        this.#seen = resolve;
      });
    }
  }
}

const options = { port: '0', script: undefined, json: false };

describe('dragoman simulate', () => {
  it('prints where it listens and how to use it, logs each request, and stops on a signal', async () => {
    const terminal = new FakeTerminal();
    const stop = new AbortController();
    const running = runSimulator({ ...options, terminal, signal: stop.signal });
    const url = await terminal.until(/DRAGOMAN_UPSTREAM_URL=(\S+)/);
    expect(terminal.written).toContain(DEFAULT_ACCOUNT.refreshToken);
    const headers = { authorization: `Bearer ${DEFAULT_ACCOUNT.accessToken}` };
    await (await fetch(`${url}/generateAssistantResponse`, { method: 'POST', headers, body: '{}' })).text();
    await terminal.until(
      /1 POST \/generateAssistantResponse GenerateAssistantResponse 400 body-required \$\.conversationState\n/,
    );
    stop.abort();
    expect(await running).toBe(0);
  });

  it('replies by the script and prints JSON with --json', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'simulate-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const script = join(folder, 'replies.json');
    await writeFile(script, JSON.stringify({ replies: [{ refuse: { status: 418, message: 'teapot' } }] }));
    const terminal = new FakeTerminal();
    const stop = new AbortController();
    const running = runSimulator({ ...options, script, json: true, terminal, signal: stop.signal });
    const url = await terminal.until(/"event":"serving","url":"([^"]+)"/);
    const headers = { authorization: `Bearer ${DEFAULT_ACCOUNT.accessToken}` };
    const state = { chatTriggerType: 'MANUAL', currentMessage: { userInputMessage: { content: 'x' } } };
    const body = JSON.stringify({ conversationState: state });
    const response = await fetch(`${url}/generateAssistantResponse`, { method: 'POST', headers, body });
    expect(await response.text()).toBe('teapot');
    await terminal.until(/"event":"request","number":1,.*"status":418/);
    stop.abort();
    expect(await running).toBe(0);
  });

  it('serves the hosts and forms of its options, overriding the script', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'simulate-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const script = join(folder, 'service.json');
    await writeFile(script, JSON.stringify({ replies: [], service: { hosts: 'any', webSearch: 'both' } }));
    const terminal = new FakeTerminal();
    const stop = new AbortController();
    const variant = { script, hosts: 'kiro', webSearch: 'json' };
    const running = runSimulator({ ...options, ...variant, terminal, signal: stop.signal });
    const url = await terminal.until(/DRAGOMAN_UPSTREAM_URL=(\S+)/);
    const headers = { authorization: `Bearer ${DEFAULT_ACCOUNT.accessToken}`, 'user-agent': 'curl/8.9.1' };
    expect((await fetch(`${url}/ListAvailableModels?origin=CLI`, { headers })).status).toBe(404);
    await terminal.until(/1 GET \/ListAvailableModels unknown 404/);
    expect((await fetch(`${url}/mcp`, { method: 'POST', headers, body: '{}' })).status).toBe(403);
    stop.abort();
    expect(await running).toBe(0);
  });

  it.each([
    ['an invalid port', { port: 'http' }, 2, '--port must be a number from 0 to 65535, not "http".'],
    ['unknown hosts', { hosts: 'aws' }, 2, '--hosts must be any, q or kiro, not "aws".'],
    ['an unknown form', { webSearch: 'soap' }, 2, '--web-search must be both, json or rest, not "soap".'],
    ['a missing script', { script: '/nonexistent.json' }, 2, 'Could not read the script /nonexistent.json'],
  ])('refuses %s', async (_, change, exitCode, message) => {
    const terminal = new FakeTerminal();
    expect(await runSimulator({ ...options, ...change, terminal })).toBe(exitCode);
    expect(terminal.errors).toContain(message);
  });

  it('reports a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo; // a listening TCP server always has one
    const terminal = new FakeTerminal();
    expect(await runSimulator({ ...options, port: String(port), terminal })).toBe(1);
    expect(terminal.errors).toContain(`Port ${port} is in use.`);
  });
});
