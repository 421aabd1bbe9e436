/** Qwen Code, headless, through both of its wire formats. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentKind, type AgentRun, MODEL, type Session, SHOUT, use } from './agent.ts';
import { installAgent } from './install.ts';
import { jsonLines, runCommand } from './process.ts';

export const qwenCode: AgentKind = {
  name: 'Qwen Code',
  dialects: ['openai-chat', 'anthropic-messages'],
  onOverflow: 'compacts',
  async install() {
    const agent = await installAgent('@qwen-code/qwen-code');
    const script = agent.path('@qwen-code/qwen-code/cli.js');
    return { version: agent.version, run: (session) => run(script, session) };
  },
  steps: (file) => [
    use('read_file', { file_path: file }),
    use('edit', { file_path: file, old_string: 'milk', new_string: 'oat milk' }),
    use('run_shell_command', { command: SHOUT, description: 'Shouts', is_background: false }),
  ],
};

const SETTINGS = {
  telemetry: { enabled: false },
  privacy: { usageStatisticsEnabled: false },
  general: { enableAutoUpdate: false, disableAutoUpdate: true, disableUpdateNag: true },
};

async function run(script: string, { gateway, sandbox, dialect, prompt, again, interruptWhen }: Session) {
  await mkdir(join(sandbox.home, '.qwen'), { recursive: true });
  await writeFile(join(sandbox.home, '.qwen/settings.json'), JSON.stringify(SETTINGS));
  const type = dialect === 'anthropic-messages' ? 'anthropic' : 'openai';
  const args = [script, '--yolo', '--output-format', 'stream-json', '--auth-type', type];
  const finished = await runCommand(
    {
      file: process.execPath,
      args: again ? [...args, '--continue'] : args,
      env: {
        OPENAI_BASE_URL: `${gateway.url}/v1`,
        OPENAI_API_KEY: gateway.apiKey,
        OPENAI_MODEL: MODEL,
        ANTHROPIC_BASE_URL: gateway.url,
        ANTHROPIC_API_KEY: gateway.apiKey,
        ANTHROPIC_MODEL: MODEL,
        QWEN_CODE_SUPPRESS_YOLO_WARNING: '1',
      },
      input: prompt,
      interruptWhen,
    },
    sandbox,
  );
  const results = jsonLines<{ type: string; result?: string }>(finished.stdout);
  const text = results.findLast(({ type }) => type === 'result')?.result ?? '';
  return { ...finished, text } satisfies AgentRun;
}
