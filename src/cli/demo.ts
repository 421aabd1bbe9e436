/** `dragoman demo`: runs the gateway against the simulated service and shows a conversation through the OpenAI SDK. */
import { type Command, type CommandInput, printJson, textOption } from './command.ts';

export const demo: Command = {
  name: 'demo',
  summary: 'Try the gateway against the simulator: a chat and a tool call, no account needed',
  options: [
    { flag: '--once', meaning: 'exit after the chat and the tool call' },
    { flag: '--port <n>', meaning: 'port to listen on (8080, or a free port if taken)' },
  ],
  examples: ['dragoman demo', 'dragoman demo --once', 'dragoman demo --port 8123'],
  async run(input) {
    const { terminal, json } = input;
    const [{ startSimulator }, { untilStopped }, { holdConversation }, { reachableUrl, ticketLink }] =
      await Promise.all([
        import('../simulator/server.ts'),
        import('./stop.ts'),
        import('./demo-conversation.ts'),
        import('./local-address.ts'),
      ]);
    await using simulator = await startSimulator({ paceMs: READING_PACE_MS });
    const { serving, movedFrom } = await serveInFrontOf(simulator.url, input);
    const { url } = serving.server;
    if (!json) {
      if (movedFrom !== undefined) terminal.out(`Port ${movedFrom} is in use, so a free one was chosen.\n`);
      terminal.out(
        `${terminal.style('bold', 'dragoman')} serves ${terminal.style('cyan', url)} in front of a simulated service\n`,
      );
    }
    try {
      const conversation = await holdConversation(`${url}/v1`, json ? undefined : terminal);
      if (json) printJson(terminal, { event: 'conversation', url, ...conversation });
      if (input.options.once === true) return 0;
      const console = ticketLink(reachableUrl(url), await serving.createTicket());
      if (json) printJson(terminal, { event: 'serving', url, console });
      else terminal.out(invitation(url, console, terminal.style('bold', 'Still serving.')));
      await untilStopped();
      return 0;
    } catch (cause) {
      if (!json) terminal.out('\n');
      throw cause;
    } finally {
      await serving.stop();
    }
  },
};

const DEFAULT_PORT = 8080;
/** Delay between two pieces of a reply, so that the streaming is visible. */
const READING_PACE_MS = 15;

/** Listens on the requested port, or else on the default port, or a free one if that is taken. */
async function serveInFrontOf(simulatorUrl: string, input: CommandInput) {
  const { isAddressTaken, startServing } = await import('../compose-server.ts');
  const requestedPort = textOption(input, 'port') ?? (process.env.DRAGOMAN_PORT || undefined);
  const start = async (port: string) => {
    const { settings, log } = await demoSettings(simulatorUrl, port, input);
    return startServing(settings, log);
  };
  try {
    return { serving: await start(requestedPort ?? String(DEFAULT_PORT)), movedFrom: undefined };
  } catch (cause) {
    if (requestedPort !== undefined || !isAddressTaken(cause)) throw cause;
    return { serving: await start('0'), movedFrom: DEFAULT_PORT };
  }
}

/** Ignores this machine's settings, accounts and files; takes only the address to listen on. */
async function demoSettings(simulatorUrl: string, port: string, { terminal }: CommandInput) {
  const [{ loadSettings }, { environmentFor }, { commandLog }, { randomBytes }] = await Promise.all([
    import('../config.ts'),
    import('../simulator/environment.ts'),
    import('./command-log.ts'),
    import('node:crypto'),
  ]);
  const env = {
    DRAGOMAN_DATABASE_URL: 'sqlite::memory:',
    DRAGOMAN_SECRET_KEY: randomBytes(32).toString('base64'),
    ...environmentFor(simulatorUrl),
    DRAGOMAN_KIRO_TOKEN_FILE: 'off',
    DRAGOMAN_LOG_LEVEL: 'warn',
    ...(process.env.DRAGOMAN_HOST ? { DRAGOMAN_HOST: process.env.DRAGOMAN_HOST } : {}),
    DRAGOMAN_SHUTDOWN_TIMEOUT_MS: '1000',
  };
  const loaded = loadSettings(env, [], { port: { name: '--port', value: port } });
  const { settings } = loaded;
  return { settings, log: commandLog(loaded, terminal, settings.logLevel) };
}

function invitation(url: string, console: string, title: string): string {
  const body = `{"model":"claude-sonnet-4.5","stream":true,"messages":[{"role":"user","content":"Hello!"}]}`;
  return `
${title} Open ${console} in a browser (the link signs one browser in, within five minutes), or try:

curl -N ${url}/v1/chat/completions -H 'content-type: application/json' -d '${body}'

Press Ctrl-C to stop.
`;
}
