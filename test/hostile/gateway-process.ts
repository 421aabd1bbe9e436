/** A gateway as its users start it, in front of a simulator: each a process of its own, with a home of its own. */
import { environmentFor } from '../../src/simulator/environment.ts';
import { type Running, startCommand } from '../support/command.ts';

export interface GatewayProcess {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly running: Running;
}

/**
 * Ends with the test. `env` adds to, or replaces, the settings that sign it in at the simulator; `script`: a file for the
 * simulator's `--script`.
 */
export async function startGatewayProcess(
  env: Readonly<Record<string, string>> = {},
  script?: string,
): Promise<GatewayProcess> {
  const simulator = startCommand(['simulate', '--port', '0', '--json', ...(script ? ['--script', script] : [])]);
  const settings = { ...environmentFor(servedAt(await simulator.nextLine())), DRAGOMAN_LOG_LEVEL: 'error', ...env };
  const running = startCommand(['serve', '--port', '0', '--json'], settings);
  const url = servedAt(await running.nextLine());
  const { pid } = running.child;
  if (pid === undefined) throw new Error('The gateway has no process.');
  return { url, port: Number(new URL(url).port), pid, running };
}

/** From the line that `dragoman serve --json` and `dragoman simulate --json` begin with. */
function servedAt(line: string): string {
  const { url } = JSON.parse(line) as { url?: string }; // of the command, whose other lines have none
  if (url === undefined) throw new Error(`The command serves nothing: ${line}`);
  return url;
}
