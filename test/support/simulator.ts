/** A simulator for one test, and the settings that point a gateway at it. */
import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { environmentFor as simulatorEnvironment } from '../../src/simulator/environment.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/server.ts';

/** Variables that keep out everything of this machine and sign in the simulator's first account. */
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

/** Closed when the test ends. */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator(options);
  onTestFinished(() => simulator.close());
  return simulator;
}
