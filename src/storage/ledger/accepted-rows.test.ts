import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AcceptedRowsFile, acceptedByEnded } from './accepted-rows.ts';

const NOW_MS = Date.UTC(2026, 10, 29);
/** Above the largest that Linux allows. */
const NO_PROCESS = 2 ** 30;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-rows-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(writer: number, count: string, identity: object, atMs = NOW_MS): void {
  const path = join(folder, `${writer}.rows`);
  writeFileSync(path, `${count.padStart(16, '0')}\n${JSON.stringify(identity)}\n`);
  utimesSync(path, atMs / 1_000, atMs / 1_000);
}

const ended = () => [...acceptedByEnded(folder, NOW_MS)].map(({ writer, rows }) => [writer, rows]);

describe('the rows that processes have accepted', () => {
  it('are those of processes that have ended, not of one that runs', () => {
    const file = new AcceptedRowsFile(folder, 1);
    file.write(3);
    put(2, '12', { pid: NO_PROCESS, started: '5', host: hostname() });
    // The process id is used again.
    put(3, '7', { pid: process.pid, started: '5', host: hostname() });
    expect(ended().sort()).toEqual([
      [2, 12],
      [3, 7],
    ]);
    file.remove();
    expect(readdirSync(folder).sort()).toEqual(['2.rows', '3.rows']);
  });

  it('of another machine count once it has been quiet for ten minutes', () => {
    const identity = { pid: NO_PROCESS, started: '5', host: `not ${hostname()}` };
    put(1, '1', identity, NOW_MS - 60_000);
    put(2, '2', identity, NOW_MS - 11 * 60_000);
    expect(ended()).toEqual([[2, 2]]);
  });

  it('are unknown where a file is damaged or there is no folder', () => {
    put(1, 'x', { pid: NO_PROCESS, started: '5', host: hostname() });
    put(2, '2', {});
    writeFileSync(join(folder, 'other.txt'), '');
    expect(ended()).toEqual([]);
    expect([...acceptedByEnded(join(folder, 'none'), NOW_MS)]).toEqual([]);
  });

  it('are not kept where the folder cannot be created, and nothing fails', () => {
    writeFileSync(join(folder, 'file'), '');
    const file = new AcceptedRowsFile(join(folder, 'file'), 1);
    expect(file.problem).toMatch(/EEXIST|ENOTDIR/);
    file.write(1);
    file.remove();
    expect(readdirSync(folder)).toEqual(['file']);
  });
});
