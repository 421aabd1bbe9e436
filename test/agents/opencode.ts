/** opencode, headless, through each of its three wire formats. Kilo's command line is built on it. */
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

/** How a program built on opencode differs from it. */
interface Build {
  readonly name: string;
  readonly packageName: string;
  /** Path of the program inside the folder of modules. */
  readonly binary: string;
  /** The prefix of its environment variables. */
  readonly prefix: string;
  readonly env: Readonly<Record<string, string>>;
  readonly config: object;
  /** Allows every tool without asking. */
  readonly allowAll: string;
}

export const openCode = agentOf({
  name: 'opencode',
  packageName: 'opencode-ai',
  binary: `opencode-${process.platform}-${process.arch}/bin/opencode`,
  prefix: 'OPENCODE',
  env: {},
  config: {},
  allowAll: '--dangerously-skip-permissions',
});

/** The package of the program itself: its wrapper `@kilocode/cli` only locates it, and is sometimes published earlier. */
const KILO_PACKAGE = `@kilocode/cli-${process.platform}-${process.arch}`;

export const kilo = agentOf({
  name: 'Kilo CLI',
  packageName: KILO_PACKAGE,
  binary: `${KILO_PACKAGE}/bin/kilo`,
  prefix: 'KILO',
  env: { KILO_TELEMETRY_LEVEL: 'off', KILO_DISABLE_SESSION_INGEST: '1', KILO_DISABLE_PRESENCE: '1' },
  // Disables the vendor's own models, which it would fetch.
  config: { disabled_providers: ['kilo'] },
  allowAll: '--auto',
});

function agentOf(build: Build): AgentKind {
  return {
    name: build.name,
    dialects: ['openai-chat', 'openai-responses', 'anthropic-messages'],
    onOverflow: 'compacts',
    async install() {
      const agent = await installAgent(build.packageName);
      const binary = agent.path(build.binary);
      return { version: agent.version, run: (session) => run(build, binary, session) };
    },
    steps: (file) => [
      use('read', { filePath: file }),
      use('edit', { filePath: file, oldString: 'milk', newString: 'oat milk' }),
      use('bash', { command: SHOUT, description: 'Shouts' }),
    ],
  };
}

async function run(build: Build, binary: string, session: Session): Promise<AgentRun> {
  const { sandbox, prompt, again, interruptWhen } = session;
  const { prefix } = build;
  const config = join(sandbox.home, 'config.json');
  await writeFile(config, JSON.stringify({ ...configFor(session), ...build.config }));
  const args = ['run', '--format', 'json', build.allowAll, '--model', `dragoman/${MODEL}`];
  const finished = await runCommand(
    {
      file: binary,
      args: again ? [...args, '--continue'] : args,
      env: {
        [`${prefix}_CONFIG`]: config,
        [`${prefix}_DISABLE_MODELS_FETCH`]: '1',
        [`${prefix}_DISABLE_AUTOUPDATE`]: '1',
        [`${prefix}_DISABLE_LSP_DOWNLOAD`]: '1',
        [`${prefix}_DISABLE_DEFAULT_PLUGINS`]: '1',
        ...build.env,
        // It looks up its plugin package in the registry at every start.
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

function configFor({ gateway, dialect }: Session) {
  return {
    autoupdate: false,
    share: 'disabled',
    provider: {
      dragoman: {
        npm: PACKAGES[dialect],
        name: 'dragoman',
        options: { baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey },
        models: { [MODEL]: { name: 'Claude Sonnet 4.5', limit: { context: 200_000, output: 64_000 } } },
      },
    },
  };
}
