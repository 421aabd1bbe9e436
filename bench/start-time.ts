/**
 * Measures the time from the start of `serve` to its first response, in a checkout and as built for the package. The very first
 * start of an installation compiles everything; later starts find compiled code in the user's cache directory.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort, untilListening } from './processes.ts';
import { type Row, toRow } from './rows.ts';
import type { Bench } from './scenarios.ts';
import { median } from './statistics.ts';
import { dragomanEnvironment } from './subjects.ts';

const ROOT = resolve(import.meta.dirname, '..');
const LATER_STARTS = 5;

export async function serveReady(bench: Bench): Promise<Row[]> {
  if (!bench.subjects.includes('dragoman')) return [];
  const rows: Row[] = [];
  for (const main of ['src/main.ts', 'dist/main.js'].filter((file) => existsSync(join(ROOT, file)))) {
    bench.say(`start of ${main}`);
    const cache = bench.processes.makeFolder('cache');
    const firstMs = await oneStart(bench, main, cache);
    const laterMs: number[] = [];
    for (let start = 0; start < LATER_STARTS; start++) laterMs.push(await oneStart(bench, main, cache));
    rows.push(
      toRow({
        name: `start of \`serve\` to its first answer (${main})`,
        unit: 'ms',
        values: { dragoman: median(laterMs) },
        budget: { type: 'value', atMost: 500 },
        note: `${main}: ${Math.round(firstMs)} ms at the very first start of an installation, which compiles everything.`,
      }),
    );
  }
  return rows;
}

/** With a new home, so that the database is created too. */
async function oneStart({ processes, upstreamPort }: Bench, main: string, cache: string): Promise<number> {
  const folder = processes.makeFolder('start');
  const port = await freePort();
  const env = {
    ...dragomanEnvironment(folder, port, upstreamPort),
    DRAGOMAN_DATABASE_URL: `sqlite:${folder}/dragoman.db`,
    XDG_CACHE_HOME: cache,
  };
  const beganMs = performance.now();
  const started = processes.start('dragoman', 'subject', process.execPath, [join(ROOT, main), 'serve'], {
    cwd: folder,
    env,
  });
  try {
    await untilListening(port, started);
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
    await answer.text();
    if (!answer.ok) throw new Error(`${main} serve responds to /healthz with ${answer.status}`);
    return performance.now() - beganMs;
  } finally {
    await processes.stop(started);
  }
}
