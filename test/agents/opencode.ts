/** opencode, headless, through each of its three wire formats. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentKind, type AgentRun, type Dialect, MODEL, type Session, SHOUT, use } from './agent.ts';
import { installAgent } from './install.ts';
import { jsonLines, runCommand } from './process.ts';

const PACKAGES: Readonly<Record<Dialect, string>> = {
  'openai-chat': '@ai-sdk/openai-compatible',
  'openai-responses': '@ai-sdk/openai',
  'anthropic-messages': '@ai-sdk/anthropic',
};

export const openCode: AgentKind = {
  name: 'opencode',
  dialects: ['openai-chat', 'openai-responses', 'anthropic-messages'],
  onOverflow: 'compacts',
  async install() {
    const agent = await installAgent('opencode-ai');
    const binary = agent.path(`opencode-${process.platform}-${process.arch}/bin/opencode`);
    return { version: agent.version, run: (session) => run(binary, session) };
  },
  steps: (file) => [
    use('read', { filePath: file }),
    use('edit', { filePath: file, oldString: 'milk', newString: 'oat milk' }),
    use('bash', { command: SHOUT, description: 'Shouts' }),
  ],
};

async function run(binary: string, session: Session): Promise<AgentRun> {
  const { sandbox, prompt, again, interruptWhen } = session;
  const config = join(sandbox.home, 'opencode.json');
  await writeFile(config, JSON.stringify(configFor(session)));
  const args = ['run', '--format', 'json', '--dangerously-skip-permissions', '--model', `dragoman/${MODEL}`];
  const finished = await runCommand(
    {
      file: binary,
      args: again ? [...args, '--continue'] : args,
      env: {
        OPENCODE_CONFIG: config,
        OPENCODE_DISABLE_MODELS_FETCH: '1',
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
        OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
        // It looks for its plugin package at the registry whenever it starts.
        npm_config_offline: 'true',
      },
      input: prompt,
      interruptWhen,
    },
    sandbox,
  );
  const events = jsonLines<{ type: string; part?: { text?: string } }>(finished.stdout);
  const text = events.map(({ type, part }) => (type === 'text' ? (part?.text ?? '') : '')).join('\n');
  return { ...finished, text };
}

function configFor({ house, dialect }: Session) {
  return {
    autoupdate: false,
    share: 'disabled',
    provider: {
      dragoman: {
        npm: PACKAGES[dialect],
        name: 'dragoman',
        options: { baseURL: `${house.url}/v1`, apiKey: house.apiKey },
        models: { [MODEL]: { name: 'Claude Sonnet 4.5', limit: { context: 200_000, output: 64_000 } } },
      },
    },
  };
}
