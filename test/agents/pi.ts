/** pi, the agent that OpenClaw is built on, headless, through each of its three wire formats. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentKind, type AgentRun, type Dialect, MODEL, type Session, SHOUT, use } from './agent.ts';
import { installAgent } from './install.ts';
import { jsonLines, runCommand } from './process.ts';

export const pi: AgentKind = {
  name: 'pi',
  dialects: ['openai-chat', 'openai-responses', 'anthropic-messages'],
  onOverflow: 'compacts',
  async install() {
    const agent = await installAgent('@earendil-works/pi-coding-agent');
    const script = agent.path('@earendil-works/pi-coding-agent/dist/cli.js');
    return { version: agent.version, run: (session) => run(script, session) };
  },
  steps: (file) => [
    use('read', { path: file }),
    use('edit', { path: file, edits: [{ oldText: 'milk', newText: 'oat milk' }] }),
    use('bash', { command: SHOUT }),
  ],
};

/** It summarises only turns older than the last few tokens; this few make the first turn of a session old. */
const SETTINGS = { compaction: { enabled: true, keepRecentTokens: 10 } };

const APIS: Readonly<Record<Dialect, string>> = {
  'openai-chat': 'openai-completions',
  'openai-responses': 'openai-responses',
  'anthropic-messages': 'anthropic-messages',
};

async function run(script: string, session: Session): Promise<AgentRun> {
  const { sandbox, prompt, again, interruptWhen } = session;
  const folder = join(sandbox.home, '.pi/agent');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'models.json'), JSON.stringify(modelsFor(session)));
  await writeFile(join(folder, 'settings.json'), JSON.stringify(SETTINGS));
  const args = [script, '--offline', '--mode', 'json', '--provider', 'dragoman', '--model', MODEL];
  const finished = await runCommand(
    {
      file: process.execPath,
      args: [...args, ...(again ? ['--continue'] : []), '--print', prompt],
      env: { PI_OFFLINE: '1', PI_TELEMETRY: '0' },
      interruptWhen,
    },
    sandbox,
  );
  return { ...finished, text: textOf(finished.stdout) };
}

interface PiEvent {
  readonly type: string;
  readonly message?: {
    readonly role: string;
    readonly errorMessage?: string;
    readonly content: readonly { readonly type: string; readonly text?: string }[];
  };
}

function textOf(stdout: string): string {
  const messages = jsonLines<PiEvent>(stdout).flatMap(({ type, message }) =>
    type === 'message_end' && message ? [message] : [],
  );
  return messages
    .filter(({ role }) => role === 'assistant')
    .flatMap(({ content, errorMessage }) => [...content.map(({ text }) => text ?? ''), errorMessage ?? ''])
    .join('\n');
}

function modelsFor({ gateway, dialect }: Session) {
  return {
    providers: {
      dragoman: {
        baseUrl: dialect === 'anthropic-messages' ? gateway.url : `${gateway.url}/v1`,
        api: APIS[dialect],
        apiKey: gateway.apiKey,
        models: [
          { id: MODEL, name: 'Claude Sonnet 4.5', input: ['text', 'image'], contextWindow: 200_000, maxTokens: 64_000 },
        ],
      },
    },
  };
}
