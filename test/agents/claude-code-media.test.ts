/** Claude Code beyond text: a PDF and a large picture read by its tools, and a web search. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import { pdf } from '../support/documents.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { use } from './agent.ts';
import { ClaudeCode, type ClaudeRun } from './claude-code.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';

let claude: ClaudeCode;
beforeAll(async () => {
  claude = await ClaudeCode.install();
});

/** Fails if the agent tried to reach anything but this machine, or the service refused a request. */
async function run(gateway: TestGateway, sandbox: Sandbox, steps: readonly string[]): Promise<ClaudeRun> {
  const prompt = ['Please do these steps.', ...steps].join('\n');
  const done = await claude.run({ gateway, sandbox, model: 'claude-sonnet-4-5', prompt });
  expect(sandbox.proxy.requests).toEqual([]);
  expect(gateway.simulator.requests.filter(({ status = 0 }) => status >= 400)).toEqual([]);
  expect(done).toMatchObject({ isError: false, exitCode: 0 });
  return done;
}

/** The service's field in the first request that has it. */
function sent(gateway: TestGateway, field: 'documents' | 'images'): unknown {
  for (const { rawBody } of gateway.simulator.chatRequests) {
    const { history = [], currentMessage } = JSON.parse(rawBody).conversationState;
    for (const { userInputMessage } of [...history, currentMessage])
      if (userInputMessage?.[field]) return userInputMessage[field];
  }
  return undefined;
}

it.each([
  ['as it is', 'q-rest'],
  ['as its text', 'codewhisperer-legacy'],
])('reads a PDF, which the service gets %s', async (how, wireProfile) => {
  await using gateway = await startTestGateway({ env: { DRAGOMAN_WIRE_PROFILE: wireProfile } });
  await using sandbox = await openSandbox({});
  const file = join(sandbox.folder, 'letter.pdf');
  const bytes = pdf(['Buy oat milk']);
  await writeFile(file, bytes);
  await run(gateway, sandbox, [use('Read', { file_path: file })]);
  if (how === 'as it is')
    expect(sent(gateway, 'documents')).toMatchObject([{ format: 'pdf', source: { bytes: bytes.toString('base64') } }]);
  else expect(gateway.simulator.chatRequests.at(-1)?.rawBody).toContain('[Page 1]\\nBuy oat milk');
});

it('continues if a PDF has a password', async () => {
  await using gateway = await startTestGateway();
  await using sandbox = await openSandbox({});
  const file = join(sandbox.folder, 'locked.pdf');
  await writeFile(file, pdf(['x'], { encrypted: true }));
  await run(gateway, sandbox, [use('Read', { file_path: file })]);
  expect(sent(gateway, 'documents')).toBeUndefined();
});

it('reads a picture', async () => {
  await using gateway = await startTestGateway();
  await using sandbox = await openSandbox({});
  const file = join(sandbox.folder, 'wide.png');
  await sharp({ create: { width: 3000, height: 900, channels: 3, background: '#369' } })
    .png()
    .toFile(file);
  await run(gateway, sandbox, [use('Read', { file_path: file })]);
  expect(sent(gateway, 'images')).toMatchObject([{ format: expect.stringMatching(/png|jpeg|webp/) }]);
});

it('searches the web', async () => {
  const search = { query: 'oat milk' };
  const replies = [
    // Its search is a tool that it loads on demand, and that calls the vendor's search in a separate request.
    { when: { text: 'Tool loaded' }, times: 1, steps: [{ tool: 'WebSearch', input: search }] },
    { when: { text: 'web search', tools: true }, times: 1, steps: [{ tool: 'web_search', input: search }] },
  ];
  await using gateway = await startTestGateway({ script: { replies } });
  await using sandbox = await openSandbox({});
  await run(gateway, sandbox, [use('ToolSearch', { query: 'select:WebSearch', max_results: 1 })]);
  const searches = gateway.simulator.requests.filter(({ rawBody }) => rawBody.includes('"tools/call"'));
  expect(searches).toHaveLength(1);
  expect(gateway.simulator.chatRequests.at(-1)?.rawBody).toContain('https://example.com/oat%20milk/1');
});
