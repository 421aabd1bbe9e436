/** The whole program on sockets: the composed gateway and its server in front of an in-process simulator. */
import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { composeGateway } from '../../src/compose.ts';
import { loadSettings } from '../../src/config.ts';
import { type Log, SILENT } from '../../src/core/log.ts';
import { startServer } from '../../src/http/server.ts';
import { DEFAULT_ACCOUNT, type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/index.ts';
import { systemClock } from '../../src/transport/clock.ts';
import { codewhisperer } from '../../src/upstreams/codewhisperer/index.ts';

export interface Whole {
  readonly url: string;
  readonly simulator: Simulator;
}

/** Settings which keep everything of this machine out, with the simulator's first account. */
export function environmentFor(simulatorUrl: string): Record<string, string> {
  return {
    DRAGOMAN_DATABASE_URL: 'sqlite::memory:',
    DRAGOMAN_SECRET_KEY: randomBytes(32).toString('base64'),
    DRAGOMAN_KIRO_TOKEN_FILE: 'off',
    DRAGOMAN_UPSTREAM_URL: simulatorUrl,
    DRAGOMAN_OIDC_URL: simulatorUrl,
    DRAGOMAN_SOCIAL_AUTH_URL: simulatorUrl,
    DRAGOMAN_REFRESH_TOKEN: DEFAULT_ACCOUNT.refreshToken,
    DRAGOMAN_CLIENT_ID: DEFAULT_ACCOUNT.clientId,
    DRAGOMAN_CLIENT_SECRET: DEFAULT_ACCOUNT.clientSecret,
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
  const { gateway, store, close } = await composeGateway(settings, log);
  const { apiKeys, corsOrigins, maxBodyBytes, pingIntervalMs } = settings;
  const server = await startServer(
    {
      gateway,
      apiKeys,
      corsOrigins,
      limits: { maxBodyBytes, pingIntervalMs },
      version: '0.0.0',
      clock: systemClock,
      log,
      storeAnswers: () => store.ping().then(() => true),
      resolveModel: (requested, catalogue) => codewhisperer.resolveModel(requested, catalogue).model,
    },
    '127.0.0.1',
    0,
  );
  onTestFinished(async () => {
    await server.close(0);
    await close();
  });
  return { url: server.url, simulator };
}
