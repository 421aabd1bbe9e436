/** `dragoman serve`: runs the gateway. */
import type { Serving } from '../compose-server.ts';
import { type Command, printJson } from './command.ts';
import { settingOptions, settingsOf } from './settings-of.ts';
import type { Terminal } from './terminal.ts';

export const serve: Command = {
  name: 'serve',
  summary: 'Run the gateway',
  options: settingOptions('host', 'port', 'database', 'upstream'),
  examples: ['dragoman serve', 'DRAGOMAN_API_KEYS=… dragoman serve --host 0.0.0.0 --port 8000'],
  async run(input) {
    const { terminal, json } = input;
    const loaded = settingsOf(input);
    const { settings, origins } = loaded;
    const [{ commandLog }, { startServing }, { reload }, { endWithin, untilStopped }] = await Promise.all([
      import('./command-log.ts'),
      import('../compose-server.ts'),
      import('./reload.ts'),
      import('./stop.ts'),
    ]);
    const log = commandLog(loaded, terminal, settings.logLevel);
    const stopped = untilStopped();
    const starting = startServing(settings, log, {}, origins);
    process.on('SIGHUP', () => {
      starting.then((it) => reload(() => settingsOf(input), settings, it, log)).catch(() => {});
    });
    const serving = await starting;
    const { url, port } = serving.server;
    const { accounts, keys, newAdminToken } = serving;
    if (json) printJson(terminal, { event: 'serving', url, port, accounts, keys, adminToken: newAdminToken });
    else terminal.say(banner(terminal, serving));
    log.info({ signal: await stopped }, 'shutting down; waiting for open replies');
    await endWithin(settings.shutdownTimeoutMs + CLOSING_TIMEOUT_MS, serving.stop(), log);
    return 0;
  },
};

/** Time after the drain for final messages to clients, database writes and the log. */
const CLOSING_TIMEOUT_MS = 5_000;

function banner(terminal: Terminal, serving: Serving): string {
  const { server, accounts, keys, isLocalMode, newAdminToken } = serving;
  const { url } = server;
  const access = isLocalMode
    ? 'local mode: this machine only, any key is accepted'
    : `${keys} API key${keys === 1 ? '' : 's'}`;
  const lines = [
    `${terminal.style('bold', 'dragoman')} serves ${terminal.style('cyan', url)}`,
    `  access    ${access}`,
    `  accounts  ${accounts.ready} of ${accounts.total} ready`,
    `  Claude Code   ANTHROPIC_BASE_URL=${url}`,
    `  OpenAI SDKs   OPENAI_BASE_URL=${url}/v1`,
  ];
  if (newAdminToken !== undefined) {
    lines.push(
      `  admin token   ${terminal.style('bold', newAdminToken)}`,
      `                shown only once; for ${url}/v2`,
    );
  }
  return [...lines, ...advice(terminal, serving)].map((line) => `${line}\n`).join('');
}

function advice(terminal: Terminal, { accounts: { ready, total }, keys, isLocalMode }: Serving): readonly string[] {
  if (keys === 0 && !isLocalMode) {
    const problem = terminal.style('yellow', 'Every API key is revoked or has expired,');
    return ['', `${problem} so all requests are rejected. Create one with \`dragoman keys create NAME\`.`];
  }
  if (total === 0) {
    return [
      '',
      `${terminal.style('yellow', 'No account yet.')} Sign in with \`dragoman login\`, import sign-ins of Kiro CLI,`,
      'Amazon Q CLI and others with `dragoman accounts import`, or sign in from another machine with',
      'POST /v2/auth/start and the admin token; no restart is needed.',
    ];
  }
  if (ready > 0) return [];
  return [
    '',
    `${terminal.style('yellow', 'No account is ready.')} If this persists, sign in again with \`dragoman login\`.`,
  ];
}
