/** Continue's command line, headless, through both of its wire formats. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentKind, type AgentRun, MODEL, type Session, SHOUT, use } from './agent.ts';
import { installAgent } from './install.ts';
import { runCommand } from './process.ts';

export const continueCli: AgentKind = {
  name: 'Continue',
  dialects: ['openai-chat', 'anthropic-messages'],
  onOverflow: 'says-so',
  async install() {
    const agent = await installAgent('@continuedev/cli');
    const script = agent.path('@continuedev/cli/dist/cn.js');
    return { version: agent.version, run: (session) => run(script, session) };
  },
  steps: (file) => [
    use('Read', { filepath: file }),
    use('MultiEdit', { file_path: file, edits: [{ old_string: 'milk', new_string: 'oat milk' }] }),
    use('Bash', { command: SHOUT }),
  ],
};

async function run(script: string, { gateway, sandbox, dialect, prompt, again, interruptWhen }: Session) {
  const config = join(sandbox.home, 'config.yaml');
  // JSON is YAML.
  await writeFile(
    config,
    JSON.stringify({
      name: 'dragoman',
      version: '1.0.0',
      schema: 'v1',
      models: [
        {
          name: 'claude',
          provider: dialect === 'anthropic-messages' ? 'anthropic' : 'openai',
          model: MODEL,
          apiBase: `${gateway.url}/v1/`,
          apiKey: gateway.apiKey,
          roles: ['chat', 'edit', 'apply'],
          capabilities: ['tool_use'],
        },
      ],
    }),
  );
  const finished = await runCommand(
    {
      file: process.execPath,
      args: [script, '--config', config, '--auto', ...(again ? ['--resume'] : []), '--print', prompt],
      env: {
        CONTINUE_CLI_ENABLE_TELEMETRY: '0',
        CONTINUE_METRICS_ENABLED: '0',
        // Makes it behave like a version that was just updated, so that it does not look for a newer one.
        CONTINUE_CLI_AUTO_UPDATED: '1',
      },
      interruptWhen,
    },
    sandbox,
  );
  return { ...finished, text: finished.stdout.trim() } satisfies AgentRun;
}
