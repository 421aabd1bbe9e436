/** `dragoman simulate`: runs the simulator until it is stopped and prints a line per request. */

import { environmentFor } from './environment.ts';
import type { RecordedRequest } from './journal.ts';
import { readScript, ScriptError } from './script-file.ts';
import { type Simulator, startSimulator } from './server.ts';
import { HOSTS_SETTINGS, type ServiceVariant, WEB_SEARCH_FORMS } from './service.ts';

export interface RunOptions {
  readonly port: string | undefined;
  /** Path of a JSON file. */
  readonly script: string | undefined;
  /** Overrides the script's setting. */
  readonly hosts?: string | undefined;
  readonly webSearch?: string | undefined;
  /** Called for each request when its response is complete. */
  readonly onFinished?: ((request: RecordedRequest) => void) | undefined;
  /** Print one JSON object per line instead of text. */
  readonly json: boolean;
  readonly terminal: { out(text: string): void; err(text: string): void };
  /** Stops the simulator like Ctrl-C. */
  readonly signal?: AbortSignal;
}

const USUAL_PORT = 9090;
/** Makes text arrive at reading speed, as from a real model. */
const PACE_MS = 15;
const KEPT_REQUESTS = 200;

/** Resolves to the exit code: 0 when stopped, 1 if it could not start, 2 for an invalid option or script. */
export async function runSimulator(options: RunOptions): Promise<number> {
  const { terminal } = options;
  const port = options.port === undefined ? USUAL_PORT : Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    terminal.err(`--port must be a number from 0 to 65535, not ${JSON.stringify(options.port)}.\n`);
    return 2;
  }
  const service = serviceOf(options);
  if (typeof service === 'string') {
    terminal.err(`${service}\n`);
    return 2;
  }
  let simulator: Simulator;
  try {
    const script = options.script === undefined ? undefined : await readScript(options.script);
    const settings = { port, service, paceMs: PACE_MS, keepRequests: KEPT_REQUESTS, asksInBrowser: true };
    simulator = await startSimulator({ ...settings, ...(script ? { script } : {}) });
  } catch (cause) {
    terminal.err(`${startFailure(cause, port)}\n`);
    return cause instanceof ScriptError ? 2 : 1;
  }
  if (options.onFinished) simulator.onFinished(options.onFinished);
  simulator.onFinished((request) => terminal.out(options.json ? jsonLine(request) : textLine(request)));
  terminal.out(
    options.json ? `${JSON.stringify({ event: 'serving', url: simulator.url })}\n` : invitation(simulator.url),
  );
  await untilStopped(options.signal);
  await simulator.close();
  return 0;
}

/** Returns an error message for invalid options. */
function serviceOf({ hosts, webSearch }: RunOptions): ServiceVariant | string {
  const knownHosts = HOSTS_SETTINGS.find((name) => name === hosts);
  const knownForms = WEB_SEARCH_FORMS.find((name) => name === webSearch);
  if (hosts !== undefined && !knownHosts) return notOneOf('--hosts', HOSTS_SETTINGS, hosts);
  if (webSearch !== undefined && !knownForms) return notOneOf('--web-search', WEB_SEARCH_FORMS, webSearch);
  return { ...(knownHosts ? { hosts: knownHosts } : {}), ...(knownForms ? { webSearch: knownForms } : {}) };
}

function notOneOf(flag: string, known: readonly string[], value: string): string {
  return `${flag} must be ${known.slice(0, -1).join(', ')} or ${known.at(-1)}, not ${JSON.stringify(value)}.`;
}

function startFailure(cause: unknown, port: number): string {
  if (cause instanceof ScriptError) return cause.message;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE') return `Port ${port} is in use. Choose another with --port, or 0 for a free port.`;
  return cause instanceof Error ? cause.message : String(cause);
}

function invitation(url: string): string {
  const variables = Object.entries(environmentFor(url)).map(([name, value]) => `export ${name}=${value}`);
  return `The simulated service is listening at ${url}. To use it, paste this into a shell:

${variables.join('\n')}

Press Ctrl-C to stop.

`;
}

function textLine(request: RecordedRequest): string {
  const { number, method, path, operation, status, closedEarly, refusedBy } = request;
  const why = refusedBy ? ` ${refusedBy.rule} ${refusedBy.detail}`.trimEnd() : '';
  return `${number} ${method} ${path} ${operation ?? 'unknown'} ${status ?? '-'}${why}${closedEarly ? ' client left' : ''}\n`;
}

function jsonLine(request: RecordedRequest): string {
  const { number, method, path, operation, status, closedEarly, refusedBy } = request;
  return `${JSON.stringify({ event: 'request', number, method, path, operation, status, closedEarly, refusedBy })}\n`;
}

function untilStopped(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve();
    };
    process.once('SIGINT', stop).once('SIGTERM', stop);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
