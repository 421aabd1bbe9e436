/**
 * The time from the start of `serve` to its first response: in a checkout as installed, in one with changed files, and as built for
 * the package; beside it, the start of the smallest server with the same libraries. The very first start of an installation compiles
 * everything; later starts find compiled code in the user's cache directory.
 */
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { freePort, untilListening } from '../processes.ts';
import { BUDGETS } from '../report/budgets.ts';
import { type Row, toRow } from '../report/rows.ts';
import { buildIfOutdated, dragomanEnvironment, LAUNCHER, ROOT } from '../subjects/dragoman.ts';
import { type Bench, isDragoman, type Outcome } from './scenario.ts';

const STARTS = [
  { name: 'a checkout', command: [join(ROOT, LAUNCHER)], budget: BUDGETS.startOfCheckout },
  { name: 'the package', command: [process.execPath, join(ROOT, 'dist/main.js')], budget: BUDGETS.startOfPackage },
  {
    name: 'a checkout with changed files',
    command: [process.execPath, join(ROOT, 'src/main.ts')],
    budget: undefined,
  },
] as const;

export async function startTime(bench: Bench): Promise<Outcome> {
  if (!bench.subjects.some(isDragoman)) return { rows: [] };
  buildIfOutdated();
  const rows: Row[] = [];
  const floor = [process.execPath, await bundleFloor(bench.processes.makeFolder('start-floor'))] as const;
  for (const { name, command, budget } of STARTS) {
    bench.say(`start of ${name}`);
    const cache = bench.processes.makeFolder('cache');
    const firstMs = await oneStart(bench, command, cache);
    await oneStart(bench, floor, cache);
    const laterMs: number[] = [];
    const floorMs: number[] = [];
    for (let start = 0; start < bench.scale.starts; start++) {
      laterMs.push(await oneStart(bench, command, cache));
      floorMs.push(await oneStart(bench, floor, cache));
    }
    rows.push(
      toRow({
        name: `start of \`serve\` to its first answer, ${name}`,
        unit: 'ms',
        rounds: { dragoman: laterMs, floor: floorMs },
        ...(budget && { budget }),
        note: `Start of ${name}: ${Math.round(firstMs)} ms for the very first start of an installation, which compiles everything; later ones ${Math.round(Math.min(...laterMs))} to ${Math.round(Math.max(...laterMs))} ms.`,
      }),
    );
  }
  return { rows };
}

/** Bundles the smallest server with the same libraries, as tools/bundle.ts does dragoman. Returns its file. */
async function bundleFloor(folder: string): Promise<string> {
  const file = join(folder, 'start-floor.mjs');
  const build = await rolldown({ input: join(ROOT, 'bench/subjects/start-floor.ts'), platform: 'node' });
  await build.write({
    file,
    format: 'esm',
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  });
  await build.close();
  return file;
}

/** With a new home, so that the database is created too. */
async function oneStart(
  { processes, upstreamPort }: Bench,
  [program, ...args]: readonly [string, ...string[]],
  cache: string,
): Promise<number> {
  const folder = processes.makeFolder('start');
  const port = await freePort();
  const env = {
    ...dragomanEnvironment(folder, port, upstreamPort),
    DRAGOMAN_DATABASE_URL: `sqlite:${folder}/dragoman.db`,
    XDG_CACHE_HOME: cache,
  };
  const beganMs = performance.now();
  const started = processes.start('dragoman', 'subject', program, [...args, 'serve'], { cwd: folder, env });
  try {
    await untilListening(port, started);
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
    await answer.text();
    if (!answer.ok) throw new Error(`${program} responds to /healthz with ${answer.status}`);
    return performance.now() - beganMs;
  } finally {
    await processes.stop(started);
  }
}
