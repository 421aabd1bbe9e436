/** `dragoman serve`: the gateway. */
import type { Settings } from '../config.ts';
import { type Command, printJson } from './command.ts';
import type { Serving } from './serving.ts';
import { settingOptions, settingsOf } from './settings-of.ts';
import type { Terminal } from './terminal.ts';

export const serve: Command = {
  name: 'serve',
  summary: 'the gateway',
  options: settingOptions('host', 'port', 'database', 'upstream'),
  examples: ['dragoman serve', 'DRAGOMAN_API_KEYS=… dragoman serve --host 0.0.0.0 --port 8000'],
  async run(input) {
    const { terminal, json } = input;
    const { settings } = settingsOf(input);
    const [{ commandLog }, { startServing, untilStopped }] = await Promise.all([
      import('./command-log.ts'),
      import('./serving.ts'),
    ]);
    const log = await commandLog(settings, terminal, settings.logLevel);
    const stopped = untilStopped();
    const serving = await startServing(settings, log);
    const { url, port } = serving.server;
    if (json)
      printJson(terminal, { event: 'serving', url, port, accounts: serving.accounts, keys: settings.apiKeys.length });
    else terminal.out(banner(terminal, settings, serving));
    log.info({ signal: await stopped }, 'stopping; replies in flight may end');
    await serving.stop();
    log.flush();
    return 0;
  },
};

function banner(
  terminal: Terminal,
  { apiKeys }: Settings,
  { server: { url }, accounts: { ready, total } }: Serving,
): string {
  const access =
    apiKeys.length === 0
      ? 'local mode: this machine only, any key will do'
      : `${apiKeys.length} API key${apiKeys.length === 1 ? '' : 's'}`;
  const lines = [
    `${terminal.style('bold', 'dragoman')} serves ${terminal.style('cyan', url)}`,
    `  access    ${access}`,
    `  accounts  ${ready} of ${total} ready`,
    `  Claude Code   ANTHROPIC_BASE_URL=${url}`,
    `  OpenAI SDKs   OPENAI_BASE_URL=${url}/v1`,
  ];
  const advice =
    total === 0
      ? `\n${terminal.style('yellow', 'No account yet.')} Sign in with \`dragoman login\` (in a checkout: npm run cli login); no restart is needed.`
      : ready === 0
        ? `\n${terminal.style('yellow', 'No account is ready.')} If this lasts, sign in again with \`dragoman login\`.`
        : '';
  return `${lines.join('\n')}\n${advice}${advice ? '\n' : ''}`;
}
