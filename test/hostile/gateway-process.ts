/** A gateway as users start it, in front of a simulator: separate processes with separate homes. */

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import { environmentFor } from '../../src/simulator/environment.ts';
import { createHome, type Running, startCommand } from '../support/command.ts';

export interface GatewayProcess {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly running: Running;
  /** The longest turn of the event loop that ended at or after `sinceMs`, in milliseconds of processor time. */
  longestTurnMs(sinceMs: number): number;
  /** What JavaScript uses after a garbage collection. */
  usedBytes(): Promise<number>;
}

/**
 * Ends with the test. `env` adds to, or replaces, the settings that sign it in at the simulator; `script`: a file for the
 * simulator's `--script`; `onSimulator` gets the simulator's URL before the gateway starts.
 */
export async function startGatewayProcess(
  env: Readonly<Record<string, string>> = {},
  script?: string,
  onSimulator: (url: string) => void = () => {},
): Promise<GatewayProcess> {
  const simulator = startCommand(['simulate', '--port', '0', '--json', ...(script ? ['--script', script] : [])]);
  const simulatorUrl = servedAt(await simulator.nextLine());
  onSimulator(simulatorUrl);
  const settings = { ...environmentFor(simulatorUrl), DRAGOMAN_LOG_LEVEL: 'error', ...env };
  const reports = createHome();
  const turns = join(reports, 'turns');
  const probe = new URL('./process-probe.ts', import.meta.url).href;
  const running = startCommand(['serve', '--port', '0', '--json'], {
    ...settings,
    NODE_OPTIONS: `--import=${probe}`,
    PROCESS_PROBE_DIR: reports,
  });
  const url = servedAt(await running.nextLine());
  const { pid } = running.child;
  if (pid === undefined) throw new Error('The gateway has no process.');
  const longestTurnMs = (sinceMs: number) =>
    Math.max(0, ...turnsIn(turns).flatMap(([endMs, ms]) => (endMs >= sinceMs ? ms : [])));
  const usedBytes = () => collectAndMeasure(pid, join(reports, 'memory'));
  return { url, port: Number(new URL(url).port), pid, running, longestTurnMs, usedBytes };
}

/** `path` is written by process-probe.ts. */
async function collectAndMeasure(pid: number, path: string): Promise<number> {
  rmSync(path, { force: true });
  process.kill(pid, 'SIGUSR2');
  const written = await vi.waitFor(() => {
    const text = readFileSync(path, 'utf8');
    if (text === '') throw new Error('The process has not written its memory yet.');
    return text;
  }, 10_000);
  return Number(written);
}

/** In the format of process-probe.ts. */
function turnsIn(path: string): [endMs: number, busyMs: number][] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [endMs = Number.NaN, busyMs = Number.NaN] = line.split(' ').map(Number);
    return [endMs, busyMs];
  });
}

/** From the first line of `dragoman serve --json` and `dragoman simulate --json`. */
function servedAt(line: string): string {
  const { url } = JSON.parse(line) as { url?: string }; // only the first line has a url
  if (url === undefined) throw new Error(`The command serves nothing: ${line}`);
  return url;
}

/** Needs /proc. */
export function residentBytes({ pid }: GatewayProcess): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
