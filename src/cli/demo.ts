/** `dragoman demo`: the gateway in front of the simulated service, tried by the official OpenAI SDK before your eyes. */
import { type Command, type CommandInput, printJson, textOption } from './command.ts';

export const demo: Command = {
  name: 'demo',
  summary: 'gateway and simulator together: a first chat and a tool call, no account needed',
  options: [
    { flag: '--once', meaning: 'end after the first chat and the tool call' },
    { flag: '--port <n>', meaning: 'the port to listen on (8080, or a free one if that is taken)' },
  ],
  examples: ['dragoman demo', 'dragoman demo --once', 'dragoman demo --port 8123'],
  async run(input) {
    const { terminal, json } = input;
    const [{ startSimulator }, { untilStopped }, { holdConversation }] = await Promise.all([
      import('../simulator/index.ts'),
      import('./serving.ts'),
      import('./demo-conversation.ts'),
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
      const held = await holdConversation(`${url}/v1`, json ? undefined : terminal);
      if (json) printJson(terminal, { event: 'conversation', url, ...held });
      if (input.options.once === true) return 0;
      if (json) printJson(terminal, { event: 'serving', url });
      else terminal.out(invitation(url, terminal.style('bold', 'Still serving.')));
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

const USUAL_PORT = 8080;
/** Between two pieces of an answer, so that one sees it stream. */
const READING_PACE_MS = 15;

/** On the port that was asked for, or on the usual one, or where there is room. */
async function serveInFrontOf(simulatorUrl: string, input: CommandInput) {
  const { isAddressTaken, startServing } = await import('./serving.ts');
  const asked = textOption(input, 'port') ?? (process.env.DRAGOMAN_PORT || undefined);
  const start = async (port: string) => {
    const { settings, log } = await demoSettings(simulatorUrl, port, input);
    return startServing(settings, log);
  };
  try {
    return { serving: await start(asked ?? String(USUAL_PORT)), movedFrom: undefined };
  } catch (cause) {
    if (asked !== undefined || !isAddressTaken(cause)) throw cause;
    return { serving: await start('0'), movedFrom: USUAL_PORT };
  }
}

/** Nothing of this machine takes part, except where to listen: no other settings, no accounts, no files. */
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

function invitation(url: string, title: string): string {
  const body = `{"model":"claude-sonnet-4.5","stream":true,"messages":[{"role":"user","content":"Hello!"}]}`;
  return `
${title} Open ${url} in a browser, or try:

curl -N ${url}/v1/chat/completions -H 'content-type: application/json' -d '${body}'

Ctrl-C ends it.
`;
}
