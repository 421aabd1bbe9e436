/** The examples of the repository, each in its own process. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ScriptedReply } from '../src/simulator/script.ts';
import { createHome } from './support/command.ts';
import { createSimulator, environmentFor } from './support/simulator.ts';
import { LOCAL_MODE, startTestGateway } from './support/test-gateway.ts';

const run = promisify(execFile);

async function example(name: string, env: Readonly<Record<string, string>>, ...args: string[]): Promise<string> {
  const home = createHome();
  const file = join(import.meta.dirname, '../examples', name);
  const { stdout } = await run(process.execPath, [file, ...args], {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, DRAGOMAN_HOME: join(home, '.dragoman'), ...env },
  });
  return stdout;
}

const REPLIES: readonly ScriptedReply[] = [
  { when: { toolResults: true }, steps: ['Clear skies over Istanbul.'] },
  { when: { text: 'weather' }, steps: [{ tool: 'get_weather', input: { city: 'Istanbul' } }] },
  { steps: ['An interpreter ', 'at court.'] },
];

describe('the examples', () => {
  it('basic.ts asks and shows the source of the token counts', async () => {
    const simulator = await createSimulator({ script: { replies: REPLIES } });
    const out = await example('basic.ts', environmentFor(simulator.url), 'What is a dragoman?');
    expect(out).toMatch(
      /^An interpreter at court\.\n— \S+\nAn interpreter at court\.\n— \d+ tokens in \((measured|derived|estimated)\)/,
    );
    expect(JSON.stringify(simulator.chatRequests[0])).toContain('What is a dragoman?');
  });

  it('sign-in.ts signs in and asks', async () => {
    const simulator = await createSimulator({ script: { replies: REPLIES }, approveAfterPolls: 0, pollIntervalS: 1 });
    const { DRAGOMAN_UPSTREAM_URL = '', DRAGOMAN_OIDC_URL = '' } = environmentFor(simulator.url);
    const out = await example('sign-in.ts', { DRAGOMAN_UPSTREAM_URL, DRAGOMAN_OIDC_URL });
    expect(out).toMatch(
      /^Open http.*\nand confirm the code .*\nSigned in as Builder ID \(builder-id, ready\)\nAn interpreter at court\.\n$/,
    );
  });

  it('service-events.ts signs in and shows the events of the service', async () => {
    const simulator = await createSimulator({ script: { replies: REPLIES }, approveAfterPolls: 0, pollIntervalS: 1 });
    const { DRAGOMAN_UPSTREAM_URL = '', DRAGOMAN_OIDC_URL = '' } = environmentFor(simulator.url);
    const out = await example('service-events.ts', { DRAGOMAN_UPSTREAM_URL, DRAGOMAN_OIDC_URL });
    expect(out).toMatch(/^Open http.*\nand confirm the code .*\nAn interpreter at court\.\n$/);
  });

  it('tool-calling.ts calls its tool and uses the result', async () => {
    await using gateway = await startTestGateway({ script: { replies: REPLIES }, env: LOCAL_MODE });
    const out = await example('tool-calling.ts', { OPENAI_BASE_URL: `${gateway.url}/v1` });
    expect(out).toContain('tool: get_weather({"city":"Istanbul"})');
    expect(out).toContain('"sky":"clear"');
    expect(out).toContain('Clear skies over Istanbul.');
  });
});
