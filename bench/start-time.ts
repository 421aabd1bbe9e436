/** How long `serve` takes from its start to its first answer: in a checkout, and as built for the package. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort, untilListening } from './processes.ts';
import { type Row, toRow } from './rows.ts';
import type { Bench } from './scenarios.ts';
import { median } from './statistics.ts';
import { dragomanEnvironment } from './subjects.ts';

const ROOT = resolve(import.meta.dirname, '..');
const STARTS = 5;

export async function serveReady(bench: Bench): Promise<Row[]> {
  if (!bench.subjects.includes('dragoman')) return [];
  const rows: Row[] = [];
  for (const main of ['src/main.ts', 'dist/main.js'].filter((file) => existsSync(join(ROOT, file)))) {
    bench.say(`start of ${main}`);
    const timesMs: number[] = [];
    for (let start = 0; start < STARTS; start++) timesMs.push(await oneStart(bench, main));
    rows.push(
      toRow({
        name: `start of \`serve\` to its first answer (${main})`,
        unit: 'ms',
        values: { dragoman: median(timesMs) },
        budget: { type: 'value', atMost: 500 },
      }),
    );
  }
  return rows;
}

/** With a new home, so that the database is made too. */
async function oneStart({ processes, upstreamPort }: Bench, main: string): Promise<number> {
  const folder = processes.makeFolder('start');
  const port = await freePort();
  const env = {
    ...dragomanEnvironment(folder, port, upstreamPort),
    DRAGOMAN_DATABASE_URL: `sqlite:${folder}/dragoman.db`,
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
    if (!answer.ok) throw new Error(`${main} serve answers /healthz with ${answer.status}`);
    return performance.now() - beganMs;
  } finally {
    await processes.stop(started);
  }
}
