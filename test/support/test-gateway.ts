/** The whole gateway in one process: simulator, gateway and server on loopback ports, an account, a key, no waiting. */
import { startServing } from '../../src/compose-server.ts';
import { loadSettings } from '../../src/config.ts';
import type { Clock } from '../../src/core/clock.ts';
import { type Log, SILENT } from '../../src/core/log.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/index.ts';
import { systemClock } from '../../src/transport/clock.ts';
import { environmentFor } from './gateway.ts';

export interface TestGateway {
  readonly url: string;
  readonly apiKey: string;
  readonly simulator: Simulator;
  /** Raw body of the oldest chat request the service got and which fits; each is given once. */
  takeChatRequest(fits: (raw: string) => boolean): string | undefined;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TestGatewayOptions extends SimulatorOptions {
  /** `DRAGOMAN_…` variables besides those set here. */
  readonly env?: Readonly<Record<string, string>>;
  /** The gateway's; default: the real time, on which waiting takes none. */
  readonly gatewayClock?: Clock;
  readonly log?: Log;
}

const API_KEY = 'sk-test-gateway';

/** Pauses between attempts take no time: what is tested is what is tried, not how long a service needs to recover. */
const HASTY_CLOCK: Clock = {
  ...systemClock,
  sleep: async (_ms, signal) => signal?.throwIfAborted(),
};

export async function startTestGateway({
  env = {},
  gatewayClock = HASTY_CLOCK,
  log = SILENT,
  ...options
}: TestGatewayOptions = {}): Promise<TestGateway> {
  const simulator = await startSimulator({ seed: 7, ...options });
  const { settings } = loadSettings({
    ...environmentFor(simulator.url),
    DRAGOMAN_API_KEYS: API_KEY,
    ...env,
  });
  const serving = await startServing(settings, log, { clock: gatewayClock });
  let taken = 0;
  const waiting: string[] = [];
  const close = async () => {
    await serving.stop();
    await simulator.close();
  };
  return {
    url: serving.server.url,
    apiKey: API_KEY,
    simulator,
    takeChatRequest(fits) {
      for (; taken < simulator.requests.length; taken++) {
        const raw = simulator.requests[taken]?.rawBody ?? '';
        if (raw.startsWith('{"conversationState"')) waiting.push(raw);
      }
      const at = waiting.findIndex(fits);
      return at < 0 ? undefined : waiting.splice(at, 1)[0];
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
