import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
  it('leaves no process and no folder behind when it is disposed of', async () => {
    let folder: string;
    let pid: number;
    {
      await using processes = new Processes();
      folder = processes.makeFolder('x');
      pid = processes.start('a process', 'subject', process.execPath, ['-e', 'setInterval(() => {}, 1000)']).pid;
    }
    expect(existsSync(join(folder, '..'))).toBe(false);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  const listen = (port: number) => `require('node:net').createServer().listen(${port}, '127.0.0.1')`;

  it('starts a process, waits until it listens, and ends it', async () => {
    await using processes = new Processes();
    const port = await freePort();
    const started = processes.start('a server', 'subject', process.execPath, ['-e', listen(port)]);
    await untilListening(port, started);
    await processes.stop(started);
    expect(started.process.signalCode).toBe('SIGTERM');
    await processes.stop(started);
  });

  it('reports the output of a failed process', async () => {
    await using processes = new Processes();
    const failing = ['-e', 'console.error("no such key"); process.exitCode = 1'];
    const started = processes.start('a server', 'subject', process.execPath, failing);
    await expect(untilListening(await freePort(), started)).rejects.toThrow('no such key');
  });
});
