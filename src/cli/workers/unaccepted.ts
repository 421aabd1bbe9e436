/**
 * Closes the connections that a worker had been handed but not yet accepted when it died. node:cluster forgets them: it
 * closes its copy only when the worker acknowledges, so the client would wait for an answer forever (Node 26;
 * test/chaos/workers.test.ts fails without this file). Closed instead, the client knows and tries again.
 *
 * The messages are those of lib/internal/cluster: `newconn` with a sequence number and the connection, answered by `ack`.
 */
import type { ChildProcess } from 'node:child_process';
import { z } from 'zod';

const handedOver = z.object({ cmd: z.literal('NODE_CLUSTER'), act: z.literal('newconn'), seq: z.number() });
const acknowledged = z.object({ cmd: z.literal('NODE_CLUSTER'), ack: z.number() });

interface Connection {
  /** Does nothing if the connection is closed already. */
  close(): void;
}

interface WorkerChannel extends Pick<ChildProcess, 'send'> {
  on(event: 'internalMessage' | 'exit', listener: (message: unknown) => void): unknown;
}

/** `process`: of a worker that has just been started. */
export function closeUnacceptedAtEnd(process: WorkerChannel): void {
  const unaccepted = new Map<number, Connection>();
  process.send = new Proxy(process.send, {
    apply(send, self, args: readonly unknown[]) {
      const [message, connection] = args;
      const { data } = handedOver.safeParse(message);
      if (data && isConnection(connection)) unaccepted.set(data.seq, connection);
      return Reflect.apply(send, self, args);
    },
  });
  process.on('internalMessage', (message) => {
    const { data } = acknowledged.safeParse(message);
    if (data) unaccepted.delete(data.ack);
  });
  process.on('exit', () => {
    for (const connection of unaccepted.values()) connection.close();
    unaccepted.clear();
  });
}

function isConnection(handle: unknown): handle is Connection {
  return typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function';
}
