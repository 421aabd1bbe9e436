import { describe, expect, it } from 'vitest';
import { freePort, Processes, parseCoreList, untilListening } from './processes.ts';

describe('parseCoreList', () => {
  it.each([
    ['0', [0]],
    ['0-1', [0, 1]],
    ['\t0-2,5\n', [0, 1, 2, 5]],
    ['', []],
  ])('%j', (list, cores) => {
    expect(parseCoreList(list)).toEqual(cores);
  });
});

describe('Processes', () => {
  const listen = (port: number) => `require('node:net').createServer().listen(${port}, '127.0.0.1')`;

  it('starts a process, waits until it listens, and ends it', async () => {
    const processes = new Processes();
    const port = await freePort();
    const started = processes.start('a server', 'subject', process.execPath, ['-e', listen(port)]);
    await untilListening(port, started);
    await processes.stop(started);
    expect(started.process.signalCode).toBe('SIGTERM');
    await processes.stop(started);
  });

  it('reports the output of a failed process', async () => {
    const processes = new Processes();
    const failing = ['-e', 'console.error("no such key"); process.exitCode = 1'];
    const started = processes.start('a server', 'subject', process.execPath, failing);
    await expect(untilListening(await freePort(), started)).rejects.toThrow('no such key');
  });
});
