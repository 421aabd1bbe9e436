/**
 * A worker of `dragoman serve --workers`: a whole gateway on the port that it shares with the others. Started and told what
 * to do by its parent process (cli/workers); ends with it.
 */
import { commandLog, reconfigureLog } from './cli/command-log.ts';
import { CLOSING_TIMEOUT_MS, endWithin } from './cli/stop.ts';
import { createTerminal } from './cli/terminal.ts';
import type { FromWorker, StartWorker, ToWorker } from './cli/workers/messages.ts';
import { WorkerCapsules } from './cli/workers/worker-capsules.ts';
import { WorkerCounters } from './cli/workers/worker-counters.ts';
import { WorkerPeers } from './cli/workers/worker-peers.ts';
import { writeCompileCacheSoon } from './compile-cache.ts';
import { type Serving, startServing } from './compose-server.ts';
import type { Settings } from './config.ts';
import { GatewayError } from './core/errors.ts';
import { unreachable } from './core/unreachable.ts';
import { growAtOnce, keepTickShape, releaseStartMemory } from './garbage-collection.ts';
import type { RunningLog } from './telemetry/log.ts';

const started = Promise.withResolvers<StartWorker>();
const stopped = Promise.withResolvers<'stop'>();
let peers: WorkerPeers | undefined;
const keyCounters = new WorkerCounters((id, request) => void send({ type: 'count-key-use', id, request }));
const capsulePeers = new WorkerCapsules((question) => void send({ type: 'ask-for-capsule', question }));
let running: { readonly serving: Serving; readonly log: RunningLog; readonly settings: Settings } | undefined;

process.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'start':
      started.resolve(message);
      break;
    case 'reload':
      void reload(message.settings);
      break;
    case 'read-metrics':
      void sendMetrics(message.id);
      break;
    case 'metrics-of-others':
      peers?.receive(message.snapshots);
      break;
    case 'find-capsule':
      void findCapsule(message);
      break;
    case 'capsule-of-others':
      capsulePeers.receive(message.id, message.result);
      break;
    case 'key-use':
      keyCounters.receive(message.id, message.answer);
      break;
    case 'stop':
      stopped.resolve('stop');
      break;
    default:
      unreachable(message);
  }
});
// Service managers and terminals send signals to every process of a group, so the parent gets them too and decides. A
// worker that alone gets one finishes its replies and is replaced.
process.on('SIGINT', () => stopped.resolve('stop')).on('SIGTERM', () => stopped.resolve('stop'));
process.on('SIGHUP', () => {});

process.exit(await serve());

/** Returns the exit code. */
async function serve(): Promise<number> {
  void send({ type: 'loaded' });
  const start = await Promise.race([started.promise, stopped.promise]);
  if (start === 'stop') return 0;
  growAtOnce();
  keepTickShape();
  const { number, settings, origins, program } = start;
  const terminal = createTerminal(process.env, program);
  const log = commandLog({ settings, warnings: [] }, terminal, settings.logLevel, number);
  try {
    peers = new WorkerPeers(number, () => void send({ type: 'collect-metrics' }));
    const onSettings = (changed: Settings) => reconfigureLog(log, settings, changed);
    const overrides = { share: { number, of: settings.workers }, peers, onSettings, keyCounters, capsulePeers };
    const serving = await startServing(settings, log, overrides, origins);
    running = { serving, log, settings };
  } catch (cause) {
    const { code, details } = GatewayError.from(cause);
    const error =
      cause instanceof GatewayError ? { code, message: details } : { code: undefined, message: messageOf(cause) };
    await Promise.all([send({ type: 'failed', error }), log.flush()]);
    return 1;
  }
  const { serving } = running;
  releaseStartMemory(() => serving.server.open().requests > 0);
  writeCompileCacheSoon();
  const { server, accounts, keys, isLocalMode, newAdminToken } = serving;
  const { url, port, adminUrl } = server;
  // Only the facts of the first worker are shown.
  const isShown = number === 1 && terminal.isInteractive;
  const ticket = isShown ? await serving.createTicket().catch(() => undefined) : undefined;
  void send({
    type: 'serving',
    serving: { server: { url, port, adminUrl }, accounts, keys, isLocalMode, newAdminToken, ticket },
  });
  await stopped.promise;
  await endWithin(settings.shutdownTimeoutMs + CLOSING_TIMEOUT_MS, serving.stop(), log);
  return 0;
}

async function reload(settings: Settings): Promise<void> {
  if (!running) return;
  try {
    const { serving, log, settings: started } = running;
    reconfigureLog(log, started, await serving.reconfigure(settings));
    await send({ type: 'reloaded', problem: undefined });
  } catch (cause) {
    await send({ type: 'reloaded', problem: messageOf(cause) });
  }
}

async function sendMetrics(id: number): Promise<void> {
  // Without an answer the page is written without this worker.
  const snapshot = await running?.serving.metrics().catch(() => undefined);
  if (snapshot) await send({ type: 'metrics', id, snapshot });
}

async function findCapsule({ id, requestId, withText }: Extract<ToWorker, { type: 'find-capsule' }>): Promise<void> {
  const result = await running?.serving.findCapsule(requestId, withText).catch(() => undefined);
  await send({ type: 'capsule', id, result });
}

/** Resolves when the message is sent, or cannot be because the parent has ended. */
function send(message: FromWorker): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (process.send && process.connected) process.send(message, undefined, undefined, () => resolve());
  else resolve();
  return promise;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
