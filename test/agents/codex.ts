/** Codex, headless, which speaks only the Responses API. Its own sandbox is disabled: each run has its own folder. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentKind, type AgentRun, MODEL, type Session, SHOUT, use } from './agent.ts';
import { installAgent } from './install.ts';
import { jsonLines, runCommand } from './process.ts';

export interface CodexSession extends Session {
  readonly model?: string;
  /** More lines of TOML for the provider. */
  readonly provider?: readonly string[];
  /** Makes Codex fetch the models and their features from the gateway. */
  readonly asksForModels?: boolean;
  /** Codex's name for the provider; it lets only `OpenAI` compact. */
  readonly providerName?: string;
  readonly args?: readonly string[];
}

export const codex = {
  name: 'Codex',
  dialects: ['openai-responses'],
  onOverflow: 'says-so',
  async install() {
    const agent = await installAgent('@openai/codex');
    const binary = agent.path(
      `@openai/codex-${process.platform}-${process.arch}/vendor/${TRIPLES[process.arch]}/bin/codex`,
    );
    return { version: agent.version, run: (session: CodexSession) => run(binary, session) };
  },
  steps: (file: string) => [
    use('exec_command', { cmd: `cat ${file}` }),
    use('exec_command', { cmd: `sed -i 's/milk/oat milk/' ${file}` }),
    use('exec_command', { cmd: SHOUT }),
  ],
} satisfies AgentKind;

const TRIPLES: Readonly<Record<string, string>> = {
  x64: 'x86_64-unknown-linux-musl',
  arm64: 'aarch64-unknown-linux-musl',
};

async function run(binary: string, session: CodexSession): Promise<AgentRun> {
  const { gateway, sandbox, prompt, again, interruptWhen, args = [] } = session;
  const home = join(sandbox.home, '.codex');
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'config.toml'), configFor(session));
  const flags = ['--json', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', ...args];
  const finished = await runCommand(
    {
      file: binary,
      args: again ? ['exec', 'resume', ...flags, '--last', '-'] : ['exec', ...flags, '-'],
      env: { CODEX_HOME: home, GATEWAY_API_KEY: gateway.apiKey },
      input: prompt,
      interruptWhen,
    },
    sandbox,
  );
  const events = jsonLines<CodexEvent>(finished.stdout);
  const text = events.map(({ item, message, error }) => item?.text ?? message ?? error?.message ?? '').join('\n');
  return { ...finished, text };
}

interface CodexEvent {
  readonly type: string;
  readonly item?: { readonly type: string; readonly text?: string };
  readonly message?: string;
  readonly error?: { readonly message?: string };
}

function configFor(session: CodexSession): string {
  const { gateway, model = MODEL, provider = [], providerName = 'dragoman', asksForModels = false } = session;
  return [
    `model = "${model}"`,
    'model_provider = "dragoman"',
    ...(asksForModels ? [] : ['model_context_window = 200000']),
    'check_for_update_on_startup = false',
    '[features]',
    'plugins = false',
    'apps = false',
    '[model_providers.dragoman]',
    `name = "${providerName}"`,
    `base_url = "${gateway.url}/v1"`,
    ...(asksForModels ? [] : ['env_key = "GATEWAY_API_KEY"']),
    'wire_api = "responses"',
    ...provider,
    ...(asksForModels ? ['[model_providers.dragoman.auth]', 'command = "printenv"', 'args = ["GATEWAY_API_KEY"]'] : []),
    '[analytics]',
    'enabled = false',
    '[otel]',
    'exporter = "none"',
    '',
  ].join('\n');
}
