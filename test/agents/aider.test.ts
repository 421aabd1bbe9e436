/** Aider, newest version from PyPI: it uses no tools, and edits files through blocks in the model's text. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway } from '../support/test-gateway.ts';
import { MODEL } from './agent.ts';
import { hasPython, installPython } from './install.ts';
import { runCommand } from './process.ts';
import { openSandbox } from './sandbox.ts';

const EDIT = `notes.txt
\`\`\`
<<<<<<< SEARCH
buy milk
=======
buy oat milk
>>>>>>> REPLACE
\`\`\`
`;

/** Without configured figures for a model, Aider fetches a list of all models from the network. */
const METADATA = { max_input_tokens: 200_000, max_output_tokens: 64_000, litellm_provider: 'openai', mode: 'chat' };

const FLAGS = [
  ['--no-git', '--yes-always', '--no-pretty', '--no-show-model-warnings', '--no-suggest-shell-commands'],
  ['--no-analytics', '--analytics-disable', '--no-check-update', '--no-show-release-notes'],
  ['--edit-format', 'diff', '--map-tokens', '0'],
].flat();

describe.skipIf(!hasPython())('Aider (needs python3 with venv)', () => {
  let aider: string;
  beforeAll(async () => {
    aider = join(dirname(await installPython([['aider-chat']], 'aider')), 'aider');
  }, 400_000);

  it.each([
    ['Chat Completions', 'openai'],
    ['Messages', 'anthropic'],
  ])('edits a file through %s', async (_protocol, prefix) => {
    await using gateway = await startTestGateway({
      script: { replies: [{ when: { text: 'oat milk, please' }, times: 1, steps: ['Here is the change.\n\n', EDIT] }] },
    });
    await using sandbox = await openSandbox({ 'notes.txt': 'buy milk\n' });
    const metadata = join(sandbox.home, 'models.json');
    await writeFile(metadata, JSON.stringify({ [`${prefix}/${MODEL}`]: METADATA }));
    const { exitCode, stdout, stderr } = await runCommand(
      {
        file: aider,
        args: [
          ...FLAGS,
          ...['--model-metadata-file', metadata, '--model', `${prefix}/${MODEL}`],
          ...['--message', 'oat milk, please', 'notes.txt'],
        ],
        env: {
          OPENAI_API_BASE: `${gateway.url}/v1`,
          OPENAI_API_KEY: gateway.apiKey,
          ANTHROPIC_API_BASE: gateway.url,
          ANTHROPIC_API_KEY: gateway.apiKey,
          LITELLM_LOCAL_MODEL_COST_MAP: 'True',
        },
      },
      sandbox,
    );
    expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(sandbox.folder, 'notes.txt'), 'utf8')).toBe('buy oat milk\n');
    expect(sandbox.proxy.requests).toEqual([]);
    expect(gateway.simulator.requests.filter(({ status = 0 }) => status >= 400)).toEqual([]);
  });
});
