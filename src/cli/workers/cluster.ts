/** Workers as processes of node:cluster, which accepts the connections here and hands them out in turn. */
import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { compileCacheVariables } from '../../compile-cache.ts';
import { isRead, LogDestination } from '../../telemetry/destination.ts';
import { createLineRelay } from '../../telemetry/line-relay.ts';
import type { FromWorker } from './messages.ts';
import type { WorkerEvents, WorkerProcess } from './supervisor.ts';
import { closeUnacceptedAtEnd } from './unaccepted.ts';

/** tools/bundle.ts replaces it with the URL of the compiled file. */
const PROGRAM = new URL('../../serve-worker.ts', import.meta.url);

/** Prepares node:cluster, and returns the function that starts a worker. Every worker is killed when this process exits. */
export function createWorkerFork(): (events: WorkerEvents) => WorkerProcess {
  // On every system, and whatever NODE_CLUSTER_SCHED_POLICY says: docs/decisions/0008-workers-by-cluster.md.
  cluster.schedulingPolicy = cluster.SCHED_RR;
  // Several processes writing to one pipe could tear each other's lines, so this process writes for all.
  const relaysLog = isRead(2);
  const stdio = ['ignore', 'inherit', relaysLog ? 'pipe' : 'inherit', 'ipc'] as const;
  cluster.setupPrimary({ exec: fileURLToPath(PROGRAM), args: [], serialization: 'advanced', stdio: [...stdio] });
  const log = LogDestination.standardError();
  process.on('exit', () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL');
  });
  return (events) => {
    const worker = cluster.fork(compileCacheVariables());
    closeUnacceptedAtEnd(worker.process);
    if (relaysLog) {
      const relay = createLineRelay((lines) => log.write(Buffer.from(lines).toString(), true));
      worker.process.stderr?.on('data', relay.push).on('end', relay.end);
    }
    return listen(worker, events);
  };
}

function listen(worker: Worker, events: WorkerEvents): WorkerProcess {
  let hasEnded = false;
  const end = (exitCode: number | null, signal: NodeJS.Signals | null) => {
    if (hasEnded) return;
    hasEnded = true;
    events.ended({ exitCode, signal });
  };
  worker.on('message', (message: FromWorker) => events.received(message));
  // Only when it could not be started or a message not be sent; the latter is followed by the end.
  worker.on('error', () => {
    if (worker.process.pid === undefined) end(null, null);
  });
  // Rather than `exit`, so that its last log lines have been read.
  worker.process.on('close', end);
  return {
    pid: worker.process.pid,
    send(message) {
      if (worker.isConnected()) worker.send(message, () => {});
    },
    kill: () => void worker.process.kill('SIGKILL'),
  };
}
