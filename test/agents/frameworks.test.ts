/** Agent frameworks, newest versions from the registries: each runs a tool by itself and streams the answer. */
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { MODEL, use } from './agent.ts';
import { hasPython, installAgent, installPython } from './install.ts';
import { runCommand } from './process.ts';
import { openSandbox } from './sandbox.ts';

const ANSWER = 'All 1 steps of the plan are done. The tool answered: “21 degrees”';
const INSTALL_TIMEOUT_MS = 400_000;

interface Run {
  readonly file: string;
  readonly args: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly env: (gateway: TestGateway) => Readonly<Record<string, string>>;
}

/** The script's output. Fails if a request was refused, or anything but this machine was called. */
async function printedBy({ file, args, files = {}, env }: Run): Promise<unknown> {
  await using gateway = await startTestGateway();
  await using sandbox = await openSandbox(files);
  const { stdout, stderr, exitCode } = await runCommand({ file, args, env: env(gateway) }, sandbox);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(sandbox.proxy.requests).toEqual([]);
  expect(gateway.simulator.requests.filter(({ status = 0 }) => status >= 400)).toEqual([]);
  return JSON.parse(stdout);
}

function sdkEnv(gateway: TestGateway): Record<string, string> {
  return {
    MODEL,
    OPENAI_BASE_URL: `${gateway.url}/v1`,
    OPENAI_API_KEY: gateway.apiKey,
    ANTHROPIC_BASE_URL: gateway.url,
    ANTHROPIC_API_KEY: gateway.apiKey,
    MASTRA_TELEMETRY_DISABLED: '1',
  };
}

function script(name: string): string {
  return resolve(import.meta.dirname, 'sdk', name);
}

it('Mastra and the OpenAI Agents SDK for JavaScript', async () => {
  const { version, path } = await installAgent('@mastra/core', [
    '@openai/agents',
    '@ai-sdk/anthropic',
    'openai',
    'zod',
  ]);
  console.info(`@mastra/core ${version}`);
  const args = [script('frameworks.mjs'), path('.')];
  expect(await printedBy({ file: process.execPath, args, env: sdkEnv })).toEqual({
    'Mastra, by base URL': ANSWER,
    'Mastra, with a provider of the AI SDK': ANSWER,
    'OpenAI Agents SDK, Chat Completions': ANSWER,
    'OpenAI Agents SDK, Responses': ANSWER,
  });
});

it('the Claude Agent SDK, which includes Claude Code', async () => {
  const { version, path } = await installAgent('@anthropic-ai/claude-agent-sdk');
  console.info(`@anthropic-ai/claude-agent-sdk ${version}`);
  const prompt = `Please do this step.\n${use('Bash', { command: 'cat notes.txt' })}`;
  const printed = await printedBy({
    file: process.execPath,
    args: [script('claude-agent.mjs'), path('.'), MODEL, prompt],
    files: { 'notes.txt': 'buy milk\n' },
    env: (gateway) => ({
      IS_SANDBOX: '1',
      ANTHROPIC_BASE_URL: gateway.url,
      ANTHROPIC_API_KEY: gateway.apiKey,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    }),
  });
  // The file's text is followed by the reminders that Claude Code adds to results.
  expect(printed).toEqual({ answer: expect.stringContaining('The tool answered: “buy milk') });
});

/** In separate environments, because their requirements conflict. */
const PYTHON_FRAMEWORKS = [
  {
    name: 'Pydantic AI and the OpenAI Agents SDK for Python',
    venv: 'pydantic-ai',
    packages: ['pydantic-ai-slim[openai,anthropic]', 'openai-agents'],
    answers: {
      'Pydantic AI, Chat Completions': ANSWER,
      'Pydantic AI, Responses': ANSWER,
      'Pydantic AI, Messages': ANSWER,
      'Pydantic AI, typed output': 'Paris',
      'OpenAI Agents SDK, Chat Completions': ANSWER,
      'OpenAI Agents SDK, Responses': ANSWER,
    },
  },
  {
    name: 'LlamaIndex',
    venv: 'llama-index',
    packages: ['llama-index-llms-openai-like', 'llama-index-core'],
    answers: { LlamaIndex: ANSWER },
  },
];

it.skipIf(!hasPython()).each(PYTHON_FRAMEWORKS)(
  '$name (needs python3 with venv)',
  { timeout: INSTALL_TIMEOUT_MS },
  async ({ venv, packages, answers }) => {
    const python = await installPython([packages], venv);
    const args = [script('frameworks.py'), ...Object.keys(answers)];
    expect(await printedBy({ file: python, args, env: sdkEnv })).toEqual(answers);
  },
);
