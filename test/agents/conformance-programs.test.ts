/** Public conformance programs for these APIs, newest from the registries, against the real `dragoman demo`. */
import { describe, expect, it } from 'vitest';
import { startCommand } from '../support/command.ts';
import { MODEL } from './agent.ts';
import { hasPython, installAgent, installPython } from './install.ts';
import { type Finished, runCommand } from './process.ts';
import { openSandbox } from './sandbox.ts';

/**
 * llm-comply tests reasoning only under a name that contains one of OpenAI's. An unknown name goes to the default model,
 * which does not show its reasoning: llm-comply does not know the events of a streamed summary. Where reasoning tokens are
 * counted, the model has to show it; in front of a model's name, `o3` is read as a vendor.
 */
const NAMES = { unknown: 'o3-mini', reasoning: 'o3/claude-sonnet-4.6' };

async function runProgram(argsFor: (baseUrl: string) => { file: string; args: readonly string[] }): Promise<Finished> {
  await using sandbox = await openSandbox({});
  const demo = startCommand(['demo', '--json', '--port', '0']);
  await demo.nextLine();
  const { url } = JSON.parse(await demo.nextLine());
  const finished = await runCommand({ ...argsFor(`${url}/v1`), env: { OPENAI_API_KEY: 'none' } }, sandbox);
  expect(sandbox.proxy.requests).toEqual([]);
  expect((await demo.end('SIGINT')).code).toBe(0);
  return finished;
}

interface ComplyReport {
  readonly summary: {
    readonly total: number;
    readonly passed: number;
    readonly failed: number;
    readonly skipped: number;
  };
  readonly results: readonly { readonly status: string; readonly errors?: unknown; readonly warnings?: unknown }[];
}

describe.skipIf(!hasPython())('llm-comply (needs python3 with venv)', () => {
  it.each([
    { format: 'open-responses', model: NAMES.unknown, least: 13 },
    { format: 'openai-chat', model: NAMES.reasoning, least: 9 },
    { format: 'anthropic', model: MODEL, least: 9 },
  ])('passes every check of $format, without a warning', async ({ format, model, least }) => {
    const python = await installPython([['llm-comply']], 'llm-comply');
    const { exitCode, stdout, stderr } = await runProgram((baseUrl) => ({
      file: python,
      args: ['-m', 'llm_comply.cli', '-u', baseUrl, '-k', 'none', '-m', model, '--format', format, '--json'],
    }));
    const { summary, results }: ComplyReport = JSON.parse(stdout);
    expect(results.filter(({ status, errors, warnings }) => status !== 'passed' || errors || warnings)).toEqual([]);
    expect(summary).toEqual({ total: results.length, passed: results.length, failed: 0, skipped: 0 });
    expect(results.length).toBeGreaterThanOrEqual(least);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  });
});

interface CompatibilityReport {
  readonly score: number;
  readonly compatible: boolean;
  readonly summary: {
    readonly passes: number;
    readonly warnings: number;
    readonly failures: number;
    readonly total: number;
  };
  readonly results: readonly { readonly status: string }[];
}

it('compatcanary passes its complete modern profile, without a warning', async () => {
  const { path } = await installAgent('compatcanary');
  const { exitCode, stdout } = await runProgram((baseUrl) => {
    const options = ['--profile', 'modern', '--format', 'json', '--fail-on', 'any'];
    const args = [path('compatcanary/src/cli.js'), 'scan', '--base-url', baseUrl, '--model', MODEL, ...options];
    return { file: process.execPath, args };
  });
  const { score, compatible, summary, results }: CompatibilityReport = JSON.parse(stdout);
  expect(results.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect({ score, compatible, exitCode }).toEqual({ score: 100, compatible: true, exitCode: 0 });
  expect(summary).toMatchObject({ passes: results.length, warnings: 0, failures: 0 });
  expect(results.length).toBeGreaterThanOrEqual(7);
});
