/** SDKs and frameworks for calling models, newest from the registries: a question, a tool call, a streamed answer. */
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { startTestGateway } from '../support/test-gateway.ts';
import { MODEL } from './agent.ts';
import { hasPython, installAgent, installPython } from './install.ts';
import { runCommand } from './process.ts';
import { openSandbox } from './sandbox.ts';

const ANSWER = 'All 1 steps of the plan are done. The tool answered: “21 degrees”';
/** Installed in groups: given all together, pip tries combinations for minutes. */
const PYTHON_PACKAGES = [
  ['openai', 'anthropic', 'langchain-openai', 'langchain-anthropic'],
  ['litellm'],
  // LiteLLM imports it without declaring it.
  ['mcp'],
];
const INSTALL_TIMEOUT_MS = 400_000;

/** Each client's final answer. Fails if a request was refused, or anything but this machine was called. */
async function answersOf(file: string, args: readonly string[]): Promise<Record<string, string>> {
  await using gateway = await startTestGateway();
  await using sandbox = await openSandbox({});
  const env = {
    MODEL,
    OPENAI_BASE_URL: `${gateway.url}/v1`,
    OPENAI_API_KEY: gateway.apiKey,
    ANTHROPIC_BASE_URL: gateway.url,
    ANTHROPIC_API_KEY: gateway.apiKey,
    LITELLM_LOCAL_MODEL_COST_MAP: 'True',
    LANGCHAIN_TRACING_V2: 'false',
  };
  const { stdout, stderr, exitCode } = await runCommand({ file, args, env }, sandbox);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(sandbox.proxy.requests).toEqual([]);
  expect(gateway.simulator.requests.filter(({ status = 0 }) => status >= 400)).toEqual([]);
  return JSON.parse(stdout);
}

it('LangChain for JavaScript, through all three protocols', async () => {
  const { version, path } = await installAgent('@langchain/openai', ['@langchain/anthropic', '@langchain/core']);
  console.info(`@langchain/openai ${version}`);
  const script = resolve(import.meta.dirname, 'sdk/session.mjs');
  expect(await answersOf(process.execPath, [script, path('.')])).toEqual({
    'LangChain, Chat Completions': ANSWER,
    'LangChain, Responses': ANSWER,
    'LangChain, Messages': ANSWER,
  });
});

it.skipIf(!hasPython())(
  'the Python SDKs, LangChain and LiteLLM (needs python3 with venv)',
  { timeout: INSTALL_TIMEOUT_MS },
  async () => {
    const python = await installPython(PYTHON_PACKAGES, 'sdks');
    const script = resolve(import.meta.dirname, 'sdk/session.py');
    expect(await answersOf(python, [script])).toEqual({
      'openai, Chat Completions': ANSWER,
      'openai, Responses': ANSWER,
      anthropic: ANSWER,
      'LiteLLM, openai': ANSWER,
      'LiteLLM, anthropic': ANSWER,
      'LangChain, openai': ANSWER,
      'LangChain, anthropic': ANSWER,
    });
  },
);
