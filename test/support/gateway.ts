/** The whole program on sockets: the composed gateway and its server in front of an in-process simulator. */
import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { startServing } from '../../src/compose-server.ts';
import { loadSettings } from '../../src/config.ts';
import { type Log, SILENT } from '../../src/core/log.ts';
import { environmentFor as simulatorEnvironment } from '../../src/simulator/environment.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/index.ts';

export interface Whole {
  readonly url: string;
  readonly simulator: Simulator;
}

/** Settings which keep everything of this machine out, with the simulator's first account. */
export function environmentFor(simulatorUrl: string): Record<string, string> {
  return {
    DRAGOMAN_PORT: '0',
    DRAGOMAN_SHUTDOWN_TIMEOUT_MS: '0',
    DRAGOMAN_DATABASE_URL: 'sqlite::memory:',
    DRAGOMAN_SECRET_KEY: randomBytes(32).toString('base64'),
    DRAGOMAN_KIRO_TOKEN_FILE: 'off',
    ...simulatorEnvironment(simulatorUrl),
  };
}

export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator(options);
  onTestFinished(() => simulator.close());
  return simulator;
}

export async function startWhole(
  options: SimulatorOptions = {},
  env: Readonly<Record<string, string>> = {},
  log: Log = SILENT,
): Promise<Whole> {
  const simulator = await createSimulator(options);
  const { settings } = loadSettings({ ...environmentFor(simulator.url), ...env });
  const { server, stop } = await startServing(settings, log);
  onTestFinished(stop);
  return { url: server.url, simulator };
}
