import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { closeUnacceptedAtEnd } from './unaccepted.ts';

function openWorker() {
  const sent: unknown[] = [];
  const process = Object.assign(new EventEmitter(), {
    send(message: unknown) {
      sent.push(message);
      return true;
    },
  });
  closeUnacceptedAtEnd(process);
  const closed: number[] = [];
  return {
    sent,
    closed,
    handOver(seq: number): boolean {
      const connection = { close: () => void closed.push(seq) };
      return Reflect.apply(process.send, process, [{ cmd: 'NODE_CLUSTER', act: 'newconn', seq }, connection]);
    },
    acknowledge: (ack: number) => process.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack, accepted: true }),
    end: () => process.emit('exit', null, 'SIGKILL'),
  };
}

describe('connections handed to a worker', () => {
  it('are closed when it ends before it has accepted them', () => {
    const worker = openWorker();
    expect(worker.handOver(1)).toBe(true);
    worker.handOver(2);
    worker.acknowledge(1);
    worker.handOver(3);
    expect(worker.sent).toHaveLength(3);
    worker.end();
    expect(worker.closed).toEqual([2, 3]);
  });

  it('are left alone once it has answered for them', () => {
    const worker = openWorker();
    worker.handOver(1);
    worker.acknowledge(1);
    worker.end();
    expect(worker.closed).toEqual([]);
  });
});
