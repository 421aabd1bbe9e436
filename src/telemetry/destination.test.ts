import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogDestination } from './destination.ts';

type Done = (error?: Error | null) => void;

/** A destination whose writes end when the test says so. */
function createDestination() {
  const batches: string[] = [];
  const running: Done[] = [];
  const destination = new LogDestination((text, done) => {
    batches.push(text);
    running.push(done);
  });
  return { destination, batches, end: (error?: Error) => running.shift()?.(error) };
}

describe('lines for standard error', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('are written together a moment later', () => {
    const { destination, batches } = createDestination();
    destination.write('1\n', false);
    destination.write('2\n', false);
    expect(batches).toEqual([]);
    vi.advanceTimersByTime(20);
    expect(batches).toEqual(['1\n2\n']);
  });

  it('are written at once with those before them if one is urgent', () => {
    const { destination, batches } = createDestination();
    destination.write('1\n', false);
    destination.write('2\n', true);
    expect(batches).toEqual(['1\n2\n']);
    vi.advanceTimersByTime(20);
    expect(batches).toHaveLength(1);
  });

  it('are written at once when they fill a batch', () => {
    const { destination, batches } = createDestination();
    for (let i = 0; i < 64; i++) destination.write(`${'x'.repeat(1_023)}\n`, false);
    expect(batches).toHaveLength(1);
  });

  it('are described when they are written, in their order', () => {
    const { destination, batches } = createDestination();
    let described = 0;
    const later = () => `later ${++described}\n`;
    destination.writeLater(later);
    destination.write('2\n', false);
    destination.writeLater(later);
    expect(described).toBe(0);
    destination.write('urgent\n', true);
    expect(batches).toEqual(['later 1\n2\nlater 2\nurgent\n']);
  });

  it('wait for the write before them', () => {
    const { destination, batches, end } = createDestination();
    destination.write('1\n', true);
    destination.write('2\n', false);
    destination.write('3\n', true);
    vi.advanceTimersByTime(1_000);
    expect(batches).toEqual(['1\n']);
    end();
    expect(batches).toEqual(['1\n', '2\n3\n']);
  });

  it('that come during a write wait for their own time', () => {
    const { destination, batches, end } = createDestination();
    destination.write('1\n', true);
    destination.write('2\n', false);
    end();
    destination.write('3\n', false);
    expect(batches).toEqual(['1\n']);
    vi.advanceTimersByTime(20);
    expect(batches).toEqual(['1\n', '2\n3\n']);
  });

  it('are dropped and counted while nothing reads', () => {
    const { destination, batches, end } = createDestination();
    destination.write('first\n', true);
    const line = `${'x'.repeat(1_023)}\n`;
    for (let i = 0; i < 2_000; i++) destination.write(line, false);
    end();
    const [, kept = ''] = batches;
    expect(kept.length).toBeLessThan(1_100_000);
    const written = kept.split(line).length - 1;
    expect(kept.slice(written * line.length)).toBe(
      `{"level":40,"msg":"${2_000 - written} log lines were dropped because nothing read standard error"}\n`,
    );
    end();
    destination.write('last\n', true);
    expect(batches[2]).toBe('last\n');
  });

  it('are counted as lost when a write fails, and reported after the next one that succeeds', () => {
    const { destination, batches, end } = createDestination();
    destination.write('1\n', false);
    destination.write('2\n', true);
    end(new Error('ENOSPC: no space left on device'));
    vi.advanceTimersByTime(1_000);
    expect(batches).toHaveLength(1);
    destination.write('3\n', true);
    end();
    expect(batches.slice(1)).toEqual(['3\n', expect.stringContaining('"2 log lines were lost')]);
  });

  it('are all written when a flush resolves', async () => {
    const { destination, batches, end } = createDestination();
    destination.write('1\n', true);
    destination.write('2\n', false);
    let isFlushed = false;
    const flushed = destination.flush().then(() => {
      isFlushed = true;
    });
    end();
    await vi.advanceTimersByTimeAsync(0);
    expect(batches).toEqual(['1\n', '2\n']);
    expect(isFlushed).toBe(false);
    end();
    await flushed;
    await destination.flush();
  });

  it('do not hold up a flush for more than a second', async () => {
    const { destination } = createDestination();
    destination.write('1\n', true);
    const flushed = destination.flush();
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(flushed).resolves.toBeUndefined();
  });
});

describe('the last lines of a process', () => {
  const log = pathToFileURL(join(import.meta.dirname, 'log.ts')).href;
  const program = (ending: string) => `
    const { createLog } = await import(${JSON.stringify(log)});
    const log = createLog({ level: 'info', format: 'json', secrets: [], colour: false, isTerminal: false });
    for (let i = 1; i <= 300; i++) log.info({ i }, 'line');
    ${ending}`;
  const endings = [
    ['by itself', ''],
    ['by process.exit', 'process.exit()'],
    ['by an exception', 'setImmediate(() => { throw new Error("a fault of the program") })'],
    ['after a flush', 'await log.flush(); process.exit()'],
  ] as const;

  function linesOf(text: string): unknown[] {
    const lines = text.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line).i);
  }

  const all = Array.from({ length: 300 }, (_, index) => index + 1);

  it.each(endings)('that ends %s are all in a pipe', (_, ending) => {
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program(ending)], {
      encoding: 'utf8',
    });
    expect(linesOf(stderr)).toEqual(all);
  });

  it('does not mix with the lines of another process on the same pipe', async () => {
    const many = `for (let i = 1; i <= 2_000; i++) {
      log.info({ i, text: 'x'.repeat(i % 900) }, 'line');
      if (i % 1_000 === 0) await log.flush();
    }`;
    const argv = ['--input-type=module', '-e', program(many)]
      .map((part) => `'${part.replaceAll("'", `'\\''`)}'`)
      .join(' ');
    const node = `'${process.execPath}' ${argv}`;
    // The pipe fills up before it is read.
    const both = `{ ${node} & ${node} & wait; } 2>&1 | { sleep 0.8; cat; }`;
    const { stdout } = spawnSync('sh', ['-c', both], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    expect(linesOf(stdout)).toHaveLength(2 * 2_300);
  });

  it.each(endings)('that ends %s are all in a file', (_, ending) => {
    const path = join(mkdtempSync(join(tmpdir(), 'dragoman-log-')), 'log');
    const fd = openSync(path, 'w');
    spawnSync(process.execPath, ['--input-type=module', '-e', program(ending)], { stdio: ['ignore', 'ignore', fd] });
    closeSync(fd);
    expect(linesOf(readFileSync(path, 'utf8'))).toEqual(all);
  });
});
