/** `dragoman health`: checks that a gateway responds, for container and service-manager health checks. */
import { type Command, printJson } from './command.ts';
import { localAuthority } from './local-address.ts';
import { settingOptions, settingsOf } from './settings-of.ts';

const TIMEOUT_MS = 3_000;

export const health: Command = {
  name: 'health',
  summary: 'Check that the gateway on this machine answers',
  options: [
    ...settingOptions('host', 'port'),
    { flag: '--ready', meaning: 'also require a ready account and a writable database' },
  ],
  examples: ['dragoman health', 'dragoman health --ready --port 8000'],
  async run(input) {
    const { terminal, json, options } = input;
    const { host, port } = settingsOf(input).settings;
    const url = `http://${localAuthority(host, port)}${options.ready === true ? '/readyz' : '/health'}`;
    const { status, body } = await ask(url);
    if (json) printJson(terminal, { url, httpStatus: status, ...body });
    else terminal.out(`${url} answered ${status}: ${JSON.stringify(body)}\n`);
    return status === 200 ? 0 : 1;
  },
};

async function ask(url: string): Promise<{ status: number; body: Record<string, unknown> }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
    return { status: response.status, body: Object(await response.json()) };
  } catch (cause) {
    throw new Error(
      `No gateway responds at ${url}. Start it with \`dragoman serve\`, or pass another address with --host and --port.`,
      { cause },
    );
  }
}
