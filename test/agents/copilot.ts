/** GitHub Copilot's command line with a custom provider, through each of its three wire formats. */
import { type AgentKind, type AgentRun, type Dialect, MODEL, type Session, SHOUT, use } from './agent.ts';
import { installAgent } from './install.ts';
import { jsonLines, runCommand } from './process.ts';

export const copilot: AgentKind = {
  name: 'Copilot CLI',
  dialects: ['openai-chat', 'openai-responses', 'anthropic-messages'],
  onOverflow: 'compacts',
  async install() {
    const agent = await installAgent('@github/copilot');
    const binary = agent.path(`@github/copilot-${process.platform}-${process.arch}/copilot`);
    return { version: agent.version, run: (session) => run(binary, session) };
  },
  steps: (file) => [
    use('view', { path: file }),
    use('edit', { path: file, old_str: 'milk', new_str: 'oat milk' }),
    use('bash', { command: SHOUT, description: 'Shout' }),
  ],
};

const PROVIDERS: Readonly<Record<Dialect, Readonly<Record<string, string>>>> = {
  'openai-chat': { COPILOT_PROVIDER_TYPE: 'openai', COPILOT_PROVIDER_WIRE_API: 'completions' },
  'openai-responses': { COPILOT_PROVIDER_TYPE: 'openai', COPILOT_PROVIDER_WIRE_API: 'responses' },
  'anthropic-messages': { COPILOT_PROVIDER_TYPE: 'anthropic' },
};

async function run(binary: string, session: Session): Promise<AgentRun> {
  const { gateway, sandbox, dialect, prompt, again, interruptWhen } = session;
  const base = dialect === 'anthropic-messages' ? gateway.url : `${gateway.url}/v1`;
  const finished = await runCommand(
    {
      file: binary,
      args: [...(again ? ['--continue'] : []), '--allow-all', '--no-color', '--output-format', 'json', '-p', prompt],
      env: {
        ...PROVIDERS[dialect],
        COPILOT_PROVIDER_BASE_URL: base,
        COPILOT_PROVIDER_API_KEY: gateway.apiKey,
        COPILOT_MODEL: MODEL,
        COPILOT_OFFLINE: 'true',
        COPILOT_AUTO_UPDATE: 'false',
      },
      interruptWhen,
    },
    sandbox,
  );
  const events = jsonLines<CopilotEvent>(finished.stdout);
  const text = events.flatMap(({ type, data }) => (type === 'assistant.message' ? [data?.content ?? ''] : []));
  return { ...finished, text: text.join('\n') };
}

interface CopilotEvent {
  readonly type: string;
  readonly data?: { readonly content?: string };
}
