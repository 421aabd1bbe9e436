/** A whole gateway in the process of the test: a simulator, the composed gateway and its server, on loopback ports. */
import { type Composed, composeGateway } from '../../src/compose.ts';
import { startServing } from '../../src/compose-server.ts';
import { composeTransport } from '../../src/compose-tokens.ts';
import { loadSettings } from '../../src/config.ts';
import type { Clock } from '../../src/core/clock.ts';
import { type Log, SILENT } from '../../src/core/log.ts';
import type { SendUpstream } from '../../src/gateway/ports.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/server.ts';
import { systemClock } from '../../src/transport/clock.ts';
import { environmentFor } from './simulator.ts';

/** A simulator that is already running and that the caller closes, or the options for one that the gateway closes. */
type SimulatorChoice =
  | SimulatorOptions
  | ({ readonly simulator: Simulator } & { readonly [Option in keyof SimulatorOptions]?: never });

export type TestGatewayOptions = SimulatorChoice & GatewayOptions;

export interface GatewayOptions {
  /** Variables in addition to `environmentFor`; an empty value unsets one. The ledger is off unless they turn it on. */
  readonly env?: Readonly<Record<string, string>>;
  /** The gateway's clock; default: the system's, except that waits take no time. */
  readonly gatewayClock?: Clock;
  /** Default: nothing is logged. */
  readonly log?: Log;
  /** Makes requests to the service fail, say. */
  readonly wrapSend?: (send: SendUpstream) => SendUpstream;
}

interface Closable {
  /** May be called more than once. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TestGateway extends Closable {
  readonly url: string;
  /** Accepted unless `env` sets `DRAGOMAN_API_KEYS`, which an empty value turns into local mode. */
  readonly apiKey: string;
  readonly simulator: Simulator;
  /** Raw body of the oldest chat request upstream for which `fits` is true; each is returned once. */
  takeChatRequest(fits: (raw: string) => boolean): string | undefined;
}

/** A gateway without a server, for tests that call it directly. */
export interface TestComposition extends Closable {
  readonly composed: Composed;
  readonly simulator: Simulator;
}

const API_KEY = 'sk-test-gateway';
/** Variables for a gateway without the simulator's first account. */
export const NO_ACCOUNT = { DRAGOMAN_REFRESH_TOKEN: '', DRAGOMAN_CLIENT_ID: '', DRAGOMAN_CLIENT_SECRET: '' };
/** Variables for a gateway that records requests, which takes a third of its start. */
export const WITH_LEDGER = { DRAGOMAN_LEDGER: 'yes' };
/** Variables for a gateway that checks no API key. */
export const LOCAL_MODE = { DRAGOMAN_API_KEYS: '' };

/** Pauses between attempts take no time: the tests are about which attempts are made, not about how far apart. */
const HASTY_CLOCK: Clock = {
  ...systemClock,
  sleep: async (_ms, signal) => signal?.throwIfAborted(),
};

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { simulator, settings, origins, clock, log, close: closeSimulator } = await prepare(options);
  const transport = options.wrapSend && composeTransport(settings);
  const send = transport && { send: options.wrapSend?.(transport.send) ?? transport.send };
  const serving = await startServing(settings, log, { clock, ...send }, origins);
  let taken = 0;
  const waiting: string[] = [];
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
    ...closable(async () => {
      await serving.stop();
      await transport?.close();
      await closeSimulator();
    }),
  };
}

export async function composeTestGateway(options: TestGatewayOptions = {}): Promise<TestComposition> {
  const { simulator, settings, clock, log, close: closeSimulator } = await prepare(options);
  const composed = await composeGateway(settings, log, { clock });
  return {
    composed,
    simulator,
    ...closable(async () => {
      await composed.close();
      await closeSimulator();
    }),
  };
}

async function prepare({
  env = {},
  gatewayClock = HASTY_CLOCK,
  log = SILENT,
  wrapSend: _,
  ...choice
}: TestGatewayOptions) {
  const running = 'simulator' in choice ? choice.simulator : undefined;
  const simulator = running ?? (await startSimulator({ seed: 7, ...choice }));
  const { settings, origins } = loadSettings({
    ...environmentFor(simulator.url),
    DRAGOMAN_API_KEYS: API_KEY,
    DRAGOMAN_LEDGER: 'no',
    ...env,
  });
  const close = async () => {
    if (!running) await simulator.close();
  };
  return { simulator, settings, origins, clock: gatewayClock, log, close };
}

function closable(work: () => Promise<void>): Closable {
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= work();
    return closing;
  };
  return { close, [Symbol.asyncDispose]: close };
}
