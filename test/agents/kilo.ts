/** Kilo's command line, headless, through each of its three wire formats. */
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

export const kilo: AgentKind = {
  name: 'Kilo CLI',
  dialects: ['openai-chat', 'openai-responses', 'anthropic-messages'],
  onOverflow: 'compacts',
  async install() {
    // The program itself. Its wrapper `@kilocode/cli` only finds this package, and is published without it at times.
    const name = `@kilocode/cli-${process.platform}-${process.arch}`;
    const agent = await installAgent(name);
    const binary = agent.path(`${name}/bin/kilo`);
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
  const config = join(sandbox.home, 'kilo.json');
  await writeFile(config, JSON.stringify(configFor(session)));
  const args = ['run', '--format', 'json', '--auto', '--model', `dragoman/${MODEL}`];
  const finished = await runCommand(
    {
      file: binary,
      args: again ? [...args, '--continue'] : args,
      env: {
        KILO_CONFIG: config,
        KILO_DISABLE_MODELS_FETCH: '1',
        KILO_DISABLE_AUTOUPDATE: '1',
        KILO_DISABLE_LSP_DOWNLOAD: '1',
        KILO_DISABLE_DEFAULT_PLUGINS: '1',
        KILO_TELEMETRY_LEVEL: 'off',
        KILO_DISABLE_SESSION_INGEST: '1',
        KILO_DISABLE_PRESENCE: '1',
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
    disabled_providers: ['kilo'],
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
