/** How the cost of a reply falls after a start, while the engine compiles. */
import type { Job, Measured } from '../measure.ts';
import { BUDGETS } from '../report/budgets.ts';
import type { Curve } from '../report/curves.ts';
import { toRow } from '../report/rows.ts';
import { median } from '../statistics.ts';
import { DRAGOMAN } from '../subjects/dragoman.ts';
import { FLOOR } from '../subjects/relay.ts';
import type { SubjectKind } from '../subjects/subject.ts';
import { type Bench, closedLoop, isDragoman, type Outcome, runJob } from './scenario.ts';

const STEP = 100;
const FIRST = 300;

export async function warmUpCurve(bench: Bench): Promise<Outcome> {
  if (!bench.subjects.some(isDragoman)) return { rows: [] };
  const { starts, isQuick } = bench.scale;
  const replies = isQuick ? 3_000 : 10_000;
  const all: Measured[] = [];
  const floors: Measured[] = [];
  for (let start = 0; start < starts; start++) {
    all.push(await newProcess(bench, DRAGOMAN, replies));
    floors.push(await newProcess(bench, FLOOR, replies));
  }
  const steady = (measured: Measured) => costBetween(measured, replies / 2, replies);
  const relative = (measured: Measured) => costBetween(measured, 0, FIRST) / steady(measured);
  const first = all.map(relative);
  const curve: Curve = {
    name: 'CPU a reply after the start',
    size: 'replies since the start',
    unit: 'µs',
    points: Array.from({ length: replies / STEP }, (_, index) => {
      const until = (index + 1) * STEP;
      return { size: until, cost: median(all.map((measured) => costBetween(measured, until - STEP, until))) };
    }),
  };
  return {
    rows: [
      toRow({
        name: `CPU of the first ${FIRST} replies after a start, relative to later ones`,
        unit: '×',
        rounds: { dragoman: first, floor: floors.map(relative) },
        budget: BUDGETS.warmUp,
        note: `The first ${FIRST} replies: ${Math.min(...first).toFixed(2)} to ${Math.max(...first).toFixed(2)} in ${starts} starts; later replies cost ${median(all.map(steady)).toFixed(0)} µs, and ${median(floors.map(steady)).toFixed(0)} µs through \`floor\`.`,
      }),
    ],
    curves: [curve],
  };
}

async function newProcess(bench: Bench, kind: SubjectKind, replies: number): Promise<Measured> {
  const subject = await kind.start(bench.processes, bench.upstreamPort);
  const job: Job = { ...closedLoop(100, 8, 60_000), maxReplies: replies, progressEvery: STEP };
  try {
    return await runJob(bench, 'warm-up curve', subject, subject.targets[0], job);
  } finally {
    await subject.stop();
  }
}

/** CPU time for each reply, in microseconds, between two numbers of replies. */
function costBetween({ progress }: Measured, from: number, until: number): number {
  const at = (replies: number) =>
    replies === 0 ? 0 : (progress.find((point) => point.replies === replies)?.cpuMs ?? Number.NaN);
  return ((at(until) - at(from)) * 1000) / (until - from);
}
