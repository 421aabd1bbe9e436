import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  cpuTimeMs,
  listeningInodes,
  machineText,
  parseStatmPages,
  parseStatTicks,
  pidListeningOn,
  residentBytes,
} from './proc.ts';

describe('parseStatTicks', () => {
  it.each([
    ['a plain name', '42 (node) S 1 42 42 0 -1 4194304 9 0 0 0 120 30 5 6 20 0 11 0 77 1 2'],
    ['a name with spaces and brackets', '42 (a b) (c)) R 1 42 42 0 -1 4194304 9 0 0 0 120 30 5 6 20 0 11 0 77 1 2'],
  ])('adds user and system time after %s', (_, stat) => {
    expect(parseStatTicks(stat)).toBe(150);
  });
});

describe('parseStatmPages', () => {
  it('reads the resident pages', () => {
    expect(parseStatmPages('260000 17000 9000 12 0 30000 0\n')).toBe(17_000);
  });
});

describe('listeningInodes', () => {
  it('reads listening sockets only', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41 1 0 100 0',
      '   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 42 1 0 20 4',
      '   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 43 1 0 100 0',
    ].join('\n');
    expect(listeningInodes(table, 8080)).toEqual(['41']);
  });
});

describe.runIf(process.platform === 'linux')('on Linux', () => {
  it('reads this process', () => {
    expect(cpuTimeMs(process.pid)).toBeGreaterThan(0);
    const own = process.memoryUsage.rss();
    expect((residentBytes(process.pid) ?? 0) / own).toBeCloseTo(1, 0);
  });

  it('finds the process that listens on a port', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    expect(pidListeningOn(port)).toBe(process.pid);
    await new Promise((resolve) => server.close(resolve));
    expect(pidListeningOn(port)).toBeUndefined();
  });

  it('returns undefined for a missing process', () => {
    expect(cpuTimeMs(2 ** 30)).toBeUndefined();
    expect(residentBytes(2 ** 30)).toBeUndefined();
  });
});

describe('machineText', () => {
  it('names the CPU and not the machine', () => {
    expect(machineText('processor\t: 0\nmodel name\t: Some CPU 9\n', 2, 'v26.0.0')).toBe(
      `2 cores, Some CPU 9, ${process.platform} ${process.arch}, Node v26.0.0`,
    );
  });
});
